package io.shardwell.server.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Shows the decoder's words and errors for what clients and vandals send, against Redis's texts.
 */
class RespDecoderTest {

  private static List<String> decode(String stream) throws ProtocolException {
    RespDecoder decoder = new RespDecoder();
    byte[] bytes = stream.getBytes(StandardCharsets.ISO_8859_1);
    decoder.offer(bytes, 0, bytes.length);
    List<String> requests = new ArrayList<>();
    for (byte[][] words = decoder.next(); words != null; words = decoder.next()) {
      StringBuilder request = new StringBuilder();
      for (byte[] word : words) {
        request.append('<').append(new String(word, StandardCharsets.ISO_8859_1)).append('>');
      }
      requests.add(request.toString());
    }
    return requests;
  }

  @Test
  void mixesArraysAndInlineCommands() throws Exception {
    assertThat(decode("*2\r\n$3\r\nGET\r\n$0\r\n\r\nPING\r\n*1\r\n$4\r\nPING\r\nECHO \"a\\x41\"\n"))
        .containsExactly("<GET><>", "<PING>", "<PING>", "<ECHO><aA>");
  }

  @Test
  void ignoresEmptyRequestsAsRedisDoes() throws Exception {
    assertThat(decode("*0\r\n*-1\r\n\r\n   \r\nPING\r\n")).containsExactly("<PING>");
  }

  @Test
  void waitsForTheRestOfHalfAFrame() throws Exception {
    assertThat(decode("*2\r\n$3\r\nGET\r\n$5\r\nab")).isEmpty();
    assertThat(decode("*2\r\n$3\r\nGET\r\n$5")).isEmpty();
    assertThat(decode("*2\r\n$3\r\nGET\r\n$2\r\nab\r")).isEmpty();
    assertThat(decode("*")).isEmpty();
    assertThat(decode("*x")).isEmpty();
    assertThat(decode("*" + "1".repeat(70))).isEmpty();
    assertThat(decode("*1\r\n$" + "1".repeat(70))).isEmpty();
    assertThat(decode("PIN")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      ignoreLeadingAndTrailingWhitespace = false,
      value = {
        "*x#|invalid multibulk length",
        "*1048578#|invalid multibulk length",
        "*9999999999999999999#|invalid multibulk length",
        "*99999999999999999999#|invalid multibulk length",
        "*+1#|invalid multibulk length",
        "*01#|invalid multibulk length",
        "*#|invalid multibulk length",
        "*-0#|invalid multibulk length",
        "*1#+OK#|expected '$', got '+'",
        "*1###|expected '$', got ' '",
        "*1#$-1#|invalid bulk length",
        "*1#$67108865#|invalid bulk length",
        "*1#$4x#|invalid bulk length",
        "*1#$3#abcd#|expected line end after bulk string",
        "SET a \"b#|unbalanced quotes in request",
        "SET a \"b\"c#|unbalanced quotes in request",
      })
  void namesWhatIsWrong(String stream, String what) {
    assertThatThrownBy(() -> decode(stream.replace("#", "\r\n")))
        .isInstanceOfSatisfying(
            ProtocolException.class,
            e -> assertThat(e.answer()).isEqualTo("ERR Protocol error: " + what));
  }

  @Test
  void endlessLinesAreCutOff() {
    assertThatThrownBy(() -> decode("x".repeat(RequestDecoder.MAX_INLINE_BYTES + 1)))
        .hasMessageContaining("too big inline request");
    assertThatThrownBy(() -> decode("x".repeat(RequestDecoder.MAX_INLINE_BYTES + 1) + "\r\n"))
        .hasMessageContaining("too big inline request");
    assertThatThrownBy(() -> decode("*" + "1".repeat(RequestDecoder.MAX_INLINE_BYTES + 1)))
        .hasMessageContaining("too big mbulk count string");
    assertThatThrownBy(() -> decode("*1\r\n$" + "1".repeat(RequestDecoder.MAX_INLINE_BYTES + 1)))
        .hasMessageContaining("too big bulk count string");
  }

  /** As sockets bring them: in pieces, none of which is too long. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"*|too big mbulk count string", "*1#$|too big bulk count string"})
  void headersThatGoOnAndOnAreTooBigHoweverTheyCome(String begin, String what) throws Exception {
    RespDecoder decoder = new RespDecoder();
    byte[] stream =
        (begin.replace("#", "\r\n") + "1".repeat(70_000)).getBytes(StandardCharsets.US_ASCII);
    int at = 0;
    for (; at + 16_384 <= RequestDecoder.MAX_INLINE_BYTES; at += 16_384) {
      decoder.offer(stream, at, at + 16_384);
      assertThat(decoder.next()).isNull();
      decoder.keep();
    }
    decoder.offer(stream, at, stream.length);
    assertThatThrownBy(decoder::next).hasMessageContaining(what);
  }

  @Test
  void requestsHaveALimitInAll() {
    String value = "$16777216\r\n" + "v".repeat(16 << 20) + "\r\n";
    assertThatThrownBy(() -> decode("*6\r\n$4\r\nMSET\r\n" + value.repeat(4)))
        .hasMessageContaining("request is larger than 67108864 bytes");
  }

  @Test
  void takesTheLargestValue() throws Exception {
    String value = "v".repeat(16 << 20);
    assertThat(decode("*1\r\n$16777216\r\n" + value + "\r\n")).containsExactly("<" + value + ">");
  }

  @Test
  void readsOverWhatIsLongerThanAValueAndHoldsNoneOfIt() throws Exception {
    String longer = "$16777217\r\n" + "v".repeat((16 << 20) + 1) + "\r\n";
    assertThat(decode("*3\r\n$3\r\nSET\r\n" + longer + longer + "*1\r\n$4\r\nPING\r\n"))
        .containsExactly("", "<PING>");
    assertThatThrownBy(() -> decode("*1\r\n" + longer.replace("\r\n", "\r\nx")))
        .hasMessageContaining("expected line end");

    RespDecoder decoder = new RespDecoder();
    byte[] stream = ("*1\r\n" + longer).getBytes(StandardCharsets.US_ASCII);
    for (int at = 0; at < stream.length; at += 999) {
      int to = Math.min(stream.length, at + 999);
      decoder.offer(stream, at, to);
      byte[][] words = decoder.next();
      decoder.keep();
      assertThat(words).isEqualTo(to == stream.length ? new byte[0][] : null);
      assertThat(decoder.heldBytes()).isLessThan(100);
    }
  }

  /** 10 000 times 16 MiB would be 156 GiB: announcing costs nothing. */
  @Test
  void announcedBytesAreNotAllocated() throws Exception {
    List<RespDecoder> decoders = new ArrayList<>();
    byte[] half = "*1000000\r\n$16777216\r\nabc".getBytes(StandardCharsets.US_ASCII);
    for (int i = 0; i < 10_000; i++) {
      RespDecoder decoder = new RespDecoder();
      decoder.offer(half, 0, half.length);
      assertThat(decoder.next()).isNull();
      decoder.keep();
      decoders.add(decoder);
    }
    assertThat(decoders).hasSize(10_000);
  }
}
