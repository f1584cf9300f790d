package io.shardwell.statemachine;

import java.nio.charset.StandardCharsets;

/**
 * Names one ordered, duplicate-free stream of batches to a shard.
 *
 * @param nodeId the sending node, 1 to {@link Limits#MAX_NODE_ID_BYTES} bytes of UTF-8
 * @param incarnation of the node: new with each empty data directory
 * @param boot counted up at each start of the node, not negative: a restarted node must never look
 *     like a repetition of its former self
 */
public record SessionKey(String nodeId, long incarnation, long boot) {
  public SessionKey {
    checkNodeId(nodeId);
    if (boot < 0) {
      throw new IllegalArgumentException("negative boot number " + boot);
    }
  }

  static void checkNodeId(String nodeId) {
    int bytes = nodeId.getBytes(StandardCharsets.UTF_8).length;
    if (bytes == 0 || bytes > Limits.MAX_NODE_ID_BYTES) {
      throw new IllegalArgumentException("node id of " + bytes + " bytes");
    }
  }
}
