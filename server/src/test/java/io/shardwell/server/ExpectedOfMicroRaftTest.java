package io.shardwell.server;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.spi.FilterReply;
import io.microraft.exception.IndeterminateStateException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Shows what is kept out of a node's log, and that nothing else is. */
class ExpectedOfMicroRaftTest {

  private static final String HAND_OVER = "io.microraft.impl.task.TransferLeadershipTask";
  private static final String STATE = "io.microraft.impl.state.RaftState";

  private final LoggerContext context = new LoggerContext();

  private FilterReply decide(String logger, Level level, @Nullable Throwable thrown) {
    Logger source = context.getLogger(logger);
    return new ExpectedOfMicroRaft()
        .decide(new LoggingEvent(logger, source, level, "said", thrown, null));
  }

  @Test
  void whatEachChangeOfLeaderSaysIsKeptOut() {
    assertThat(decide(HAND_OVER, Level.ERROR, null)).isEqualTo(FilterReply.DENY);
    assertThat(decide(STATE, Level.WARN, new IndeterminateStateException()))
        .isEqualTo(FilterReply.DENY);
  }

  @Test
  void faultsAndOthersAreLogged() {
    assertThat(decide(HAND_OVER, Level.ERROR, new AssertionError())).isEqualTo(FilterReply.NEUTRAL);
    assertThat(decide(STATE, Level.ERROR, new IllegalStateException()))
        .isEqualTo(FilterReply.NEUTRAL);
    assertThat(decide("io.microraft.impl.RaftNodeImpl", Level.ERROR, null))
        .isEqualTo(FilterReply.NEUTRAL);
  }
}
