package io.shardwell.statemachine;

import java.util.ArrayList;
import java.util.List;

/** Calls as bytes: in batches, and in batches of reads between nodes. */
public final class InvocationCodec {
  private InvocationCodec() {}

  /** The bytes of some calls, in order. */
  public static byte[] encode(List<Invocation> invocations) {
    ByteWriter out = new ByteWriter(64);
    out.writeVarint(invocations.size());
    for (Invocation invocation : invocations) {
      write(out, invocation);
    }
    return out.toBytes();
  }

  /**
   * The calls that {@link #encode} was given. Arity and sizes are not checked again: a shard
   * answers a call with wrong ones by an error.
   *
   * @throws MalformedBytesException if the bytes are not an encoding, or name a command unknown
   *     here
   */
  public static List<Invocation> decode(byte[] bytes) {
    ByteReader in = new ByteReader(bytes);
    int count = in.readCount(bytes.length, "call count");
    List<Invocation> invocations = new ArrayList<>(Math.min(count, 1024));
    for (int i = 0; i < count; i++) {
      invocations.add(read(in));
    }
    in.expectEnd();
    return invocations;
  }

  static void write(ByteWriter out, Invocation invocation) {
    out.writeVarint(invocation.command().wireId());
    int count = invocation.argumentCount();
    out.writeVarint(count);
    for (int i = 0; i < count; i++) {
      out.writeBytes(invocation.argument(i));
    }
  }

  static Invocation read(ByteReader in) {
    int wireId = in.readCount(Integer.MAX_VALUE, "wire id");
    Command command = Command.byWireId(wireId);
    if (command == null) {
      throw new MalformedBytesException("unknown command, wire id " + wireId);
    }
    int count = in.readCount(Limits.MAX_ARGUMENTS, "argument count");
    byte[][] arguments = new byte[count][];
    for (int i = 0; i < count; i++) {
      arguments[i] = in.readBytes();
    }
    return new Invocation(command, arguments);
  }
}
