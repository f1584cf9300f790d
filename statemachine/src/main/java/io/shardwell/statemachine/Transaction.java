package io.shardwell.statemachine;

import java.util.ArrayList;
import java.util.List;

/**
 * What EXEC asks of a shard: calls that take effect together, in one log entry, if the watched keys
 * have not changed. As an {@link Invocation} its first argument holds the watched keys, each
 * further one a call, so that sessions and logs carry it like any other command.
 *
 * @param watched keys and the versions they must still have
 * @param calls in the order of their replies; each of a kind that concerns keys
 */
public record Transaction(List<Watched> watched, List<Invocation> calls) {
  /**
   * A key as it was when it was watched.
   *
   * @param version the index of the log entry that changed it last; 0 if it did not exist
   */
  @SuppressWarnings("ArrayRecordComponent") // Compared by nobody, never changed.
  public record Watched(byte[] key, long version) {}

  /** Most watched keys of one transaction. */
  public static final int MAX_WATCHED_KEYS = 1024;

  /** Most calls of one transaction. */
  public static final int MAX_CALLS = 65_536;

  /** Most bytes of its calls, as they travel. */
  public static final int MAX_BYTES = Limits.MAX_VALUE_BYTES;

  public Transaction {
    watched = List.copyOf(watched);
    calls = List.copyOf(calls);
    assert calls.stream().noneMatch(call -> call.command() == Command.TRANSACTION) : "nested";
  }

  /**
   * As a command for the shard of its keys. It is answered by an array, or nil if a key changed.
   */
  public Invocation invocation() {
    byte[][] arguments = new byte[calls.size() + 1][];
    ByteWriter out = new ByteWriter(16 + 32 * watched.size());
    out.writeVarint(watched.size());
    for (Watched each : watched) {
      out.writeBytes(each.key());
      out.writeLong(each.version());
    }
    arguments[0] = out.toBytes();
    for (int i = 0; i < calls.size(); i++) {
      ByteWriter call = new ByteWriter(calls.get(i).encodedBytes());
      InvocationCodec.write(call, calls.get(i));
      arguments[i + 1] = call.toBytes();
    }
    return new Invocation(Command.TRANSACTION, arguments);
  }

  /**
   * The opposite of {@link #invocation}.
   *
   * @throws MalformedBytesException if these are not a transaction's arguments
   */
  static Transaction read(Invocation invocation) {
    ByteReader in = new ByteReader(invocation.argument(0));
    int count = in.readCount(MAX_WATCHED_KEYS, "watched keys");
    List<Watched> watched = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      watched.add(new Watched(in.readBytes(), in.readLong()));
    }
    in.expectEnd();
    List<Invocation> calls = new ArrayList<>(invocation.argumentCount() - 1);
    for (int i = 1; i < invocation.argumentCount(); i++) {
      ByteReader call = new ByteReader(invocation.argument(i));
      Invocation read = InvocationCodec.read(call);
      call.expectEnd();
      if (read.command() == Command.TRANSACTION
          || read.command().spread() == Command.Spread.ALL_SHARDS) {
        throw new MalformedBytesException(read.command() + " in a transaction");
      }
      calls.add(read);
    }
    return new Transaction(watched, calls);
  }

  /** All keys it concerns, watched or used; repeated ones included. */
  List<byte[]> keys() {
    List<byte[]> keys = new ArrayList<>();
    watched.forEach(each -> keys.add(each.key()));
    calls.forEach(call -> keys.addAll(call.keys()));
    return keys;
  }
}
