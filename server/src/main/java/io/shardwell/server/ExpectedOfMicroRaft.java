package io.shardwell.server;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.core.filter.Filter;
import ch.qos.logback.core.spi.FilterReply;
import java.util.Set;

/**
 * Keeps out of the log what MicroRaft says with alarm of things that happen in every healthy
 * cluster, with each change of leader: whoever searches the log for errors at night must find some.
 *
 * <p>Two of them: an error without a throwable for each hand-over that was answered after its end,
 * and a warning with the stack trace of the exception that it completes open calls with. All else
 * of MicroRaft is logged, and {@link MicroRaftFaultAppender} sees these as well.
 */
public final class ExpectedOfMicroRaft extends Filter<ILoggingEvent> {

  // By name: MicroRaft's classes are raft-group's alone.
  private static final String COMPLETES_CALLS =
      "io.microraft.exception.IndeterminateStateException";

  private static final Set<String> EXPECTED =
      Set.of("io.microraft.impl.task.TransferLeadershipTask", "io.microraft.impl.state.RaftState");

  @Override
  public FilterReply decide(ILoggingEvent event) {
    if (!EXPECTED.contains(event.getLoggerName()) || event.getLevel().levelInt < Level.WARN_INT) {
      return FilterReply.NEUTRAL;
    }
    IThrowableProxy thrown = event.getThrowableProxy();
    return thrown == null || thrown.getClassName().equals(COMPLETES_CALLS)
        ? FilterReply.DENY
        : FilterReply.NEUTRAL;
  }
}
