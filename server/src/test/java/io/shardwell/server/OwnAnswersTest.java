package io.shardwell.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.shardwell.server.command.MemorySetting;
import io.shardwell.statemachine.EvictionPolicy;
import io.shardwell.statemachine.MemoryLimit;
import io.shardwell.statemachine.Reply;
import java.util.Collections;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * What the node itself answers is short to ask and may take long: a pipeline of it must not hold a
 * turn up, in which nobody's heartbeats are answered. A connection without a socket, on a node
 * whose memory setting takes a millisecond to tell.
 */
class OwnAnswersTest {

  private static final int REQUESTS = 200;
  private static final long ONE_NANOS = 1_000_000;

  private final SocketlessClient client =
      new SocketlessClient(IllegalStateException::new, new SlowMemory());

  @Test
  void aTurnHasOneConnectionsForFiveMilliseconds() {
    String[] requests =
        Collections.nCopies(REQUESTS, "CONFIG GET maxmemory").toArray(new String[0]);
    int answered = answers(client.send(requests));
    assertThat(answered).isBetween(1, 5);
    for (int turn = 1; answered < REQUESTS && turn <= REQUESTS; turn++) {
      int now = answers(client.nextTurn());
      assertThat(now).as("turn %s", turn).isBetween(1, 5);
      answered += now;
    }
    assertThat(answered).isEqualTo(REQUESTS);
    assertThat(answers(client.nextTurn())).isZero();
    assertThat(client.send("PING")).isEqualTo("+PONG\r\n");
    assertThat(client.faults).isEmpty();
  }

  private static int answers(String text) {
    return text.split("maxmemory", -1).length - 1;
  }

  private final class SlowMemory implements MemorySetting {
    @Override
    public MemoryLimit current() {
      client.takes(ONE_NANOS);
      return MemoryLimit.NONE;
    }

    @Override
    public boolean isOutOfMemory() {
      return false;
    }

    @Override
    public void change(
        @Nullable Long bytes, @Nullable EvictionPolicy policy, Consumer<Reply> onReply) {
      throw new AssertionError("nobody changes it");
    }
  }
}
