package io.shardwell.raftgroup;

import java.util.Set;
import java.util.TreeSet;

/**
 * The nodes that are known to stand aside because of their disks: they say so in their pulses. For
 * the choice of leaders and for words to clients, never for safety. Loop thread only.
 */
public final class FullDisks {

  private final Set<String> nodes = new TreeSet<>();

  /** What a node, perhaps this one, says of itself. */
  void heard(String nodeId, boolean low) {
    if (low) {
      nodes.add(nodeId);
    } else {
      nodes.remove(nodeId);
    }
  }

  /** Whether the node has said so, and not taken it back. */
  public boolean contains(String nodeId) {
    return nodes.contains(nodeId);
  }

  /** For an error's text: empty, or a clause that names the nodes and begins with a semicolon. */
  public String clause() {
    return nodes.isEmpty() ? "" : "; disk below min-free-bytes on " + String.join(", ", nodes);
  }
}
