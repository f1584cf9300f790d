package io.shardwell.jepsen.faults;

import io.shardwell.jepsen.checker.KeyCommand;
import io.shardwell.jepsen.process.LostConnection;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * A thread that writes to one shard through one node all the time: in turns a key that nobody else
 * writes, which must be there for ever once acknowledged, and a counter of its own, whose every
 * answer must lie between what was acknowledged and what may have come to pass besides.
 */
final class Probe extends Thread {
  private static final long PAUSE_MILLIS = 20;

  private final HostAndPort server;
  private final int shard;
  private final String prefix;
  private final Availability availability;
  private final Queue<String> problems;
  private volatile boolean stop;
  private final List<Integer> acknowledged = new ArrayList<>();
  private int written;
  // Of the counter: what is certain, and how many more increments may have taken effect.
  private long counted;
  private long uncertain;

  /**
   * @param tag makes every key of this probe one of the shard's
   * @param problems gets a line for each broken promise
   */
  Probe(
      HostAndPort server,
      int node,
      int shard,
      String tag,
      Availability availability,
      Queue<String> problems) {
    super("probe of shard " + shard + " at n" + (node + 1));
    setDaemon(true);
    setUncaughtExceptionHandler((thread, failure) -> problems.add(getName() + ": " + failure));
    this.server = server;
    this.shard = shard;
    this.prefix = "{" + tag + "}:probe:n" + (node + 1) + ":";
    this.availability = availability;
    this.problems = problems;
  }

  void end() {
    stop = true;
  }

  /** Acknowledged writes; after the end of this thread. */
  int acknowledged() {
    return acknowledged.size() + (int) counted;
  }

  @Override
  public void run() {
    while (!stop) {
      try (JedisStore client = new JedisStore(server)) {
        while (!stop && client.isUsable()) {
          write(client.jedis());
          pause(PAUSE_MILLIS);
        }
      } catch (JedisConnectionException failure) {
        if (!LostConnection.explains(failure)) {
          problems.add(getName() + ", " + command() + " or connecting: " + failure);
          return;
        }
        pause(50);
      }
    }
  }

  private void write(Jedis jedis) {
    boolean count = written % 2 == 1;
    int number = written++;
    if (count) {
      uncertain++;
    }
    try {
      if (count) {
        count(jedis.incr(prefix + "counter"));
      } else {
        String answer = jedis.set(prefix + number, Integer.toString(number));
        if (!"OK".equals(answer)) {
          problems.add(getName() + ", " + command() + ": " + answer);
          stop = true;
          return;
        }
        acknowledged.add(number);
      }
      availability.acknowledged(shard);
    } catch (ClassCastException | NumberFormatException wrong) {
      // An answer of another type than the command's.
      problems.add(getName() + ", " + command() + ": " + wrong);
      stop = true;
    } catch (JedisDataException error) {
      String text = String.valueOf(error.getMessage());
      StoreClient.Outcome outcome = StoreClient.error(text);
      if (outcome instanceof StoreClient.Outcome.Broken) {
        problems.add(getName() + ", " + command() + ": " + text);
        stop = true;
      } else if (count && outcome instanceof StoreClient.Outcome.Refused) {
        uncertain--;
      }
    }
  }

  /** The last one, for messages. */
  private String command() {
    int number = written - 1;
    return number % 2 == 1 ? "INCR " + prefix + "counter" : "SET " + prefix + number;
  }

  private void count(long answer) {
    if (answer <= counted || answer > counted + uncertain) {
      problems.add(
          "%scounter answered %d: %d were acknowledged, %d more may have taken effect"
              .formatted(prefix, answer, counted, uncertain));
    }
    // What was certain, this one, and those that turn out to have taken effect.
    uncertain -= Math.max(0, answer - counted);
    counted = answer;
  }

  /** Whether its shard is read through its node; after the end of this thread. */
  boolean isServed() {
    try (JedisStore client = new JedisStore(server)) {
      return client.ask(prefix + "counter", new KeyCommand.Get())
          instanceof StoreClient.Outcome.Answered;
    } catch (JedisConnectionException nobody) {
      return false;
    }
  }

  /** Looks for everything acknowledged, after the end of this thread. */
  void check(Jedis jedis) {
    String value = jedis.get(prefix + "counter");
    long counter = value == null ? 0 : Long.parseLong(value);
    if (counter < counted || counter > counted + uncertain) {
      problems.add(
          "%scounter is %d: %d were acknowledged, %d more may have taken effect"
              .formatted(prefix, counter, counted, uncertain));
    }
    for (int from = 0; from < acknowledged.size(); from += 500) {
      List<Integer> some = acknowledged.subList(from, Math.min(from + 500, acknowledged.size()));
      List<String> values =
          jedis.mget(some.stream().map(number -> prefix + number).toArray(String[]::new));
      for (int i = 0; i < some.size(); i++) {
        if (!Integer.toString(some.get(i)).equals(values.get(i))) {
          problems.add("acknowledged, and now " + values.get(i) + ": " + prefix + some.get(i));
        }
      }
    }
  }

  private static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
