package io.shardwell.server;

import io.netty.buffer.ByteBuf;
import io.shardwell.server.command.CommandStats;
import io.shardwell.server.command.NodeCounters;
import io.shardwell.server.protocol.Answer;
import io.shardwell.server.protocol.AnswerEncoder;
import io.shardwell.server.protocol.BufferRoom;
import io.shardwell.statemachine.Command;
import io.shardwell.statemachine.Reply;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The place of one request's answer in its connection's order. Answers of shards arrive in any
 * order; a slot leaves only when all before it have left. Loop thread only.
 */
final class ReplySlot implements Consumer<Reply> {

  private final ClientConnection connection;

  /** What was asked; null for all but data commands. */
  final @Nullable Command command;

  /** The language in force when the request came. */
  AnswerEncoder encoder;

  /** CLIENT REPLY asked for no answer. */
  boolean silent;

  /** Whose figures this request counts in; null if it was not executed. */
  CommandStats.@Nullable Line line;

  /** When the request came, {@code nanoTime}. */
  long startNanos;

  /** What the request keeps in memory, in bytes; 0 once it is answered. */
  long requestBytes;

  // Invariant: at most one of the two is set, and once.
  private @Nullable Reply reply;
  private @Nullable Answer answer;

  /** {@link #fail} has been called: parts of the request may be under way, and be answered yet. */
  private boolean failed;

  /** What the answer keeps in memory, roughly, in bytes. */
  private long bytes;

  @Nullable ReplySlot next;

  ReplySlot(ClientConnection connection, @Nullable Command command, AnswerEncoder encoder) {
    this.connection = connection;
    this.command = command;
    this.encoder = encoder;
  }

  /** Answers a request that failed on its way; an answer that comes all the same is dropped. */
  void fail(Reply value) {
    if (!isFilled()) {
      accept(value);
    }
    failed = true;
  }

  @Override
  public void accept(Reply value) {
    if (failed) {
      return;
    }
    assert !isFilled() : "answered twice: " + command;
    reply = value;
    bytes = sizeOf(value);
    connection.onFilled(this);
  }

  void acceptAnswer(Answer value) {
    if (failed) {
      return;
    }
    assert !isFilled() : "answered twice";
    answer = value;
    bytes = sizeOf(value);
    connection.onFilled(this);
  }

  boolean isFilled() {
    return reply != null || answer != null;
  }

  long bytes() {
    return bytes;
  }

  /** Its answer is on its way. */
  void count(NodeCounters counters, long nowNanos) {
    counters.answered(line, answer, reply, nowNanos - startNanos);
  }

  void writeTo(ByteBuf out) {
    if (silent) {
      return;
    }
    // Once for all items: a buffer that must grow for each of them is copied for each.
    BufferRoom.ensure(bytes, out);
    Reply plain = reply;
    Answer shaped = answer;
    if (plain != null && command == Command.LCS) {
      encoder.encode(Answer.of(command, plain), out);
    } else if (plain != null) {
      encoder.encode(plain, out);
    } else if (shaped != null) {
      encoder.encode(shaped, out);
    }
  }

  private static long sizeOf(Answer answer) {
    if (answer instanceof Answer.Plain plain) {
      return sizeOf(plain.reply());
    }
    if (answer instanceof Answer.Text text) {
      return text.text().length();
    }
    long sum = 0;
    for (Answer item : Answer.itemsOf(answer)) {
      sum += sizeOf(item) + 16;
    }
    return sum;
  }

  private static long sizeOf(Reply reply) {
    if (reply instanceof Reply.Bulk bulk) {
      return bulk.value().length;
    }
    long sum = 0;
    if (reply instanceof Reply.Array array) {
      for (Reply item : array.items()) {
        sum += sizeOf(item) + 16;
      }
    }
    return sum;
  }
}
