package io.shardwell.statemachine;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The commands a shard executes: the single table of names, arities, flags and key positions.
 *
 * <p>Wire ids go into logs and snapshots: they are never changed and never given twice.
 */
public enum Command {
  GET(1, 2, Access.READ, Spread.ONE_KEY, 1, 1, 1),
  SET(2, -3, Access.WRITE, Spread.ONE_KEY, 1, 1, 1),
  DEL(3, -2, Access.WRITE, Spread.KEYS, 1, -1, 1),
  UNLINK(4, -2, Access.WRITE, Spread.KEYS, 1, -1, 1),
  EXISTS(5, -2, Access.READ, Spread.KEYS, 1, -1, 1),
  TOUCH(6, -2, Access.READ, Spread.KEYS, 1, -1, 1),
  EXPIRE(7, -3, Access.WRITE, Spread.ONE_KEY, 1, 1, 1),
  PEXPIRE(8, -3, Access.WRITE, Spread.ONE_KEY, 1, 1, 1),
  EXPIREAT(9, -3, Access.WRITE, Spread.ONE_KEY, 1, 1, 1),
  PEXPIREAT(10, -3, Access.WRITE, Spread.ONE_KEY, 1, 1, 1),
  TTL(11, 2, Access.READ, Spread.ONE_KEY, 1, 1, 1),
  PTTL(12, 2, Access.READ, Spread.ONE_KEY, 1, 1, 1),
  EXPIRETIME(13, 2, Access.READ, Spread.ONE_KEY, 1, 1, 1),
  PEXPIRETIME(14, 2, Access.READ, Spread.ONE_KEY, 1, 1, 1),
  PERSIST(15, 2, Access.WRITE, Spread.ONE_KEY, 1, 1, 1),
  INCR(16, 2, Access.WRITE, Spread.ONE_KEY, 1, 1, 1),
  DECR(17, 2, Access.WRITE, Spread.ONE_KEY, 1, 1, 1),
  INCRBY(18, 3, Access.WRITE, Spread.ONE_KEY, 1, 1, 1),
  DECRBY(19, 3, Access.WRITE, Spread.ONE_KEY, 1, 1, 1),
  INCRBYFLOAT(20, 3, Access.WRITE, Spread.ONE_KEY, 1, 1, 1),
  APPEND(21, 3, Access.WRITE, Spread.ONE_KEY, 1, 1, 1),
  STRLEN(22, 2, Access.READ, Spread.ONE_KEY, 1, 1, 1),
  MGET(23, -2, Access.READ, Spread.KEYS, 1, -1, 1),
  MSET(24, -3, Access.WRITE, Spread.KEYS, 1, -1, 2),
  DBSIZE(25, 1, Access.READ, Spread.ALL_SHARDS, 0, 0, 0),
  FLUSHALL(26, -1, Access.WRITE, Spread.ALL_SHARDS, 0, 0, 0),
  FLUSHDB(27, -1, Access.WRITE, Spread.ALL_SHARDS, 0, 0, 0),
  TYPE(28, 2, Access.READ, Spread.ONE_KEY, 1, 1, 1),
  KEYS(29, 2, Access.READ, Spread.ALL_SHARDS, 0, 0, 0),
  SCAN(30, -2, Access.READ, Spread.ALL_SHARDS, 0, 0, 0),
  SETNX(31, 3, Access.WRITE, Spread.ONE_KEY, 1, 1, 1),
  SETEX(32, 4, Access.WRITE, Spread.ONE_KEY, 1, 1, 1),
  PSETEX(33, 4, Access.WRITE, Spread.ONE_KEY, 1, 1, 1),
  GETSET(34, 3, Access.WRITE, Spread.ONE_KEY, 1, 1, 1),
  GETDEL(35, 2, Access.WRITE, Spread.ONE_KEY, 1, 1, 1),
  GETEX(36, -2, Access.WRITE, Spread.ONE_KEY, 1, 1, 1),
  GETRANGE(37, 4, Access.READ, Spread.ONE_KEY, 1, 1, 1),
  SETRANGE(38, 4, Access.WRITE, Spread.ONE_KEY, 1, 1, 1),
  RANDOMKEY(39, 1, Access.READ, Spread.ALL_SHARDS, 0, 0, 0),
  MSETNX(40, -3, Access.WRITE, Spread.ONE_SHARD, 1, -1, 2),
  SUBSTR(41, 4, Access.READ, Spread.ONE_KEY, 1, 1, 1),
  RENAME(42, 3, Access.WRITE, Spread.ONE_SHARD, 1, 2, 1),
  RENAMENX(43, 3, Access.WRITE, Spread.ONE_SHARD, 1, 2, 1),
  GETVER(44, 2, Access.READ, Spread.ONE_KEY, 1, 1, 1),
  /** What EXEC sends to a shard: carries a {@link Transaction}. No client can call it by name. */
  TRANSACTION(45, 4, Access.WRITE, Spread.ONE_KEY, 1, 1, 1),
  /** What WATCH asks a shard; see {@link Transaction#watched}. No client can call it by name. */
  WATCHED(46, -2, Access.READ, Spread.ONE_SHARD, 1, -1, 1),
  DELEX(47, -2, Access.WRITE, Spread.ONE_KEY, 1, 1, 1),
  DELIFEQ(48, 3, Access.WRITE, Spread.ONE_KEY, 1, 1, 1),
  DIGEST(49, 2, Access.READ, Spread.ONE_KEY, 1, 1, 1),
  SETBIT(50, 4, Access.WRITE, Spread.ONE_KEY, 1, 1, 1),
  GETBIT(51, 3, Access.READ, Spread.ONE_KEY, 1, 1, 1),
  BITCOUNT(52, -2, Access.READ, Spread.ONE_KEY, 1, 1, 1),
  BITPOS(53, -3, Access.READ, Spread.ONE_KEY, 1, 1, 1),
  BITOP(54, -4, Access.WRITE, Spread.ONE_SHARD, 2, -1, 1),
  BITFIELD(55, -2, Access.WRITE, Spread.ONE_KEY, 1, 1, 1),
  BITFIELD_RO(56, -2, Access.READ, Spread.ONE_KEY, 1, 1, 1),
  COPY(57, -3, Access.WRITE, Spread.ONE_SHARD, 1, 2, 1),
  LCS(58, -3, Access.READ, Spread.ONE_SHARD, 1, 2, 1),
  /** The keys end where the count before them says; see {@link #countsItsKeys}. */
  MSETEX(59, -4, Access.WRITE, Spread.ONE_SHARD, 2, -1, 2);

  /** Which shards a command concerns. */
  public enum Spread {
    /** Exactly one key. */
    ONE_KEY,
    /** Many keys; the parts of different shards are independent and may be executed apart. */
    KEYS,
    /** Many keys that must all lie in one slot, because the command is all or nothing. */
    ONE_SHARD,
    /** No key; every shard answers for itself. */
    ALL_SHARDS
  }

  private enum Access {
    READ,
    WRITE
  }

  private static final int NAME_TABLE_SIZE = 256;
  private static final @Nullable Command[] BY_NAME = new @Nullable Command[NAME_TABLE_SIZE];
  private static final @Nullable Command[] BY_WIRE_ID = new @Nullable Command[128];

  static {
    for (Command command : values()) {
      if (!command.isInternal()) {
        int at = nameHash(command.name().getBytes(StandardCharsets.US_ASCII));
        while (BY_NAME[at] != null) {
          at = (at + 1) % NAME_TABLE_SIZE;
        }
        BY_NAME[at] = command;
      }
      assert BY_WIRE_ID[command.wireId] == null : "wire id given twice: " + command;
      BY_WIRE_ID[command.wireId] = command;
    }
  }

  private final int wireId;
  private final int arity;
  private final Access access;
  private final Spread spread;
  private final int firstKey;
  private final int lastKey;
  private final int keyStep;
  private final String lowerName;

  Command(
      int wireId, int arity, Access access, Spread spread, int firstKey, int lastKey, int keyStep) {
    this.wireId = wireId;
    this.arity = arity;
    this.access = access;
    this.spread = spread;
    this.firstKey = firstKey;
    this.lastKey = lastKey;
    this.keyStep = keyStep;
    this.lowerName = name().toLowerCase(Locale.ROOT);
  }

  /** The number of this command in logs and on the wire, 1..127, stable for ever. */
  public int wireId() {
    return wireId;
  }

  /** How many words a call has, the name included; negative: at least so many. */
  public int arity() {
    return arity;
  }

  /** Whether the command is made by nodes only, never by a client's words. */
  public boolean isInternal() {
    return this == TRANSACTION || this == WATCHED;
  }

  /** Whether the command goes through the log. */
  public boolean isWrite() {
    return access == Access.WRITE;
  }

  /** Whether a call may need room for data, so that a shard without any may refuse it. */
  public boolean mayNeedRoom() {
    return switch (this) {
      case SET, SETNX, SETEX, PSETEX, GETSET, MSET, MSETNX, MSETEX, APPEND, SETRANGE, COPY -> true;
      case INCR, DECR, INCRBY, DECRBY, INCRBYFLOAT, SETBIT, BITOP, BITFIELD -> true;
      default -> false;
    };
  }

  /**
   * Whether a read of this kind uses the keys it finds, so that they are evicted later. To ask
   * whether a key is there, or for how long, is no use of it, as in Redis.
   */
  public boolean isUse() {
    return switch (this) {
      case GET, MGET, STRLEN, GETRANGE, SUBSTR, TOUCH -> true;
      case GETBIT, BITCOUNT, BITPOS, BITFIELD_RO, LCS -> true;
      default -> false;
    };
  }

  /** Which shards the command concerns. */
  public Spread spread() {
    return spread;
  }

  /** Position of the first key, the name being 0; 0 if there are none. */
  public int firstKey() {
    return firstKey;
  }

  /** Position of the last key; negative: counted from the end, -1 being the last word. */
  public int lastKey() {
    return lastKey;
  }

  /** Distance between keys; 0 if there are none. */
  public int keyStep() {
    return keyStep;
  }

  /**
   * Whether the word before the first key says how many keys there are, so that the last one's
   * position is known of a call only.
   */
  public boolean countsItsKeys() {
    return this == MSETEX;
  }

  /** The name in lower case, as Redis writes it in errors and COMMAND. */
  public String lowerName() {
    return lowerName;
  }

  /** The command of that name in any mix of cases, or null; no internal one. */
  public static @Nullable Command byName(byte[] nameAnyCase) {
    int at = nameHash(nameAnyCase);
    for (Command found = BY_NAME[at]; found != null; found = BY_NAME[at]) {
      if (equalsIgnoreCase(nameAnyCase, found.name())) {
        return found;
      }
      at = (at + 1) % NAME_TABLE_SIZE;
    }
    return null;
  }

  static @Nullable Command byWireId(int wireId) {
    return wireId >= 0 && wireId < BY_WIRE_ID.length ? BY_WIRE_ID[wireId] : null;
  }

  /** Whether that many words, the name included, are a call of this command. */
  boolean acceptsWords(int words) {
    if (arity >= 0 ? words != arity : words < -arity) {
      return false;
    }
    return keyStep != 2 || countsItsKeys() || words % 2 == 1;
  }

  /** Whether a word is, in any mix of cases, the given upper-case one. */
  static boolean equalsIgnoreCase(byte[] word, String upper) {
    if (word.length != upper.length()) {
      return false;
    }
    for (int i = 0; i < word.length; i++) {
      if (toUpper(word[i]) != upper.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  private static int nameHash(byte[] name) {
    int hash = name.length;
    for (int i = 0; i < Math.min(name.length, 16); i++) {
      hash = hash * 31 + toUpper(name[i]);
    }
    return (hash ^ (hash >>> 8)) & (NAME_TABLE_SIZE - 1);
  }

  private static int toUpper(byte letter) {
    return letter >= 'a' && letter <= 'z' ? letter - 32 : letter;
  }
}
