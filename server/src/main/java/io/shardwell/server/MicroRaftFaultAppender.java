package io.shardwell.server;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxy;
import ch.qos.logback.core.UnsynchronizedAppenderBase;
import io.shardwell.storage.FaultHandler;
import org.jspecify.annotations.Nullable;
import org.slf4j.ILoggerFactory;
import org.slf4j.LoggerFactory;

/**
 * Makes MicroRaft's last resort ours: it logs what it should never have caught and goes on half-way
 * through a handler (MICRORAFT B4, B6). An error with a throwable from its loggers is a broken
 * invariant of the node on whose loop it was logged.
 */
final class MicroRaftFaultAppender extends UnsynchronizedAppenderBase<ILoggingEvent> {

  private static final String MICRORAFT = "io.microraft";

  // One appender for the process, many nodes: MicroRaft logs on the loop's thread of its node.
  private static final ThreadLocal<@Nullable FaultHandler> OF_THREAD = new ThreadLocal<>();

  private MicroRaftFaultAppender() {}

  /** Faults of MicroRaft on the calling thread go to this handler from now on. */
  static void coverThisThread(FaultHandler faults) {
    OF_THREAD.set(faults);
    ILoggerFactory factory = LoggerFactory.getILoggerFactory();
    if (factory instanceof LoggerContext context) {
      attach(context);
    } else {
      LoggerFactory.getLogger(MicroRaftFaultAppender.class)
          .warn(
              "Logging is not done by logback: errors that MicroRaft only logs will not stop the"
                  + " node");
    }
  }

  private static synchronized void attach(LoggerContext context) {
    ch.qos.logback.classic.Logger logger = context.getLogger(MICRORAFT);
    if (logger.getAppender(MICRORAFT) != null) {
      return;
    }
    MicroRaftFaultAppender appender = new MicroRaftFaultAppender();
    appender.setName(MICRORAFT);
    appender.setContext(context);
    appender.start();
    logger.addAppender(appender);
    if (logger.getLevel() == null) {
      logger.setLevel(Level.WARN);
    }
  }

  @Override
  protected void append(ILoggingEvent event) {
    FaultHandler faults = OF_THREAD.get();
    if (faults != null
        && event.getLevel().isGreaterOrEqual(Level.ERROR)
        && event.getThrowableProxy() instanceof ThrowableProxy proxy
        && !(proxy.getThrowable() instanceof NodeFault)) {
      faults.fault("MicroRaft: " + event.getFormattedMessage(), proxy.getThrowable());
    }
  }
}
