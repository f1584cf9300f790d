package io.shardwell.jepsen.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.DefaultClientResources;
import io.shardwell.jepsen.checker.History;
import io.shardwell.jepsen.checker.KeyCommand;
import io.shardwell.jepsen.process.NonsenseServer;
import java.io.IOException;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.HostAndPort;

/**
 * Shows that an answer of no type or of another one than the command's is told as a broken promise,
 * through both libraries and by the clients of a round, and that a connection that ends, in the
 * middle of an answer too, is not: a server that says the same to everything.
 */
class NonsenseTest {
  /** One of each kind. */
  private static final List<KeyCommand> COMMANDS =
      List.of(
          new KeyCommand.Get(),
          new KeyCommand.Increment(1),
          new KeyCommand.Append("a"),
          new KeyCommand.Delete(),
          new KeyCommand.Expire(100),
          new KeyCommand.TimeToLive(),
          KeyCommand.set("a"),
          new KeyCommand.Swap("a", "b"));

  private static final String NONE = "?what\r\n";

  /** Of no command's type; Lettuce takes its element for the answer. */
  private static final String LIST = "*1\r\n:1\r\n";

  private static ClientResources threads;

  @BeforeAll
  static void begin() {
    threads =
        DefaultClientResources.builder().ioThreadPoolSize(2).computationThreadPoolSize(2).build();
  }

  @AfterAll
  static void end() {
    threads.shutdown(0, 2, TimeUnit.SECONDS).awaitUninterruptibly(5_000);
  }

  private static List<Function<HostAndPort, StoreClient>> libraries() {
    return List.of(JedisStore::new, server -> new LettuceStore(server, threads));
  }

  @Test
  void anAnswerThatIsNoneIsBroken() throws IOException {
    for (KeyCommand command : COMMANDS) {
      isBroken(NONE, command, libraries());
      isBroken(LIST, command, List.of(JedisStore::new));
    }
    isBroken("+five\r\n", new KeyCommand.Increment(1), libraries());
    // Lettuce takes the text's digits.
    isBroken("$1\r\n5\r\n", new KeyCommand.TimeToLive(), List.of(JedisStore::new));
    isBroken(":5\r\n", KeyCommand.set("a"), libraries());
    isBroken(":5\r\n", new KeyCommand.Get(), libraries());
  }

  private static void isBroken(
      String answer, KeyCommand command, List<Function<HostAndPort, StoreClient>> libraries)
      throws IOException {
    for (Function<HostAndPort, StoreClient> library : libraries) {
      try (NonsenseServer server = new NonsenseServer(answer, false);
          StoreClient client = library.apply(server.address())) {
        assertThat(client.ask("key", command))
            .as("%s to %s of %s", answer, command.show(), client.getClass())
            .isInstanceOf(StoreClient.Outcome.Broken.class);
      }
    }
  }

  @Test
  void aConnectionThatEndsLeavesNoOutcome() throws IOException {
    for (String beginning : List.of("", "$", "$5\r\nab", ":1")) {
      try (NonsenseServer server = new NonsenseServer(beginning, true);
          StoreClient client = new JedisStore(server.address())) {
        assertThat(client.ask("key", new KeyCommand.Get()))
            .as(beginning)
            .isEqualTo(new StoreClient.Outcome.Unknown());
      }
    }
  }

  @Tag("chaos") // It takes the library's time-out.
  @Test
  void aLibraryThatConnectsAgainEndsWithoutAnOutcome() throws IOException {
    try (NonsenseServer server = new NonsenseServer("$5\r\nab", true);
        StoreClient client = new LettuceStore(server.address(), threads)) {
      assertThat(client.ask("key", new KeyCommand.Get()))
          .isEqualTo(new StoreClient.Outcome.Unknown());
    }
  }

  @Test
  void clientsOfARoundTellIt() throws IOException, InterruptedException {
    for (String answer : List.of(NONE, ":1\r\n")) {
      try (NonsenseServer server = new NonsenseServer(answer, false)) {
        for (Function<HostAndPort, StoreClient> library : libraries()) {
          JudgedClient client =
              new JudgedClient(
                  0, () -> library.apply(server.address()), new Commands(), new History(), 1);
          client.start();
          client.join(20_000);
          assertThat(client.broken()).contains(" -> ");
        }
        Queue<String> problems = new ConcurrentLinkedQueue<>();
        Probe probe = new Probe(server.address(), 0, 0, "tag", new Availability(1), problems);
        probe.start();
        probe.join(20_000);
        assertThat(problems).hasSize(1).first().asString().contains("SET {tag}:probe:n1:0");
      }
    }
  }

  @Test
  void aClientsThreadThatEndsIsTold() throws InterruptedException {
    JudgedClient client =
        new JudgedClient(
            0,
            () -> {
              throw new IllegalStateException("a bug of the library");
            },
            new Commands(),
            new History(),
            1);
    client.start();
    client.join(20_000);
    assertThat(client.broken()).contains("a bug of the library");
  }
}
