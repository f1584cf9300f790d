package io.shardwell.server.protocol;

import io.netty.buffer.ByteBuf;
import io.shardwell.statemachine.Reply;

/** Writes answers in one client's language. Stateless. */
public interface AnswerEncoder {

  /** Appends the answer of a shard. */
  void encode(Reply reply, ByteBuf out);

  /** Appends an answer of the server itself. */
  void encode(Answer answer, ByteBuf out);
}
