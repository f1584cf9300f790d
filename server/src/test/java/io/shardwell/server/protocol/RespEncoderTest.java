package io.shardwell.server.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.shardwell.statemachine.Reply;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Shows each kind of answer, byte for byte, in both versions of the protocol. */
class RespEncoderTest {

  private static String resp(RespEncoder encoder, Reply reply) {
    ByteBuf out = Unpooled.buffer();
    encoder.encode(reply, out);
    return out.toString(StandardCharsets.UTF_8);
  }

  private static String resp(RespEncoder encoder, Answer answer) {
    ByteBuf out = Unpooled.buffer();
    encoder.encode(answer, out);
    return out.toString(StandardCharsets.UTF_8);
  }

  /** A character of a failure is a byte: what a client sent comes back as it was. */
  private static byte[] bytes(RespEncoder encoder, Reply reply) {
    ByteBuf out = Unpooled.buffer();
    encoder.encode(reply, out);
    byte[] bytes = new byte[out.readableBytes()];
    out.readBytes(bytes);
    return bytes;
  }

  @Test
  void repliesOfShards() {
    for (RespEncoder encoder : RespEncoder.values()) {
      assertThat(resp(encoder, Reply.OK)).isEqualTo("+OK\r\n");
      assertThat(resp(encoder, new Reply.Status("string"))).isEqualTo("+string\r\n");
      assertThat(resp(encoder, new Reply.Failure("ERR a\r\nb"))).isEqualTo("-ERR a  b\r\n");
      assertThat(bytes(encoder, new Reply.Failure("ERR \u00ff\u00e9")))
          .isEqualTo(new byte[] {'-', 'E', 'R', 'R', ' ', (byte) 0xff, (byte) 0xe9, '\r', '\n'});
      for (long value : new long[] {0, 1, 9, 10, 42, 99, 100, -1, Long.MIN_VALUE}) {
        assertThat(resp(encoder, Reply.integer(value))).isEqualTo(":" + value + "\r\n");
      }
      assertThat(resp(encoder, Reply.EMPTY)).isEqualTo("$0\r\n\r\n");
      assertThat(resp(encoder, Reply.Bulk.of("x".repeat(100))))
          .isEqualTo("$100\r\n" + "x".repeat(100) + "\r\n");
    }
    Reply list = new Reply.Array(List.of(Reply.NIL, Reply.Bulk.of("ä")));
    assertThat(resp(RespEncoder.RESP2, list)).isEqualTo("*2\r\n$-1\r\n$2\r\nä\r\n");
    assertThat(resp(RespEncoder.RESP3, list)).isEqualTo("*2\r\n_\r\n$2\r\nä\r\n");
  }

  @Test
  void shapesThatOnlyResp3Knows() {
    Answer pairs = Answer.pairs("proto", 3, "modules", Answer.NOTHING);
    assertThat(resp(RespEncoder.RESP2, pairs))
        .isEqualTo("*4\r\n$5\r\nproto\r\n:3\r\n$7\r\nmodules\r\n*0\r\n");
    assertThat(resp(RespEncoder.RESP3, pairs))
        .isEqualTo("%2\r\n$5\r\nproto\r\n:3\r\n$7\r\nmodules\r\n*0\r\n");
    Answer set = new Answer.Distinct(List.of(Answer.status("fast")));
    assertThat(resp(RespEncoder.RESP2, set)).isEqualTo("*1\r\n+fast\r\n");
    assertThat(resp(RespEncoder.RESP3, set)).isEqualTo("~1\r\n+fast\r\n");
    Answer text = new Answer.Text("a:1");
    assertThat(resp(RespEncoder.RESP2, text)).isEqualTo("$3\r\na:1\r\n");
    assertThat(resp(RespEncoder.RESP3, text)).isEqualTo("=7\r\ntxt:a:1\r\n");
  }
}
