package io.shardwell.statemachine;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What the commands mean, said as plainly as possible: a list of entries that is searched from the
 * front and rid of what is gone before each command. Texts are Latin-1, one letter a byte.
 */
final class NaiveStore {
  private static final String NOT_INT = "ERR value is not an integer or out of range";
  private static final BigInteger MIN = BigInteger.valueOf(Long.MIN_VALUE);
  private static final BigInteger MAX = BigInteger.valueOf(Long.MAX_VALUE);
  private static final BigInteger THOUSAND = BigInteger.valueOf(1000);

  /** An answer that leaves a command at once. */
  private static final class Refused extends RuntimeException {
    private static final long serialVersionUID = 1;

    Refused(String text) {
      super(text);
    }
  }

  private static final class Entry {
    final String key;
    String value;
    @Nullable BigInteger deadline;
    long lastUse;

    Entry(String key, String value) {
      this.key = key;
      this.value = value;
    }
  }

  private final List<Entry> entries = new ArrayList<>();
  // Changes are numbered. By key the last one's number, also of keys that are no more.
  private final Map<String, Long> lastChanges = new HashMap<>();
  private long logTime;
  private long uses;
  private long changes;

  void advance(long stamp) {
    logTime = Math.max(logTime, stamp);
    for (Entry entry : List.copyOf(entries)) {
      if (entry.deadline != null && entry.deadline.compareTo(now()) <= 0) {
        delete(entry.key);
      }
    }
  }

  /** Another number each time that the key was written, given a deadline or removed in any way. */
  long lastChange(String key) {
    return lastChanges.getOrDefault(key, 0L);
  }

  private void changed(String key) {
    lastChanges.put(key, ++changes);
  }

  long logTime() {
    return logTime;
  }

  List<String> keys() {
    return entries.stream().map(e -> e.key).toList();
  }

  /** Keys, the least recently used first. */
  List<String> keysByUse(boolean onlyWithDeadline) {
    return entries.stream()
        .filter(e -> !onlyWithDeadline || e.deadline != null)
        .sorted(Comparator.comparingLong(e -> e.lastUse))
        .map(e -> e.key)
        .toList();
  }

  /** Logical bytes: key, value, a byte for the key's length (under 128), and a hundred. */
  long bytes() {
    return entries.stream().mapToLong(e -> e.key.length() + e.value.length() + 101).sum();
  }

  /** How often a value was written or a key used; tells whether a command did so. */
  long uses() {
    return uses;
  }

  void use(String key) {
    Entry entry = find(key);
    if (entry != null) {
      use(entry);
    }
  }

  void remove(String key) {
    delete(key);
  }

  NaiveStore copy() {
    NaiveStore copy = new NaiveStore();
    for (Entry entry : entries) {
      Entry same = new Entry(entry.key, entry.value);
      same.deadline = entry.deadline;
      same.lastUse = entry.lastUse;
      copy.entries.add(same);
    }
    copy.logTime = logTime;
    copy.uses = uses;
    copy.lastChanges.putAll(lastChanges);
    copy.changes = changes;
    return copy;
  }

  private void use(Entry entry) {
    entry.lastUse = ++uses;
  }

  boolean anyDueBy(long stamp, List<String> keys) {
    return entries.stream()
        .anyMatch(
            e ->
                (keys.isEmpty() || keys.contains(e.key))
                    && e.deadline != null
                    && e.deadline.compareTo(BigInteger.valueOf(stamp)) <= 0);
  }

  Reply execute(long stamp, List<String> words) {
    advance(logTime);
    try {
      Reply reply = dispatch(stamp, words.get(0), words.subList(1, words.size()));
      advance(logTime);
      return reply;
    } catch (Refused refused) {
      return new Reply.Failure(Objects.requireNonNull(refused.getMessage()));
    }
  }

  private Reply dispatch(long stamp, String name, List<String> w) {
    String key = w.isEmpty() ? "" : w.get(0);
    Entry entry = find(key);
    return switch (name) {
      case "GET" -> bulk(entry);
      case "SET" -> set(key, w.get(1), w.subList(2, w.size()));
      case "SETNX" -> entry == null ? put(key, w.get(1), Reply.ONE) : Reply.ZERO;
      case "SETEX", "PSETEX" -> {
        BigInteger at = deadline(name, name.equals("SETEX") ? "EX" : "PX", w.get(1));
        put(key, w.get(2), Reply.OK);
        entries.get(entries.size() - 1).deadline = at;
        yield Reply.OK;
      }
      case "GETSET" -> put(key, w.get(1), bulk(entry));
      case "GETDEL" -> {
        delete(key);
        yield bulk(entry);
      }
      case "GETEX" -> getEx(entry, w.subList(1, w.size()));
      case "MGET" -> new Reply.Array(w.stream().map(k -> bulk(find(k))).toList());
      case "MSET" -> mset(w);
      case "MSETNX" -> {
        for (int i = 0; i < w.size(); i += 2) {
          if (find(w.get(i)) != null) {
            yield Reply.ZERO;
          }
        }
        mset(w);
        yield Reply.ONE;
      }
      case "APPEND" -> {
        String value = entry == null ? w.get(1) : entry.value + w.get(1);
        yield change(key, value, new Reply.Int(value.length()));
      }
      case "STRLEN" -> new Reply.Int(entry == null ? 0 : entry.value.length());
      case "GETRANGE", "SUBSTR" -> getRange(entry, integer(w.get(1)), integer(w.get(2)));
      case "SETRANGE" -> setRange(key, entry, integer(w.get(1)), w.get(2));
      case "INCR" -> increment(key, entry, BigInteger.ONE);
      case "DECR" -> increment(key, entry, BigInteger.ONE.negate());
      case "INCRBY" -> increment(key, entry, integer(w.get(1)));
      case "DECRBY" -> {
        BigInteger amount = integer(w.get(1));
        if (amount.equals(MIN)) {
          throw new Refused("ERR decrement would overflow");
        }
        yield increment(key, entry, amount.negate());
      }
      case "EXPIRE", "PEXPIRE", "EXPIREAT", "PEXPIREAT" ->
          expire(name, entry, w.get(1), w.subList(2, w.size()));
      case "PERSIST" -> {
        boolean had = entry != null && entry.deadline != null;
        if (had) {
          Objects.requireNonNull(entry).deadline = null;
          changed(key);
          use(entry);
        }
        yield had ? Reply.ONE : Reply.ZERO;
      }
      case "TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME" -> time(name, entry, stamp);
      case "DEL", "UNLINK" -> new Reply.Int(w.stream().filter(this::delete).count());
      case "EXISTS", "TOUCH" -> new Reply.Int(w.stream().filter(k -> find(k) != null).count());
      case "TYPE" -> new Reply.Status(entry == null ? "none" : "string");
      case "RENAME", "RENAMENX" -> rename(name, entry, w.get(1));
      case "DBSIZE" -> new Reply.Int(entries.size());
      case "FLUSHALL", "FLUSHDB" -> {
        keys().forEach(this::delete);
        yield Reply.OK;
      }
      default -> throw new AssertionError(name);
    };
  }

  private Reply set(String key, String value, List<String> options) {
    String unit = "";
    String time = "";
    List<String> flags = new ArrayList<>();
    for (int i = 0; i < options.size(); i++) {
      String option = options.get(i);
      if (List.of("EX", "PX", "EXAT", "PXAT").contains(option) && i + 1 < options.size()) {
        if (!unit.isEmpty() && !unit.equals(option)) {
          throw new Refused("ERR syntax error");
        }
        unit = option;
        time = options.get(++i);
      } else if (List.of("NX", "XX", "GET", "KEEPTTL").contains(option)) {
        flags.add(option);
      } else {
        throw new Refused("ERR syntax error");
      }
    }
    if (flags.containsAll(List.of("NX", "XX")) || (flags.contains("KEEPTTL") && !unit.isEmpty())) {
      throw new Refused("ERR syntax error");
    }
    BigInteger deadline = unit.isEmpty() ? null : deadline("SET", unit, time);
    Entry old = find(key);
    Reply before = flags.contains("GET") ? bulk(old) : Reply.NIL;
    if (flags.contains("NX") ? old != null : flags.contains("XX") && old == null) {
      return before;
    }
    if (flags.contains("KEEPTTL") && old != null) {
      deadline = old.deadline;
    }
    put(key, value, Reply.OK);
    entries.get(entries.size() - 1).deadline = deadline;
    return flags.contains("GET") ? before : Reply.OK;
  }

  private Reply getEx(@Nullable Entry entry, List<String> options) {
    if (entry == null) {
      return Reply.NIL;
    }
    boolean persist = options.equals(List.of("PERSIST"));
    BigInteger deadline = entry.deadline;
    if (persist) {
      entry.deadline = null;
    } else if (!options.isEmpty()) {
      entry.deadline = deadline("GETEX", options.get(0), options.get(1));
    }
    if (persist ? deadline != null : !options.isEmpty()) {
      changed(entry.key);
    }
    use(entry);
    return bulk(entry);
  }

  private Reply mset(List<String> words) {
    for (int i = 0; i < words.size(); i += 2) {
      put(words.get(i), words.get(i + 1), Reply.OK);
    }
    return Reply.OK;
  }

  private static Reply getRange(@Nullable Entry entry, BigInteger first, BigInteger last) {
    if (entry == null || (first.signum() < 0 && last.signum() < 0 && first.compareTo(last) > 0)) {
      return Reply.EMPTY;
    }
    BigInteger length = BigInteger.valueOf(entry.value.length());
    BigInteger from = (first.signum() < 0 ? first.add(length) : first).max(BigInteger.ZERO);
    BigInteger to = (last.signum() < 0 ? last.add(length) : last).max(BigInteger.ZERO);
    to = to.min(length.subtract(BigInteger.ONE));
    return from.compareTo(to) > 0
        ? Reply.EMPTY
        : latin(entry.value.substring(from.intValueExact(), to.intValueExact() + 1));
  }

  private Reply setRange(String key, @Nullable Entry entry, BigInteger offset, String part) {
    if (offset.signum() < 0) {
      throw new Refused("ERR offset is out of range");
    }
    StringBuilder value = new StringBuilder(entry == null ? "" : entry.value);
    if (part.isEmpty()) {
      return new Reply.Int(value.length());
    }
    BigInteger end = offset.add(BigInteger.valueOf(part.length()));
    if (end.compareTo(BigInteger.valueOf(16 * 1024 * 1024)) > 0) {
      throw new Refused("ERR string exceeds maximum allowed size (proto-max-bulk-len)");
    }
    while (value.length() < end.intValueExact()) {
      value.append('\0');
    }
    value.replace(offset.intValueExact(), end.intValueExact(), part);
    return change(key, value.toString(), new Reply.Int(value.length()));
  }

  private Reply increment(String key, @Nullable Entry entry, BigInteger amount) {
    BigInteger sum = integer(entry == null ? "0" : entry.value).add(amount);
    if (sum.compareTo(MIN) < 0 || sum.compareTo(MAX) > 0) {
      throw new Refused("ERR increment or decrement would overflow");
    }
    return change(key, sum.toString(), new Reply.Int(sum.longValueExact()));
  }

  private Reply expire(String name, @Nullable Entry entry, String time, List<String> flags) {
    for (String flag : flags) {
      if (!List.of("NX", "XX", "GT", "LT").contains(flag)) {
        throw new Refused("ERR Unsupported option " + flag);
      }
    }
    if (flags.contains("NX") && !flags.stream().allMatch("NX"::equals)) {
      throw new Refused("ERR NX and XX, GT or LT options at the same time are not compatible");
    }
    if (flags.containsAll(List.of("GT", "LT"))) {
      throw new Refused("ERR GT and LT options at the same time are not compatible");
    }
    BigInteger at = integer(time);
    if (name.startsWith("EXPIRE")) {
      at = at.multiply(THOUSAND);
    }
    if (at.compareTo(MAX) <= 0 && at.compareTo(MIN) >= 0 && !name.endsWith("AT")) {
      at = at.add(now());
    }
    if (at.compareTo(MAX) > 0 || at.compareTo(MIN) < 0) {
      throw invalidExpireTime(name);
    }
    if (entry == null
        || (flags.contains("NX") && entry.deadline != null)
        || (flags.contains("XX") && entry.deadline == null)
        || (flags.contains("GT") && (entry.deadline == null || at.compareTo(entry.deadline) <= 0))
        || (flags.contains("LT") && entry.deadline != null && at.compareTo(entry.deadline) >= 0)) {
      return Reply.ZERO;
    }
    entry.deadline = at;
    changed(entry.key);
    use(entry);
    return Reply.ONE;
  }

  private Reply time(String name, @Nullable Entry entry, long stamp) {
    if (entry == null || entry.deadline == null) {
      return new Reply.Int(entry == null ? -2 : -1);
    }
    BigInteger millis = entry.deadline;
    if (name.endsWith("TTL")) {
      BigInteger clock = now().max(BigInteger.valueOf(stamp));
      millis = millis.subtract(clock).max(BigInteger.ONE);
    }
    boolean inMillis = name.startsWith("P");
    BigInteger answer = inMillis ? millis : millis.add(BigInteger.valueOf(500)).divide(THOUSAND);
    return new Reply.Int(answer.longValueExact());
  }

  private Reply rename(String name, @Nullable Entry entry, String to) {
    if (entry == null) {
      throw new Refused("ERR no such key");
    }
    if (name.equals("RENAMENX") && find(to) != null) {
      return Reply.ZERO;
    }
    if (to.equals(entry.key)) {
      return Reply.OK;
    }
    BigInteger deadline = entry.deadline;
    delete(entry.key);
    put(to, entry.value, Reply.OK);
    entries.get(entries.size() - 1).deadline = deadline;
    return name.equals("RENAMENX") ? Reply.ONE : Reply.OK;
  }

  private BigInteger deadline(String command, String unit, String time) {
    BigInteger at = integer(time);
    if (at.signum() <= 0) {
      throw invalidExpireTime(command);
    }
    if (unit.startsWith("EX")) {
      at = at.multiply(THOUSAND);
    }
    if (!unit.endsWith("AT")) {
      at = at.add(now());
    }
    if (at.compareTo(MAX) > 0) {
      throw invalidExpireTime(command);
    }
    return at;
  }

  private static Refused invalidExpireTime(String command) {
    return new Refused(
        "ERR invalid expire time in '" + command.toLowerCase(java.util.Locale.ROOT) + "' command");
  }

  private static BigInteger integer(String text) {
    if (!text.matches("0|-?[1-9][0-9]{0,18}")) {
      throw new Refused(NOT_INT);
    }
    BigInteger number = new BigInteger(text);
    if (number.compareTo(MIN) < 0 || number.compareTo(MAX) > 0) {
      throw new Refused(NOT_INT);
    }
    return number;
  }

  private @Nullable Entry find(String key) {
    return entries.stream().filter(e -> e.key.equals(key)).findFirst().orElse(null);
  }

  private boolean delete(String key) {
    boolean was = entries.removeIf(e -> e.key.equals(key));
    if (was) {
      changed(key);
    }
    return was;
  }

  private Reply put(String key, String value, Reply reply) {
    delete(key);
    entries.add(new Entry(key, value));
    changed(key);
    use(entries.get(entries.size() - 1));
    return reply;
  }

  /** Sets a value and leaves the deadline. */
  private Reply change(String key, String value, Reply reply) {
    Entry entry = find(key);
    if (entry == null) {
      return put(key, value, reply);
    }
    entry.value = value;
    changed(key);
    use(entry);
    return reply;
  }

  private BigInteger now() {
    return BigInteger.valueOf(logTime);
  }

  private static Reply bulk(@Nullable Entry entry) {
    return entry == null ? Reply.NIL : latin(entry.value);
  }

  static Reply latin(String text) {
    return new Reply.Bulk(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  static byte[][] words(List<String> words) {
    return words.stream().map(w -> w.getBytes(StandardCharsets.ISO_8859_1)).toArray(byte[][]::new);
  }

  @Override
  public String toString() {
    return Arrays.toString(entries.stream().map(e -> e.key + "=" + e.value).toArray());
  }
}
