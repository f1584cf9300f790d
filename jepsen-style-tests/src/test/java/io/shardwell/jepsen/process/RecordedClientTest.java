package io.shardwell.jepsen.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.shardwell.jepsen.checker.History;
import java.io.IOException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Shows that no answer that is none passes for a lost connection or ends a client unseen. */
class RecordedClientTest {

  // Of no type, and of types that some command of the client's does not have.
  @ParameterizedTest
  @ValueSource(strings = {"?what\r\n", "*1\r\n:1\r\n", ":1\r\n", "+what\r\n"})
  void nonsenseIsTold(String answer) throws IOException, InterruptedException {
    try (NonsenseServer server = new NonsenseServer(answer, false)) {
      RecordedClient client = new RecordedClient(server.address(), new History(), 1);
      client.start();
      // It ends by itself, at its first command of another type; in vain it would go on.
      client.join(20_000);
      assertThat(client.isAlive()).isFalse();
      assertThat(client.broken()).contains(" -> ");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "$5\r\nab"})
  void aLostConnectionIsNone(String beginning) throws IOException, InterruptedException {
    try (NonsenseServer server = new NonsenseServer(beginning, true)) {
      History history = new History();
      RecordedClient client = new RecordedClient(server.address(), history, 1);
      client.start();
      while (operations(history) < 5 && client.isAlive()) {
        Thread.sleep(1);
      }
      client.finish();
      assertThat(client.broken()).isNull();
    }
  }

  private static int operations(History history) {
    synchronized (history) {
      return history.size();
    }
  }
}
