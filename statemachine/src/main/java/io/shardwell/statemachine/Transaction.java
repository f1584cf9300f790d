package io.shardwell.statemachine;

import java.util.ArrayList;
import java.util.List;

/**
 * Calls that one log entry executes one after the other with nothing in between, if none of the
 * watched keys has changed. Immutable.
 *
 * <p>To a session it is one write, the call of a command that has no name; {@link Batch} takes it
 * apart again, so that bytes which are no transaction are found before anything is executed.
 *
 * @param calls on keys of one shard
 */
public record Transaction(List<Watched> watched, List<Invocation> calls) {
  /** The answer to a call that is to be queued and needs room where there is none. */
  public static final Reply.Failure CALL_WITHOUT_ROOM = Failures.OUT_OF_MEMORY;

  /** The answer to EXEC of a transaction that {@link #mayNeedRoom} where there is none. */
  public static final Reply.Failure WITHOUT_ROOM =
      new Reply.Failure("EXECABORT Transaction discarded because of: " + CALL_WITHOUT_ROOM.text());

  /** In place of a reply beyond {@link Limits#MAX_TRANSACTION_REPLY_BYTES}. */
  public static final Reply REPLY_LEFT_OUT = Failures.REPLY_LEFT_OUT;

  /**
   * A key that must not have changed.
   *
   * @param existed whether it was there when it was looked at
   * @param index the log entry after which that was
   */
  @SuppressWarnings("ArrayRecordComponent") // Never compared, never changed.
  public record Watched(byte[] key, boolean existed, long index) {}

  /** The words of the call that carries a transaction: a key, for its shard, and the two lists. */
  private static final int ARGUMENTS = 3;

  private static final byte[] NO_KEY = {};

  public Transaction {
    watched = List.copyOf(watched);
    calls = List.copyOf(calls);
  }

  /** The question that {@link #watched} reads the answer of; or why the keys are none. */
  public static Invocation.Parsed question(List<byte[]> keys) {
    Invocation question = new Invocation(Command.WATCHED, keys.toArray(byte[][]::new));
    Reply.Failure tooLarge = question.sizeFailure();
    return tooLarge == null ? new Invocation.Ok(question) : new Invocation.Bad(tooLarge);
  }

  /** What a call of WATCHED has seen, of its reply: the log's index, then 1 or 0 for each key. */
  public static List<Watched> watched(Invocation watch, Reply.Array reply) {
    List<byte[]> keys = watch.keys();
    long index = ((Reply.Int) reply.items().get(0)).value();
    List<Watched> all = new ArrayList<>(keys.size());
    for (int i = 0; i < keys.size(); i++) {
      all.add(new Watched(keys.get(i), reply.items().get(i + 1).equals(Reply.ONE), index));
    }
    return all;
  }

  /** Whether a call may stand in a transaction: it concerns keys, and is none itself. */
  public static boolean permits(Command command) {
    return command.firstKey() > 0 && command != Command.WATCHED && command != Command.TRANSACTION;
  }

  /** Whether any of the calls may need room for data. */
  public boolean mayNeedRoom() {
    return calls.stream().anyMatch(call -> call.command().mayNeedRoom());
  }

  /** All keys, watched ones first. */
  public List<byte[]> keys() {
    List<byte[]> keys = new ArrayList<>();
    watched.forEach(each -> keys.add(each.key()));
    calls.forEach(call -> keys.addAll(call.keys()));
    return keys;
  }

  /**
   * As one call. Without a key, for all its calls are malformed, any shard knows the error texts:
   * it goes where the empty key does.
   *
   * @throws IllegalArgumentException if there is a command that is not permitted, or a limit is
   *     exceeded
   */
  public Invocation toInvocation() {
    int arguments = 0;
    for (Invocation call : calls) {
      if (!permits(call.command())) {
        throw new IllegalArgumentException(call.command() + " in a transaction");
      }
      arguments += call.argumentCount();
    }
    if (calls.size() > Limits.MAX_TRANSACTION_COMMANDS
        || watched.size() > Limits.MAX_WATCHED_KEYS
        || arguments > Limits.MAX_TRANSACTION_ARGUMENTS) {
      throw new IllegalArgumentException("transaction of " + calls.size() + " commands");
    }
    List<byte[]> keys = keys();
    ByteWriter preconditions = new ByteWriter(64);
    preconditions.writeVarint(watched.size());
    for (Watched each : watched) {
      preconditions.writeBytes(each.key());
      preconditions.writeByte(each.existed() ? 1 : 0);
      preconditions.writeVarint(each.index());
    }
    return new Invocation(
        Command.TRANSACTION,
        new byte[][] {
          keys.isEmpty() ? NO_KEY : keys.get(0),
          preconditions.toBytes(),
          InvocationCodec.encode(calls)
        });
  }

  /**
   * The reverse of {@link #toInvocation}.
   *
   * @throws MalformedBytesException if the call carries none
   */
  static Transaction of(Invocation carrier) {
    if (carrier.argumentCount() != ARGUMENTS) {
      throw new MalformedBytesException("transaction of " + carrier.argumentCount() + " parts");
    }
    ByteReader in = new ByteReader(carrier.argument(1));
    int count = in.readCount(Limits.MAX_WATCHED_KEYS, "watched keys");
    List<Watched> watched = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      watched.add(
          new Watched(
              in.readBytes(), in.readCount(1, "existence") == 1, in.readNatural("watched index")));
    }
    in.expectEnd();
    List<Invocation> calls = InvocationCodec.decode(carrier.argument(2));
    for (Invocation call : calls) {
      if (!permits(call.command())) {
        throw new MalformedBytesException(call.command() + " in a transaction");
      }
    }
    return new Transaction(watched, calls);
  }
}
