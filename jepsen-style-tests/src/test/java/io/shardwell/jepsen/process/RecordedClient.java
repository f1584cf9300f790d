package io.shardwell.jepsen.process;

import io.shardwell.jepsen.checker.Answer;
import io.shardwell.jepsen.checker.History;
import io.shardwell.jepsen.checker.KeyCommand;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.params.SetParams;

/**
 * A thread that talks to one node through Jedis and writes down every call and answer. After a lost
 * connection it connects again and is another client from then on.
 */
final class RecordedClient extends Thread {
  private static final AtomicInteger CONNECTIONS = new AtomicInteger();
  private static final AtomicInteger UNIQUE = new AtomicInteger();
  private static final int KEYS_OF_EACH_KIND = 2;

  private final HostAndPort server;
  private final History history;
  private final Random random;
  private volatile boolean stop;
  private volatile @Nullable String broken;
  private final AtomicInteger answered = new AtomicInteger();

  RecordedClient(HostAndPort server, History history, long seed) {
    super("client of " + server + " " + seed);
    setDaemon(true);
    setUncaughtExceptionHandler((thread, failure) -> broken = "its thread ended: " + failure);
    this.server = server;
    this.history = history;
    this.random = new Random(seed);
  }

  void finish() throws InterruptedException {
    stop = true;
    join(20_000);
    if (isAlive()) {
      broken = "hangs";
    }
  }

  /** Null, or an answer that no store may give. */
  @Nullable String broken() {
    return broken;
  }

  int answered() {
    return answered.get();
  }

  @Override
  public void run() {
    while (!stop && broken == null) {
      int client = CONNECTIONS.incrementAndGet();
      try (Jedis jedis = connect(server)) {
        while (!stop && broken == null && !jedis.isBroken()) {
          one(jedis, client);
        }
      } catch (JedisConnectionException failure) {
        lost("connecting", failure);
      }
    }
  }

  /** To connect again is the end of it, if it was nothing but that. */
  private void lost(String command, JedisConnectionException failure) {
    if (LostConnection.explains(failure)) {
      pause(50);
    } else {
      broken = command + " -> " + failure;
    }
  }

  static Jedis connect(HostAndPort server) {
    return new Jedis(
        server,
        DefaultJedisClientConfig.builder()
            .connectionTimeoutMillis(1_000)
            .socketTimeoutMillis(4_000)
            .build());
  }

  private static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void one(Jedis jedis, int client) {
    int i = random.nextInt(KEYS_OF_EACH_KIND);
    boolean read = random.nextInt(3) == 0;
    switch (random.nextInt(4)) {
      case 0 -> execute(jedis, client, "register" + i, read ? get() : KeyCommand.set(value()));
      case 1 -> execute(jedis, client, "counter" + i, read ? get() : new KeyCommand.Increment(1));
      case 2 -> execute(jedis, client, "list" + i, read ? get() : new KeyCommand.Append(element()));
      default ->
          execute(
              jedis,
              client,
              "once" + i,
              read
                  ? get()
                  : random.nextBoolean()
                      ? KeyCommand.setIfAbsent(value())
                      : new KeyCommand.Delete());
    }
  }

  private static KeyCommand get() {
    return new KeyCommand.Get();
  }

  private static String value() {
    return "v" + UNIQUE.incrementAndGet();
  }

  private static String element() {
    return "<" + UNIQUE.incrementAndGet() + ">";
  }

  private void execute(Jedis jedis, int client, String key, KeyCommand command) {
    int operation;
    synchronized (history) {
      operation = history.called(client, key, command, System.nanoTime());
    }
    try {
      Answer answer = ask(jedis, key, command);
      answered.incrementAndGet();
      synchronized (history) {
        history.returned(operation, answer, System.nanoTime());
      }
    } catch (JedisConnectionException failure) {
      lost(command.show() + " " + key, failure);
    } catch (ClassCastException | NumberFormatException wrong) {
      // An answer of another type than the command's.
      broken = command.show() + " " + key + " -> " + wrong;
    } catch (JedisDataException refused) {
      String text = String.valueOf(refused.getMessage());
      if (text.startsWith("CLUSTERDOWN") || text.startsWith("TRYAGAIN")) {
        synchronized (history) {
          history.refused(operation, System.nanoTime());
        }
        pause(20);
      } else if (!text.startsWith("INDETERMINATE")) {
        broken = command.show() + " " + key + " -> " + text;
      }
    }
  }

  static Answer ask(Jedis jedis, String key, KeyCommand command) {
    if (command instanceof KeyCommand.Get) {
      String value = jedis.get(key);
      return value == null ? Answer.Word.NIL : Answer.text(value);
    } else if (command instanceof KeyCommand.Increment increment) {
      return Answer.number(jedis.incrBy(key, increment.by()));
    } else if (command instanceof KeyCommand.Append append) {
      return Answer.number(jedis.append(key, append.suffix()));
    } else if (command instanceof KeyCommand.Delete) {
      return Answer.number(jedis.del(key));
    } else if (command instanceof KeyCommand.Set set) {
      SetParams options = new SetParams();
      if (set.condition() == KeyCommand.Condition.IF_ABSENT) {
        options.nx();
      }
      String done = jedis.set(key, set.value(), options);
      return done == null
          ? Answer.Word.NIL
          : done.equals("OK") ? Answer.Word.DONE : Answer.text(done);
    }
    throw new IllegalArgumentException(command.show());
  }

  static java.util.List<String> allKeys() {
    java.util.List<String> keys = new java.util.ArrayList<>();
    for (String kind : java.util.List.of("register", "counter", "list", "once")) {
      for (int i = 0; i < KEYS_OF_EACH_KIND; i++) {
        keys.add(kind + i);
      }
    }
    return keys;
  }
}
