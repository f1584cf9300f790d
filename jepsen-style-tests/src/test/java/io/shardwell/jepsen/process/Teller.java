package io.shardwell.jepsen.process;

import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.function.IntSupplier;
import java.util.stream.IntStream;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Response;
import redis.clients.jedis.Transaction;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;

/**
 * Moves money between the accounts of one bank, through one node, as an application would with
 * Jedis. What the outcome of a transfer was whose connection broke is in the receipt that it writes
 * together with the transfer.
 */
final class Teller extends Thread {
  private static final int ACCOUNTS = 6;
  private static final long OPENING = 100;

  private final String name;
  private final int bank;
  private final HostAndPort server;
  private final IntSupplier deaths;
  private final Queue<String> problems;
  private final Random random;
  private volatile boolean stop;
  // When the transfer, view or question under way began.
  private long began;
  // Read by others only after the end of this thread.
  private long done;
  private long conflicts;
  private long views;

  /**
   * @param deaths of the node, odd while it is dead
   */
  Teller(int number, int bank, HostAndPort server, IntSupplier deaths, Queue<String> problems) {
    super("teller-" + number);
    setDaemon(true);
    setUncaughtExceptionHandler((thread, failure) -> problems.add(getName() + ": " + failure));
    this.name = "teller-" + number;
    this.bank = bank;
    this.server = server;
    this.deaths = deaths;
    this.problems = problems;
    this.random = new Random(number);
  }

  static void open(HostAndPort server, int bank) {
    try (Jedis jedis = new Jedis(server)) {
      for (String account : accounts(bank)) {
        jedis.set(account, Long.toString(OPENING));
      }
    }
  }

  private static String[] accounts(int bank) {
    return IntStream.range(0, ACCOUNTS)
        .mapToObj(account -> "{bank" + bank + "}:" + account)
        .toArray(String[]::new);
  }

  private String receipts() {
    return "{bank" + bank + "}:" + name;
  }

  void finish() throws InterruptedException {
    stop = true;
    join(60_000);
    if (isAlive()) {
      problems.add(name + " hangs");
    }
  }

  long done() {
    return done;
  }

  long conflicts() {
    return conflicts;
  }

  long views() {
    return views;
  }

  /** After {@link #finish}. */
  void checkReceipts(HostAndPort anyServer) {
    try (Jedis jedis = new Jedis(anyServer)) {
      long written = jedis.incrBy(receipts(), 0);
      if (written != done) {
        problems.add(name + " has " + written + " receipts for " + done + " transfers");
      }
      view(jedis);
    }
  }

  @Override
  public void run() {
    boolean uncertain = false;
    while (!stop || uncertain) {
      int life = deaths.getAsInt();
      if (life % 2 != 0) {
        pause(50);
        continue;
      }
      try (Jedis jedis = connect()) {
        if (uncertain) {
          began = System.nanoTime();
          long written = jedis.incrBy(receipts(), 0);
          if (written != done && written != done + 1) {
            problems.add(name + " has " + written + " receipts after " + done + " transfers");
          }
          done = written;
          uncertain = false;
        }
        while (!stop) {
          began = System.nanoTime();
          transfer(jedis);
          began = System.nanoTime();
          view(jedis);
          pause(2);
        }
      } catch (JedisConnectionException lost) {
        uncertain = true;
        if (!LostConnection.explains(lost)) {
          problems.add(name + ": " + lost);
          return;
        }
        if (deaths.getAsInt() == life) {
          problems.add(name + " lost its connection to a living node: " + lost.getMessage());
          return;
        }
      } catch (JedisDataException error) {
        if (!Hesitation.isOne(error)) {
          problems.add(name + ": " + error.getMessage());
          return;
        }
        Hesitation.check(error, System.nanoTime() - began, name, problems);
        // The receipts tell, on a new connection.
        uncertain = true;
      } catch (JedisException error) {
        problems.add(name + ": " + error.getMessage());
        return;
      }
    }
  }

  private Jedis connect() {
    return new Jedis(
        server,
        DefaultJedisClientConfig.builder()
            .connectionTimeoutMillis(2_000)
            .socketTimeoutMillis(10_000)
            .build());
  }

  private void transfer(Jedis jedis) {
    String[] accounts = accounts(bank);
    String from = accounts[random.nextInt(ACCOUNTS)];
    String to = accounts[random.nextInt(ACCOUNTS)];
    jedis.watch(from, to);
    long balance = Long.parseLong(jedis.get(from));
    long amount = random.nextInt(30);
    if (from.equals(to) || balance < amount) {
      jedis.unwatch();
      return;
    }
    long other = Long.parseLong(jedis.get(to));
    try (Transaction transaction = jedis.multi()) {
      transaction.set(from, Long.toString(balance - amount));
      transaction.set(to, Long.toString(other + amount));
      Response<Long> receipt = transaction.incr(receipts());
      if (transaction.exec() == null) {
        conflicts++;
        return;
      }
      done++;
      if (receipt.get() != done) {
        problems.add(name + " got receipt " + receipt.get() + " for transfer " + done);
      }
    }
  }

  /** All accounts at one moment. */
  private void view(Jedis jedis) {
    List<Response<String>> balances;
    try (Transaction transaction = jedis.multi()) {
      balances = IntStream.range(0, ACCOUNTS).mapToObj(i -> get(transaction, i)).toList();
      if (transaction.exec() == null) {
        problems.add(name + ": a view that watches nothing was given up");
        return;
      }
    }
    long total = 0;
    for (Response<String> balance : balances) {
      long value = Long.parseLong(balance.get());
      total += value;
      if (value < 0) {
        problems.add(name + " saw an account at " + value);
      }
    }
    if (total != ACCOUNTS * OPENING) {
      problems.add(name + " saw " + total + " in all");
    }
    views++;
  }

  private Response<String> get(Transaction transaction, int account) {
    return transaction.get(accounts(bank)[account]);
  }

  private static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
