package io.shardwell.statemachine;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A decoded batch: whose it is, its number, and its calls. The reverse of {@link BatchBuilder}. */
record Batch(SessionKey key, long sequence, long acknowledgedSequence, List<Call> calls) {
  /** What a session sends as one: executed as a whole, answered by one reply. */
  sealed interface Call {
    /** How many commands that is. */
    int commands();
  }

  /** A single command. */
  record Single(Invocation invocation) implements Call {
    @Override
    public int commands() {
      return 1;
    }
  }

  /** Several with nothing in between. */
  record Together(Transaction transaction) implements Call {
    @Override
    public int commands() {
      return transaction.calls().size();
    }
  }

  /** How many commands the batch has, those of transactions counted one by one. */
  int commands() {
    int count = 0;
    for (Call call : calls) {
      count += call.commands();
    }
    return count;
  }

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
    List<Call> calls = new ArrayList<>(Math.min(count, Limits.MAX_BATCH_COMMANDS));
    for (int i = 0; i < count; i++) {
      Invocation call = InvocationCodec.read(in);
      calls.add(
          call.command() == Command.TRANSACTION
              ? new Together(Transaction.of(call))
              : new Single(call));
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
