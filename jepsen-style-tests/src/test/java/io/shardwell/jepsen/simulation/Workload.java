package io.shardwell.jepsen.simulation;

import io.shardwell.jepsen.checker.KeyCommand;
import io.shardwell.jepsen.checker.KeyCommand.Condition;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Commands on a few hot keys of each kind. Values are unique, so that a checker sees at once whose
 * they are; lists and counters only grow, so that losses and doublings stay visible to the end.
 */
final class Workload {
  private final Random random;
  private final int keysOfEachKind;
  private int unique;

  Workload(Random random, int keysOfEachKind) {
    this.random = random;
    this.keysOfEachKind = keysOfEachKind;
  }

  List<String> allKeys() {
    List<String> keys = new ArrayList<>();
    for (int i = 0; i < keysOfEachKind; i++) {
      for (String kind : List.of("register", "counter", "list", "once", "volatile", "mixed")) {
        keys.add(kind + i);
      }
    }
    return keys;
  }

  Request next() {
    int i = random.nextInt(keysOfEachKind);
    return switch (random.nextInt(8)) {
      case 0, 1 -> Request.one("register" + i, register());
      case 2 -> Request.one("counter" + i, read() ? get() : new KeyCommand.Increment(1));
      case 3 -> Request.one("list" + i, read() ? get() : new KeyCommand.Append(element()));
      case 4 -> Request.one("once" + i, once());
      case 5 -> Request.one("volatile" + i, expiring());
      case 6 -> Request.one("mixed" + i, mixed());
      default -> several();
    };
  }

  private boolean read() {
    return random.nextInt(3) == 0;
  }

  private static KeyCommand get() {
    return new KeyCommand.Get();
  }

  private String value() {
    return "v" + unique++;
  }

  private String element() {
    return "<" + unique++ + ">";
  }

  private KeyCommand register() {
    return switch (random.nextInt(5)) {
      case 0, 1 -> get();
      case 2 -> new KeyCommand.Set(value(), Condition.ALWAYS, KeyCommand.NO_TTL, false, true);
      default -> KeyCommand.set(value());
    };
  }

  private KeyCommand once() {
    return switch (random.nextInt(5)) {
      case 0 -> get();
      case 1 -> new KeyCommand.Delete();
      case 2 -> new KeyCommand.Set(value(), Condition.IF_PRESENT, KeyCommand.NO_TTL, false, true);
      default -> KeyCommand.setIfAbsent(value());
    };
  }

  private KeyCommand expiring() {
    return switch (random.nextInt(8)) {
      case 0, 1 -> get();
      case 2 -> new KeyCommand.TimeToLive();
      case 3 -> new KeyCommand.Exists();
      case 4 -> new KeyCommand.Expire(random.nextInt(3_000) - 50);
      case 5 -> new KeyCommand.Persist();
      default -> KeyCommand.setFor(value(), 50 + random.nextInt(4_000));
    };
  }

  private KeyCommand mixed() {
    return switch (random.nextInt(8)) {
      case 0, 1 -> get();
      case 2 -> new KeyCommand.Increment(1 + random.nextInt(3));
      case 3 -> new KeyCommand.Append(Integer.toString(random.nextInt(10)));
      case 4 -> new KeyCommand.Length();
      case 5 -> new KeyCommand.Delete();
      case 6 -> KeyCommand.setIfAbsent(Integer.toString(random.nextInt(100)));
      default -> KeyCommand.set(Integer.toString(random.nextInt(100)));
    };
  }

  private Request several() {
    List<String> keys = new ArrayList<>();
    for (int n = 2 + random.nextInt(3); n > 0; n--) {
      String kind = random.nextBoolean() ? "register" : "mixed";
      String key = kind + random.nextInt(keysOfEachKind);
      if (!keys.contains(key)) {
        keys.add(key);
      }
    }
    return switch (random.nextInt(4)) {
      case 0 -> Request.multiSet(keys, Integer.toString(1_000 + unique++));
      case 1 -> Request.multiDelete(keys);
      default -> Request.multiGet(keys);
    };
  }
}
