package io.shardwell.raftgroup.cluster;

import io.shardwell.raftgroup.EventLoop;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings the wish of a node that gave up its data before `meta`: to be taken in under its new
 * incarnation (decision 0017). The wish is heard with every Hello of that node until it is granted,
 * so nothing is kept here and a lost proposal is made again. Loop thread only.
 */
public final class Admission {

  private static final Logger LOGGER = LoggerFactory.getLogger(Admission.class);

  private static final long PERIOD_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final EventLoop loop;
  private final Predicate<byte[]> announce;
  private final Map<String, Long> lastNanos = new TreeMap<>();

  /**
   * @param announce sends a change to whoever leads `meta`; false if that is not known
   */
  public Admission(EventLoop loop, Predicate<byte[]> announce) {
    this.loop = loop;
    this.announce = announce;
  }

  /** A node asks; proposes it, once a second at most, unless the map has decided it. */
  public void wantsBack(String nodeId, long incarnation, ClusterMap known) {
    ClusterMap.Node current = known.nodes().get(nodeId);
    if (current == null
        || current.incarnation() == incarnation
        || known.hasRetired(nodeId, incarnation)) {
      return;
    }
    long now = loop.nanoTime();
    Long last = lastNanos.get(nodeId);
    if (last != null && now - last < PERIOD_NANOS) {
      return;
    }
    if (announce.test(MetaState.replacement(nodeId, current.incarnation(), incarnation))) {
      lastNanos.put(nodeId, now);
      LOGGER.info(
          "node {} has given up its data: proposing to take it in as {}",
          nodeId,
          Long.toHexString(incarnation));
    }
  }
}
