package io.shardwell.jepsen.process;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicLong;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;

/**
 * A thread that counts: pipelines of INCR on counters of its own, in several shards, through one
 * node. It knows which number each reply must be, so a lost, doubled or reordered one shows at
 * once. If the node dies it cannot know what became of the last pipeline; when the node is back it
 * asks, by a write: once that is applied, what the dead process sent can no longer be. A refusal is
 * no error if it came after the promised wait: see {@link Hesitation}.
 */
final class CountingClient extends Thread {
  private static final int COUNTERS = 4;
  private static final int PIPELINE = 16;

  /** Between two pipelines; the servers share the machine with their clients. */
  private static final long PAUSE_MILLIS = 20;

  /** Where its node is, and whether it should be there. */
  interface Place {
    Jedis connect();

    /** Counts up each time the node is killed, before it is; odd from then on until it is back. */
    int deaths();
  }

  private final Place place;
  private final Queue<String> problems;
  private final String name;
  private final long[] counted = new long[COUNTERS];
  private final int[] underWay = new int[COUNTERS];
  // By counter: answered that nobody knows what became of them, and not settled since.
  private final int[] maybe = new int[COUNTERS];
  private volatile boolean stop;
  private final AtomicLong pipelines = new AtomicLong();
  private final AtomicLong refused = new AtomicLong();

  CountingClient(String name, Place place, Queue<String> problems) {
    super(name);
    setDaemon(true);
    setUncaughtExceptionHandler((thread, failure) -> problems.add(getName() + ": " + failure));
    this.name = name;
    this.place = place;
    this.problems = problems;
  }

  /** Whoever finishes is done with its last pipeline, and knows what became of it. */
  void finish() throws InterruptedException {
    stop = true;
    join(60_000);
    if (isAlive()) {
      problems.add(name + " hangs");
    }
  }

  long pipelines() {
    return pipelines.get();
  }

  /** Commands that were refused, or left without an outcome, after the wait that is promised. */
  long refused() {
    return refused.get();
  }

  /** By counter, the name and what it must hold; after {@link #finish}. */
  List<Expected> expected() {
    List<Expected> all = new ArrayList<>();
    for (int i = 0; i < COUNTERS; i++) {
      all.add(new Expected(key(i), counted[i]));
    }
    return all;
  }

  record Expected(String key, long value) {}

  private String key(int counter) {
    return name + ":" + counter;
  }

  @Override
  public void run() {
    boolean uncertain = false;
    while (!stop || uncertain) {
      int life = place.deaths();
      if (life % 2 != 0) {
        pause(50);
        continue;
      }
      try (Jedis jedis = place.connect()) {
        if (uncertain) {
          ask(jedis);
          uncertain = false;
        }
        while (!stop) {
          count(jedis);
          pause(PAUSE_MILLIS);
        }
        uncertain = Arrays.stream(maybe).anyMatch(open -> open > 0);
      } catch (JedisConnectionException lost) {
        uncertain = true;
        if (!LostConnection.explains(lost)) {
          problems.add(name + ": " + lost);
          return;
        }
        if (place.deaths() == life) {
          problems.add(name + " lost its connection to a living node: " + lost.getMessage());
          return;
        }
      } catch (JedisDataException error) {
        // Asked alone, so at once again; a pipeline's errors are among its replies.
        uncertain = true;
        if (!Hesitation.isOne(error)) {
          problems.add(name + ": " + error.getMessage());
          return;
        }
      } catch (JedisException error) {
        problems.add(name + ": " + error.getMessage());
        return;
      }
    }
  }

  private void ask(Jedis jedis) {
    for (int i = 0; i < COUNTERS; i++) {
      long value = jedis.incrBy(key(i), 0);
      int more = underWay[i] + maybe[i];
      if (value < counted[i] || value > counted[i] + more) {
        problems.add(
            key(i) + " is " + value + ", not " + counted[i] + " and up to " + more + " more");
      }
      counted[i] = value;
      underWay[i] = 0;
      maybe[i] = 0;
    }
  }

  private void count(Jedis jedis) {
    long began = System.nanoTime();
    Pipeline pipeline = jedis.pipelined();
    for (int i = 0; i < PIPELINE; i++) {
      pipeline.incr(key(i % COUNTERS));
      underWay[i % COUNTERS]++;
    }
    List<Object> replies = pipeline.syncAndReturnAll();
    long nanos = System.nanoTime() - began;
    for (int i = 0; i < PIPELINE; i++) {
      int counter = i % COUNTERS;
      underWay[counter]--;
      Object reply = replies.get(i);
      if (reply instanceof JedisDataException error && Hesitation.isOne(error)) {
        refused.incrementAndGet();
        Hesitation.check(error, nanos, name, problems);
        maybe[counter] += Hesitation.isCertain(error) ? 0 : 1;
        continue;
      }
      long least = counted[counter] + 1;
      long value = reply instanceof Long number ? number : -1;
      // What became of those without an outcome is decided by now: they were sent before.
      if (value < least || value > least + maybe[counter]) {
        problems.add(
            "%s answered %s, not %d and up to %d more"
                .formatted(key(counter), reply, least, maybe[counter]));
      }
      counted[counter] = Math.max(value, least);
      maybe[counter] = 0;
    }
    pipelines.incrementAndGet();
  }

  private static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
