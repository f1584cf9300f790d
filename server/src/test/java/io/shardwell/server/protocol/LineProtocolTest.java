package io.shardwell.server.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.shardwell.statemachine.Reply;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Shows the plain-text protocol's two halves: lines to words, answers to one line each. */
class LineProtocolTest {

  private final LineDecoder decoder = new LineDecoder();

  private @Nullable String next(String arrived) throws ProtocolException {
    byte[] bytes = arrived.getBytes(StandardCharsets.UTF_8);
    decoder.offer(bytes, 0, bytes.length);
    String words = take();
    decoder.keep();
    return words;
  }

  private @Nullable String take() throws ProtocolException {
    byte[][] words = decoder.next();
    if (words == null) {
      return null;
    }
    StringBuilder text = new StringBuilder();
    for (byte[] word : words) {
      text.append('<').append(new String(word, StandardCharsets.UTF_8)).append('>');
    }
    return text.toString();
  }

  @Test
  void aLineIsACommand() throws Exception {
    assertThat(next("SET a 'b c'\r\nGET a\nDBS")).isEqualTo("<SET><a><b c>");
    assertThat(take()).isEqualTo("<GET><a>");
    assertThat(take()).isNull();
    assertThat(next("IZE\n")).isEqualTo("<DBSIZE>");
    assertThat(decoder.mayBeWhole()).isFalse();
  }

  @Test
  void aQuietMomentEndsACommandWithoutLineEnd() throws Exception {
    assertThat(decoder.mayBeWhole()).isFalse();
    assertThat(next("SET A 123")).isNull();
    assertThat(decoder.mayBeWhole()).isTrue();
    decoder.quiet();
    assertThat(take()).isEqualTo("<SET><A><123>");
    assertThat(next("GET A")).isNull();
    // Its line end arrives after all: that is an empty line, not a command.
    decoder.quiet();
    assertThat(take()).isEqualTo("<GET><A>");
    assertThat(next("\r\n")).isNull();
    assertThat(next("GE")).isNull();
    assertThat(next("T B\n")).isEqualTo("<GET><B>");
  }

  /** Once "DEL a", a pause, "b" and a line end deleted a and left ab. */
  @Test
  void aSenderOfLineEndsIsWaitedForHoweverQuietItIs() throws Exception {
    assertThat(next("\r\n")).isNull();
    assertThat(next("DEL a")).isNull();
    assertThat(decoder.mayBeWhole()).isFalse();
    assertThat(next("b\n")).isEqualTo("<DEL><ab>");
    assertThat(next("DEL c")).isNull();
    assertThat(decoder.mayBeWhole()).isFalse();
    // Only the end of all input ends it too.
    decoder.quiet();
    assertThat(take()).isEqualTo("<DEL><c>");
  }

  @Test
  void whatOneSegmentNeedNotHaveHeldIsWaitedFor() throws Exception {
    String longest = "SET a " + "v".repeat(LineDecoder.MAX_UNENDED_BYTES - 6);
    assertThat(next(longest)).isNull();
    assertThat(decoder.mayBeWhole()).isTrue();
    assertThat(next("v")).isNull();
    assertThat(decoder.mayBeWhole()).isFalse();
    assertThat(next("\n")).isEqualTo("<SET><a><" + longest.substring(6) + "v>");
  }

  /** The first line torn by quiet: what has been taken cannot be undone, but nothing follows it. */
  @Test
  void theRestOfACommandThatWasTakenIsNoCommand() throws Exception {
    assertThat(next("SET money 100")).isNull();
    decoder.quiet();
    assertThat(take()).isEqualTo("<SET><money><100>");
    assertThatThrownBy(() -> next("000\nFLUSHALL\n"))
        .isInstanceOf(ProtocolException.class)
        .hasMessageContaining("this may be its rest");
  }

  @Test
  void aLateLineEndIsThatOfTheCommandThatWasTaken() throws Exception {
    assertThat(next("GET a")).isNull();
    decoder.quiet();
    assertThat(take()).isEqualTo("<GET><a>");
    assertThat(next("\r\nDEL a")).isNull();
    assertThat(decoder.mayBeWhole()).isFalse();
    assertThat(next("b\n")).isEqualTo("<DEL><ab>");
  }

  @Test
  void endlessLinesAreCutOff() {
    assertThatThrownBy(() -> next("x".repeat(RequestDecoder.MAX_INLINE_BYTES + 1)))
        .hasMessageContaining("too big inline request");
  }

  private static String line(Reply reply) {
    ByteBuf out = Unpooled.buffer();
    LineEncoder.LINES.encode(reply, out);
    return out.toString(StandardCharsets.UTF_8);
  }

  private static String line(Answer answer) {
    ByteBuf out = Unpooled.buffer();
    LineEncoder.LINES.encode(answer, out);
    return out.toString(StandardCharsets.UTF_8);
  }

  @Test
  void anAnswerIsALine() {
    assertThat(line(Reply.OK)).isEqualTo("OK\n");
    assertThat(line(Reply.NIL)).isEqualTo("(nil)\n");
    assertThat(line(Reply.integer(-42))).isEqualTo("-42\n");
    assertThat(line(Reply.Bulk.of("plain text, ä"))).isEqualTo("plain text, ä\n");
    assertThat(line(Reply.Bulk.of(""))).isEqualTo("\"\"\n");
    assertThat(line(Reply.Bulk.of("two\nlines\u0001"))).isEqualTo("\"two\\nlines\\x01\"\n");
    assertThat(line(Reply.Bulk.of("(nil)"))).isEqualTo("\"(nil)\"\n");
    assertThat(line(new Reply.Failure("ERR bad\nthing"))).isEqualTo("ERR bad thing\n");
    assertThat(line(new Reply.Array(List.of()))).isEqualTo("(empty)\n");
    assertThat(
            line(
                new Reply.Array(
                    List.of(
                        Reply.Bulk.of("0"),
                        new Reply.Array(
                            List.of(Reply.Bulk.of("a"), Reply.NIL, Reply.Bulk.of("b c")))))))
        .isEqualTo("0 [a (nil) \"b c\"]\n");
    assertThat(line(Answer.pairs("port", 6379, "save", ""))).isEqualTo("port 6379 save \"\"\n");
    assertThat(line(new Answer.Text("# One\r\na:1\r\n"))).isEqualTo("# One\na:1\n\n");
  }
}
