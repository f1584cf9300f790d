package io.shardwell.server;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.netty.buffer.ByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.LoggerFactory;

/**
 * Netty's leak detector at its strictest, looking at every buffer, and what it reported. Taken from
 * its log, because the detectors of a JVM are made with its first buffers and cannot be replaced.
 */
final class LeakReports extends AppenderBase<ILoggingEvent> implements AutoCloseable {

  private static final int COLLECTIONS = 50;

  private final Logger logger = (Logger) LoggerFactory.getLogger(ResourceLeakDetector.class);
  private final ResourceLeakDetector.Level before = ResourceLeakDetector.getLevel();
  private final List<String> reports = new CopyOnWriteArrayList<>();

  private LeakReports() {}

  /** Begins to look. A buffer leaked on purpose shows that it sees. */
  static LeakReports begin() {
    LeakReports begun = new LeakReports();
    begun.setContext(begun.logger.getLoggerContext());
    begun.start();
    begun.logger.addAppender(begun);
    ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.PARANOID);
    leak();
    for (int i = 0; i < COLLECTIONS && begun.reports.isEmpty(); i++) {
      collect();
    }
    assertThat(begun.reports).as("the leak made on purpose").isNotEmpty();
    begun.reports.clear();
    return begun;
  }

  /** Everything reported since the beginning, after a look at what was not reported yet. */
  List<String> all() {
    for (int i = 0; i < 5; i++) {
      collect();
    }
    return reports;
  }

  private static void leak() {
    ByteBufAllocator.DEFAULT.directBuffer(16).writeByte(1);
  }

  /** Reports are made when a buffer is allocated after leaked ones were collected. */
  private static void collect() {
    System.gc();
    ByteBufAllocator.DEFAULT.directBuffer(16).release();
  }

  @Override
  protected void append(ILoggingEvent event) {
    reports.add(event.getFormattedMessage());
  }

  @Override
  public void close() {
    ResourceLeakDetector.setLevel(before);
    logger.detachAppender(this);
  }
}
