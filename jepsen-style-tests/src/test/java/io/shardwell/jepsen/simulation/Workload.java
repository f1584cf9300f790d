package io.shardwell.jepsen.simulation;

import io.shardwell.jepsen.checker.KeyCommand;
import io.shardwell.jepsen.checker.KeyCommand.Condition;
import io.shardwell.statemachine.Reply;
import io.shardwell.statemachine.Transaction;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * Commands on a few hot keys of each kind. Values are unique, so that a checker sees at once whose
 * they are; lists and counters only grow, so that losses and doublings stay visible to the end.
 */
final class Workload {
  /** Ten minutes, in milliseconds: longer than a run with what comes after its faults. */
  private static final int LEAST_LONG_LEASE = 600_000;

  /** Two hours. */
  private static final int MOST_LONG_LEASE = 7_200_000;

  private final Random random;
  private final int keysOfEachKind;

  /** Whether transactions are among the commands, and what takes or swaps a value. */
  private final boolean withTransactions;

  /** Whether commands on all keys are among them, and conditional deletes. */
  private final boolean withKeyspace;

  private int unique;

  /** By pair; null where the next step is to watch. */
  private final @Nullable Guard[] guards;

  /** A pair that is watched and, later, has been seen to hold this. */
  private static final class Guard {
    @Nullable List<Transaction.Watched> watched;
    @Nullable Long seen;

    /** Begins anew where there is nothing yet: to be absent is something else than to hold 0. */
    void sees(Reply.Array both) {
      if (both.items().get(0) instanceof Reply.Nil) {
        watched = null;
      } else {
        seen = Request.number(both.items().get(0));
      }
    }
  }

  Workload(Random random, int keysOfEachKind) {
    this(random, keysOfEachKind, false, false);
  }

  Workload(Random random, Scenario scenario) {
    this(
        random,
        scenario.keysOfEachKind(),
        scenario.hasTransactions(),
        scenario.hasKeyspaceCommands());
  }

  private Workload(
      Random random, int keysOfEachKind, boolean withTransactions, boolean withKeyspace) {
    this.random = random;
    this.keysOfEachKind = keysOfEachKind;
    this.withTransactions = withTransactions;
    this.withKeyspace = withKeyspace;
    this.guards = new Guard[keysOfEachKind];
  }

  List<String> allKeys() {
    List<String> keys = new ArrayList<>();
    for (int i = 0; i < keysOfEachKind; i++) {
      for (String kind : List.of("register", "counter", "list", "once", "volatile", "mixed")) {
        keys.add(kind + i);
      }
      if (withTransactions) {
        keys.add("swapped" + i);
        keys.add(Request.Pair.of(i).one());
      }
      if (withKeyspace) {
        keys.add("dropped" + i);
      }
    }
    return keys;
  }

  /** Reads every key, and how long those have to live that may end. */
  List<Request> readAll() {
    List<Request> reads = new ArrayList<>();
    for (String key : allKeys()) {
      reads.add(Request.one(key, get()));
    }
    for (int i = 0; i < keysOfEachKind; i++) {
      reads.add(Request.one("volatile" + i, new KeyCommand.TimeToLive()));
    }
    return reads;
  }

  /** Looks at everything, when nobody writes any more. */
  List<Request> lastLook() {
    List<String> keys = allKeys();
    List<Request> looks = new ArrayList<>();
    if (withKeyspace) {
      KeyCount count = KeyCount.falling(keys.size());
      looks.add(Request.keys(keys, count));
      looks.add(Request.size(count));
      looks.add(Request.scan(2, keys, count));
      looks.add(Request.size(count));
      looks.add(Request.keys(keys, count));
    }
    return looks;
  }

  Request next() {
    if (withKeyspace && random.nextInt(8) == 0) {
      return random.nextInt(3) == 0 ? keyspace() : dropped();
    }
    int i = random.nextInt(keysOfEachKind);
    return switch (random.nextInt(withTransactions ? 11 : 8)) {
      case 0, 1 -> Request.one("register" + i, register());
      case 2 -> Request.one("counter" + i, read() ? get() : new KeyCommand.Increment(1));
      case 3 -> Request.one("list" + i, read() ? get() : new KeyCommand.Append(element()));
      case 4 -> Request.one("once" + i, once());
      case 5 -> Request.one("volatile" + i, expiring());
      case 6 -> Request.one("mixed" + i, mixed());
      case 7 -> several();
      case 8 -> Request.one("swapped" + i, swapped());
      default -> transaction(i);
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
      case 4 -> new KeyCommand.Expire(isLong() ? longLease() : random.nextInt(3_000) - 50);
      case 5 -> new KeyCommand.Persist();
      default -> KeyCommand.setFor(value(), isLong() ? longLease() : 50 + random.nextInt(4_000));
    };
  }

  private boolean isLong() {
    return random.nextInt(4) == 0;
  }

  /** Ends after the run: of such a key whatever is told shows log time. Milliseconds. */
  private int longLease() {
    return LEAST_LONG_LEASE + random.nextInt(MOST_LONG_LEASE - LEAST_LONG_LEASE);
  }

  private KeyCommand swapped() {
    String one = Integer.toString(random.nextInt(3));
    return switch (random.nextInt(6)) {
      case 0 -> get();
      case 1 -> new KeyCommand.Take();
      case 2 -> KeyCommand.setIfAbsent(one);
      default -> new KeyCommand.Swap(one, Integer.toString(random.nextInt(3)));
    };
  }

  private Request keyspace() {
    List<String> keys = allKeys();
    KeyCount count = KeyCount.atMost(keys.size());
    return switch (random.nextInt(6)) {
      case 0 -> Request.flush(keys);
      case 1 -> Request.size(count);
      case 2, 3 -> Request.keys(keys, count);
      default -> Request.scan(1 + random.nextInt(6), keys, count);
    };
  }

  private Request dropped() {
    String value = Integer.toString(random.nextInt(3));
    KeyCommand command =
        switch (random.nextInt(5)) {
          case 0 -> get();
          case 1, 2 -> KeyCommand.setIfAbsent(value);
          default -> new KeyCommand.DeleteIf(value);
        };
    return Request.one("dropped" + random.nextInt(keysOfEachKind), command);
  }

  /** A transfer, a look at both, or the next step of a guarded change: watch, look, set. */
  private Request transaction(int number) {
    Request.Pair pair = Request.Pair.of(number);
    switch (random.nextInt(4)) {
      case 0 -> {
        return Request.transfer(pair, 1 + random.nextInt(9));
      }
      case 1 -> {
        return Request.both(pair, reply -> {});
      }
      default -> {
        return guardedStep(number, pair);
      }
    }
  }

  private Request guardedStep(int number, Request.Pair pair) {
    Guard guard = guards[number];
    if (guard == null || guard.watched == null) {
      Guard fresh = new Guard();
      guards[number] = fresh;
      return Request.watch(pair, watched -> fresh.watched = watched);
    }
    if (guard.seen == null) {
      return Request.both(pair, reply -> guard.sees((Reply.Array) reply));
    }
    guards[number] = null;
    return Request.guarded(pair, guard.watched, guard.seen, guard.seen + 1_000);
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
