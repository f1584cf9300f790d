package io.shardwell.jepsen.simulation;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxy;
import ch.qos.logback.core.AppenderBase;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Where the loggers of a simulated cluster end. MicroRaft logs what it could not handle and goes
 * on; such an error is a fault of the node that runs at that moment (MICRORAFT B4). Named in
 * logback-test.xml.
 */
public final class ErrorLog extends AppenderBase<ILoggingEvent> {
  private static @Nullable BiConsumer<String, @Nullable Throwable> sink;
  private static @Nullable BiConsumer<String, String> reader;

  /** From now on errors of the consensus library go there; null: nowhere. */
  static void divert(
      @Nullable BiConsumer<String, @Nullable Throwable> errors,
      @Nullable BiConsumer<String, String> everything) {
    sink = errors;
    reader = everything;
  }

  @Override
  protected void append(ILoggingEvent event) {
    if (reader != null) {
      reader.accept(event.getLoggerName(), event.getFormattedMessage());
    }
    boolean thrown = event.getThrowableProxy() != null;
    if (sink != null && event.getLevel().isGreaterOrEqual(Level.ERROR) && thrown) {
      Throwable cause =
          event.getThrowableProxy() instanceof ThrowableProxy proxy ? proxy.getThrowable() : null;
      sink.accept(event.getLoggerName() + ": " + event.getFormattedMessage(), cause);
    }
  }
}
