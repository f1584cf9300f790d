package io.shardwell.server;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.core.joran.spi.JoranException;
import java.net.URL;
import java.util.Objects;
import org.slf4j.LoggerFactory;

/** How a node that is its own process logs: to standard output, one line per event, in UTC. */
final class NodeLogging {

  private static final String CONFIGURATION = "node-logback.xml";

  private NodeLogging() {}

  /**
   * Sets logging up for a standalone node, unless the operator has chosen a configuration of their
   * own with {@code -Dlogback.configurationFile}. Embedded nodes leave logging to their program.
   *
   * <p>The level is INFO, or what {@code -Dshardwell.loglevel} says.
   *
   * @param nodeId shown in each line
   */
  static void standalone(String nodeId) {
    if (System.getProperty("logback.configurationFile") != null
        || !(LoggerFactory.getILoggerFactory() instanceof LoggerContext context)) {
      return;
    }
    URL configuration =
        Objects.requireNonNull(NodeLogging.class.getResource(CONFIGURATION), CONFIGURATION);
    context.reset();
    context.putProperty("node", nodeId);
    context.putProperty("level", System.getProperty("shardwell.loglevel", "INFO"));
    JoranConfigurator configurator = new JoranConfigurator();
    configurator.setContext(context);
    try {
      configurator.doConfigure(configuration);
    } catch (JoranException e) {
      throw new IllegalStateException("unusable " + CONFIGURATION, e);
    }
  }
}
