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
  private static final ThreadLocal<@Nullable BiConsumer<String, @Nullable Throwable>> SINK =
      new ThreadLocal<>();
  private static final ThreadLocal<@Nullable BiConsumer<String, String>> READER =
      new ThreadLocal<>();

  /**
   * From now on errors that the consensus library logs in this thread, where a cluster runs as a
   * whole, go there; null: nowhere.
   */
  static void divert(
      @Nullable BiConsumer<String, @Nullable Throwable> errors,
      @Nullable BiConsumer<String, String> everything) {
    SINK.set(errors);
    READER.set(everything);
  }

  @Override
  protected void append(ILoggingEvent event) {
    BiConsumer<String, @Nullable Throwable> sink = SINK.get();
    BiConsumer<String, String> reader = READER.get();
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
