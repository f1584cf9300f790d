package io.shardwell.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Shows that what MicroRaft merely logs stops the node on whose loop it was logged, and only that
 * one: the logger is used as MicroRaft uses it.
 */
class MicroRaftFaultAppenderTest {

  private static final Logger MICRORAFT = LoggerFactory.getLogger("io.microraft.impl.RaftNodeImpl");
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  @Test
  void anErrorWithAThrowableStopsItsOwnNodeInTheMiddleOfTheHandler() {
    BlockingQueue<String> after = new LinkedBlockingQueue<>();
    NodeFaults faults = new NodeFaults("broken", false);
    NettyEventLoop broken = NettyEventLoop.start("broken", faults);
    faults.halts(broken);
    NodeFaults otherFaults = new NodeFaults("other", false);
    NettyEventLoop other = NettyEventLoop.start("other", otherFaults);
    otherFaults.halts(other);
    other.execute(() -> MicroRaftFaultAppender.coverThisThread(otherFaults));
    broken.execute(() -> MicroRaftFaultAppender.coverThisThread(faults));
    broken.execute(() -> MICRORAFT.error("not a fault: nothing thrown"));
    broken.execute(() -> MICRORAFT.warn("not a fault: a warning", new IllegalStateException()));
    broken.execute(() -> after.add("alive"));
    broken.execute(
        () -> {
          MICRORAFT.error("caught and ignored", new AssertionError("a broken invariant"));
          after.add("went on half-way");
        });
    broken.execute(() -> after.add("next task"));
    assertThat(broken.awaitStopped(PATIENCE)).isTrue();
    assertThat(after).containsExactly("alive");
    assertThat(faults.first()).hasMessageContaining("MicroRaft: caught and ignored");
    assertThat(otherFaults.first()).isNull();
    other.stop();
    assertThat(other.awaitStopped(PATIENCE)).isTrue();
  }
}
