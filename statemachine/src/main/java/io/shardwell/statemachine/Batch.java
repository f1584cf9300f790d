package io.shardwell.statemachine;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A decoded batch: whose it is, its number, and its calls. The reverse of {@link BatchBuilder}. */
record Batch(SessionKey key, long sequence, long acknowledgedSequence, List<Invocation> calls) {
  /**
   * Reads the rest of the bytes as a batch, completely before anything is executed.
   *
   * @throws MalformedBytesException if they are none
   */
  static Batch read(ByteReader in) {
    SessionKey key = new SessionKey(readNodeId(in), in.readLong(), in.readNatural("boot number"));
    long sequence = in.readNatural("sequence");
    long acknowledged = in.readNatural("acknowledged sequence");
    if (acknowledged >= sequence) {
      throw new MalformedBytesException("batch " + sequence + " acknowledges " + acknowledged);
    }
    int count = in.readCount(Integer.MAX_VALUE, "call count");
    List<Invocation> calls = new ArrayList<>(Math.min(count, Limits.MAX_BATCH_COMMANDS));
    for (int i = 0; i < count; i++) {
      calls.add(InvocationCodec.read(in));
    }
    in.expectEnd();
    return new Batch(key, sequence, acknowledged, calls);
  }

  static String readNodeId(ByteReader in) {
    byte[] bytes = in.readBytes();
    if (bytes.length == 0 || bytes.length > Limits.MAX_NODE_ID_BYTES) {
      throw new MalformedBytesException("node id of " + bytes.length + " bytes");
    }
    String nodeId = new String(bytes, StandardCharsets.UTF_8);
    if (!Arrays.equals(nodeId.getBytes(StandardCharsets.UTF_8), bytes)) {
      throw new MalformedBytesException("node id is not UTF-8");
    }
    return nodeId;
  }
}
