package io.shardwell.jepsen.simulation;

import io.shardwell.statemachine.Invocation;
import io.shardwell.statemachine.Reply;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A store on one page: what a cluster of any size must be indistinguishable from. */
final class NaiveMap {
  private final TreeMap<String, String> map = new TreeMap<>();

  NaiveMap() {}

  NaiveMap(Map<String, String> content) {
    map.putAll(content);
  }

  Map<String, String> content() {
    return map;
  }

  Reply execute(Invocation call) {
    String key = call.argumentCount() == 0 ? "" : word(call, 0);
    return switch (call.command()) {
      case GET -> value(map.get(key));
      case SET -> set(key, word(call, 1), call.argumentCount() > 2 ? word(call, 2) : "");
      case DEL -> count(call, map.keySet()::remove);
      case EXISTS -> count(call, map::containsKey);
      case STRLEN -> number(map.getOrDefault(key, "").length());
      case APPEND -> number(map.merge(key, word(call, 1), String::concat).length());
      case INCRBY -> increment(key, Long.parseLong(word(call, 1)));
      case MGET -> {
        List<Reply> values = new ArrayList<>();
        for (int i = 0; i < call.argumentCount(); i++) {
          values.add(value(map.get(word(call, i))));
        }
        yield new Reply.Array(values);
      }
      case MSET -> {
        for (int i = 0; i < call.argumentCount(); i += 2) {
          map.put(word(call, i), word(call, i + 1));
        }
        yield Reply.OK;
      }
      case DBSIZE -> number(map.size());
      case FLUSHALL -> {
        map.clear();
        yield Reply.OK;
      }
      default -> throw new IllegalArgumentException(call.toString());
    };
  }

  private Reply set(String key, String value, String option) {
    String old = map.get(key);
    boolean happens =
        option.isEmpty() || option.equals("GET") || option.equals("XX") == (old != null);
    if (happens) {
      map.put(key, value);
    }
    return option.equals("GET") ? value(old) : happens ? Reply.OK : Reply.NIL;
  }

  private Reply increment(String key, long by) {
    String old = map.getOrDefault(key, "0");
    if (!old.matches("0|-?[1-9][0-9]{0,17}")) {
      return new Reply.Failure("ERR value is not an integer or out of range");
    }
    long sum = Long.parseLong(old) + by;
    map.put(key, Long.toString(sum));
    return number(sum);
  }

  private static Reply count(Invocation call, java.util.function.Predicate<String> counted) {
    long count = 0;
    for (int i = 0; i < call.argumentCount(); i++) {
      count += counted.test(word(call, i)) ? 1 : 0;
    }
    return number(count);
  }

  private static Reply value(@org.jspecify.annotations.Nullable String value) {
    return value == null ? Reply.NIL : Reply.Bulk.of(value);
  }

  private static Reply number(long value) {
    return new Reply.Int(value);
  }

  private static String word(Invocation call, int i) {
    return new String(call.argument(i), java.nio.charset.StandardCharsets.UTF_8);
  }
}
