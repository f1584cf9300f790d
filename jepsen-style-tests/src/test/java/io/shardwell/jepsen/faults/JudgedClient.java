package io.shardwell.jepsen.faults;

import io.lettuce.core.RedisException;
import io.shardwell.jepsen.checker.Answer;
import io.shardwell.jepsen.checker.History;
import io.shardwell.jepsen.checker.KeyCommand;
import io.shardwell.jepsen.process.LostConnection;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.exceptions.JedisConnectionException;

/** A thread that calls through one client library and writes down every call and answer. */
final class JudgedClient extends Thread {
  private static final AtomicInteger CONNECTIONS = new AtomicInteger();

  /** Servers and clients share the machine. */
  private static final long PAUSE_MILLIS = 4;

  private final int node;
  private final Supplier<StoreClient> library;
  private final Commands commands;
  private final History history;
  private final Random random;
  private final AtomicInteger answered = new AtomicInteger();
  private volatile boolean stop;
  private volatile @Nullable String broken;
  private volatile int localPort;

  /**
   * @param library connects, and throws what it throws if nobody is there
   * @param history synchronized on by all
   */
  JudgedClient(
      int node, Supplier<StoreClient> library, Commands commands, History history, long seed) {
    super("client of n" + (node + 1));
    setDaemon(true);
    setUncaughtExceptionHandler((thread, failure) -> broken = "its thread ended: " + failure);
    this.node = node;
    this.library = library;
    this.commands = commands;
    this.history = history;
    this.random = new Random(seed);
  }

  int node() {
    return node;
  }

  /** Of the connection as it is, where the library tells; else 0. */
  int localPort() {
    return localPort;
  }

  int answered() {
    return answered.get();
  }

  /** Null, or an answer that no store may give. */
  @Nullable String broken() {
    return broken;
  }

  void end() {
    stop = true;
  }

  @Override
  public void run() {
    while (!stop && broken == null) {
      try (StoreClient client = library.get()) {
        localPort = client instanceof JedisStore jedis ? jedis.localPort() : 0;
        talk(client);
      } catch (JedisConnectionException failure) {
        nobody(failure, LostConnection.explains(failure));
      } catch (RedisException failure) {
        nobody(failure, LostConnection.explains(failure));
      }
      localPort = 0;
    }
  }

  private void nobody(RuntimeException failure, boolean isLost) {
    if (isLost) {
      pause(50);
    } else {
      broken = "connecting -> " + failure + ", cause " + failure.getCause();
    }
  }

  private void talk(StoreClient client) {
    int connection = CONNECTIONS.incrementAndGet();
    int lost = client.reconnections();
    while (!stop && broken == null && client.isUsable()) {
      Commands.Drawn drawn = commands.next(random);
      int operation;
      synchronized (history) {
        operation = history.called(connection, drawn.key(), drawn.command(), System.nanoTime());
      }
      StoreClient.Outcome outcome = client.ask(drawn.key(), drawn.command());
      int lostNow = client.reconnections();
      synchronized (history) {
        note(operation, outcome, System.nanoTime());
        // Each time its connection broke the library may have sent it once more.
        for (; lost < lostNow; lost++) {
          history.repeated(operation, CONNECTIONS.incrementAndGet());
        }
      }
      if (outcome instanceof StoreClient.Outcome.Broken error) {
        broken = drawn.command().show() + " " + drawn.key() + " -> " + error.text();
      } else if (outcome instanceof StoreClient.Outcome.Answered told) {
        learn(drawn, told.answer());
        answered.incrementAndGet();
      } else if (outcome instanceof StoreClient.Outcome.Unknown && client.reconnects()) {
        // Nothing orders what comes on a new connection behind what was lost with the old one.
        connection = CONNECTIONS.incrementAndGet();
      }
      pause(PAUSE_MILLIS);
    }
  }

  private void note(int operation, StoreClient.Outcome outcome, long now) {
    if (outcome instanceof StoreClient.Outcome.Answered told) {
      history.returned(operation, told.answer(), now);
    } else if (outcome instanceof StoreClient.Outcome.Refused) {
      history.refused(operation, now);
    }
  }

  private void learn(Commands.Drawn drawn, Answer answer) {
    if (drawn.command() instanceof KeyCommand.Get && answer instanceof Answer.Text text) {
      commands.saw(drawn.key(), text.value());
    } else if (drawn.command() instanceof KeyCommand.Swap swap && answer == Answer.Word.DONE) {
      commands.saw(drawn.key(), swap.value());
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
