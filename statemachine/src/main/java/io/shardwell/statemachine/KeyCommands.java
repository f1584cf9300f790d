package io.shardwell.statemachine;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** Commands on keys, whatever their values. */
final class KeyCommands {
  private static final long DEFAULT_SCAN_COUNT = 10;
  private static final String STRING_TYPE = "string";
  private static final Reply TYPE_STRING = new Reply.Status(STRING_TYPE);
  private static final Reply TYPE_NONE = new Reply.Status("none");
  private static final Reply.Failure SAME_OBJECT =
      new Reply.Failure("ERR source and destination objects are the same");
  private static final Reply.Failure NOT_AN_INT =
      new Reply.Failure("ERR value is out of range, value must between -2147483648 and 2147483647");
  private static final Reply.Failure NO_SUCH_DATABASE =
      new Reply.Failure("ERR DB index is out of range");

  private KeyCommands() {}

  /** DEL and UNLINK. */
  static Reply delete(Keyspace keys, Invocation call) {
    long removed = 0;
    for (int i = 0; i < call.argumentCount(); i++) {
      if (keys.remove(call.argument(i))) {
        removed++;
      }
    }
    return Reply.integer(removed);
  }

  /** EXISTS and TOUCH: a key named twice counts twice. */
  static Reply countExisting(Keyspace keys, Invocation call) {
    long found = 0;
    for (int i = 0; i < call.argumentCount(); i++) {
      if (keys.contains(call.argument(i))) {
        found++;
      }
    }
    return Reply.integer(found);
  }

  static Reply type(Keyspace keys, Invocation call) {
    return keys.contains(call.argument(0)) ? TYPE_STRING : TYPE_NONE;
  }

  static Reply rename(Keyspace keys, Invocation call) {
    if (!keys.contains(call.argument(0))) {
      return Failures.NO_SUCH_KEY;
    }
    return keys.move(call.argument(0), call.argument(1)) ? Reply.OK : Failures.OUT_OF_MEMORY;
  }

  static Reply renameNx(Keyspace keys, Invocation call) {
    if (!keys.contains(call.argument(0))) {
      return Failures.NO_SUCH_KEY;
    }
    if (keys.contains(call.argument(1))) {
      return Reply.ZERO;
    }
    return keys.move(call.argument(0), call.argument(1)) ? Reply.ONE : Failures.OUT_OF_MEMORY;
  }

  static Reply copy(Keyspace keys, Invocation call) {
    boolean replace = false;
    for (int i = 2; i < call.argumentCount(); i++) {
      if (Command.equalsIgnoreCase(call.argument(i), "REPLACE")) {
        replace = true;
      } else if (Command.equalsIgnoreCase(call.argument(i), "DB") && i + 1 < call.argumentCount()) {
        i++;
        OptionalLong database = DecimalInteger.parse(call.argument(i));
        if (database.isEmpty()) {
          return Failures.NOT_AN_INTEGER;
        }
        if ((int) database.getAsLong() != database.getAsLong()) {
          return NOT_AN_INT;
        }
        if (database.getAsLong() != 0) {
          return NO_SUCH_DATABASE;
        }
      } else {
        return Failures.SYNTAX;
      }
    }
    byte[] from = call.argument(0);
    byte[] to = call.argument(1);
    if (Arrays.equals(from, to)) {
      return SAME_OBJECT;
    }
    byte[] value = keys.get(from);
    if (value == null || (keys.contains(to) && !replace)) {
      return Reply.ZERO;
    }
    return keys.put(to, value, keys.deadline(from)) ? Reply.ONE : Failures.OUT_OF_MEMORY;
  }

  /** FLUSHALL and FLUSHDB; ASYNC makes no difference, freeing never holds anybody up. */
  static Reply flush(Keyspace keys, Invocation call) {
    if (call.argumentCount() > 1
        || (call.argumentCount() == 1
            && !Command.equalsIgnoreCase(call.argument(0), "ASYNC")
            && !Command.equalsIgnoreCase(call.argument(0), "SYNC"))) {
      return Failures.SYNTAX;
    }
    keys.clear();
    return Reply.OK;
  }

  static Reply keys(Keyspace keys, Invocation call) {
    Glob pattern = new Glob(call.argument(0));
    List<Reply> found = new ArrayList<>();
    keys.scan(
        0,
        Long.MAX_VALUE,
        key -> {
          if (pattern.matches(key)) {
            found.add(new Reply.Bulk(key));
          }
          return !pattern.gaveUp();
        });
    return pattern.gaveUp() ? Failures.PATTERN_TOO_DEAR : new Reply.Array(found);
  }

  static Reply randomKey(Keyspace keys, long seed) {
    byte[] key = keys.anyKey(seed);
    return key == null ? Reply.NIL : new Reply.Bulk(key);
  }

  static Reply scan(Keyspace keys, Invocation call) {
    OptionalLong cursor = parseCursor(call.argument(0));
    if (cursor.isEmpty()) {
      return Failures.INVALID_CURSOR;
    }
    long count = DEFAULT_SCAN_COUNT;
    @Nullable Glob pattern = null;
    boolean strings = true;
    for (int i = 1; i < call.argumentCount(); i += 2) {
      byte[] option = call.argument(i);
      byte @Nullable [] argument = i + 1 < call.argumentCount() ? call.argument(i + 1) : null;
      if (argument == null) {
        return Failures.SYNTAX;
      } else if (Command.equalsIgnoreCase(option, "COUNT")) {
        OptionalLong parsed = DecimalInteger.parse(argument);
        if (parsed.isEmpty()) {
          return Failures.NOT_AN_INTEGER;
        }
        count = parsed.getAsLong();
        if (count < 1) {
          return Failures.SYNTAX;
        }
      } else if (Command.equalsIgnoreCase(option, "MATCH")) {
        pattern = new Glob(argument);
      } else if (Command.equalsIgnoreCase(option, "TYPE")) {
        strings = Command.equalsIgnoreCase(argument, "STRING");
      } else {
        return Failures.SYNTAX;
      }
    }
    count = Math.min(count, Limits.MAX_SCAN_COUNT);
    Glob wanted = strings ? pattern : null;
    boolean all = strings && pattern == null;
    ScanStep step = new ScanStep();
    long next =
        keys.scan(
            cursor.getAsLong(),
            count,
            key -> {
              if (all || (wanted != null && wanted.matches(key))) {
                step.add(key);
              }
              return step.keyBytes < Limits.MAX_SCAN_BYTES
                  && (wanted == null || wanted.steps() < Limits.MAX_SCAN_STEPS);
            });
    if (wanted != null) {
      keys.compared(wanted.steps());
      if (wanted.gaveUp()) {
        return Failures.PATTERN_TOO_DEAR;
      }
    }
    return new Reply.Array(
        List.of(new Reply.Bulk(DecimalInteger.format(next)), new Reply.Array(step.found)));
  }

  /** What one call of SCAN finds. */
  private static final class ScanStep {
    final List<Reply> found = new ArrayList<>();
    long keyBytes;

    void add(byte[] key) {
      found.add(new Reply.Bulk(key));
      keyBytes += key.length;
    }
  }

  /** How many keys a call visits, at most; what is behind a cursor that is not sound is none. */
  static long scanned(Invocation call) {
    long count = DEFAULT_SCAN_COUNT;
    for (int i = 1; i + 1 < call.argumentCount(); i += 2) {
      if (Command.equalsIgnoreCase(call.argument(i), "COUNT")) {
        count = DecimalInteger.parse(call.argument(i + 1)).orElse(0);
      }
    }
    return Math.min(count, Limits.MAX_SCAN_COUNT);
  }

  private static OptionalLong parseCursor(byte[] text) {
    OptionalLong cursor = DecimalInteger.parse(text);
    return cursor.isPresent() && cursor.getAsLong() >= 0 && cursor.getAsLong() < Limits.SCAN_CURSORS
        ? cursor
        : OptionalLong.empty();
  }
}
