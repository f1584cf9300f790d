package io.shardwell.statemachine;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a shard tells about a value without handing it out, and without counting as a use of its
 * key: whoever looks what is kept must not change what is evicted. Immutable by convention.
 *
 * @param valueBytes the length of the value
 * @param head its first bytes, at most {@value #HEAD_BYTES}
 */
@SuppressWarnings("ArrayRecordComponent") // Never compared, never changed.
public record Inspection(long valueBytes, byte[] head) {
  /** The longest head: as much as the longest decimal number has, and one. */
  public static final int HEAD_BYTES = 21;

  /** The question that {@link #of} reads the answer of; or why the key is none. */
  public static Invocation.Parsed question(byte[] key) {
    Invocation question = new Invocation(Command.INSPECT, new byte[][] {key});
    Reply.Failure tooLarge = question.sizeFailure();
    return tooLarge == null ? new Invocation.Ok(question) : new Invocation.Bad(tooLarge);
  }

  /** What was seen; null if the reply is something else: there is no such key, or no answer. */
  public static @Nullable Inspection of(Reply reply) {
    return reply instanceof Reply.Array array
            && array.items().size() == 2
            && array.items().get(0) instanceof Reply.Int length
            && array.items().get(1) instanceof Reply.Bulk head
        ? new Inspection(length.value(), head.value())
        : null;
  }

  /** Whether the value is a number as INCR writes it. */
  public boolean isWholeNumber() {
    return valueBytes < HEAD_BYTES && DecimalInteger.parse(head).isPresent();
  }

  /** Answers a call of INSPECT. */
  static Reply inspect(Keyspace keys, Invocation call) {
    byte[] key = call.argument(0);
    byte[] head = keys.head(key, HEAD_BYTES);
    return head == null
        ? Reply.NIL
        : new Reply.Array(List.of(Reply.integer(keys.valueLength(key)), new Reply.Bulk(head)));
  }
}
