package io.shardwell.server.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Shows that the client reads every RESP2 reply and nothing else, by replaying bytes to it. */
class RespClientProperties {

  @Property(tries = 300)
  void readsBackWhateverWasWritten(@ForAll("replies") RespValue reply) throws IOException {
    ByteArrayOutputStream wire = new ByteArrayOutputStream();
    write(reply, wire);
    assertThat(clientOf(wire.toByteArray()).call("PING")).isEqualTo(reply);
  }

  @Property(tries = 300)
  void aReplyCutShortIsAnErrorAndNeverAValue(
      @ForAll("replies") RespValue reply, @ForAll double share) throws IOException {
    ByteArrayOutputStream wire = new ByteArrayOutputStream();
    write(reply, wire);
    byte[] whole = wire.toByteArray();
    int length = (int) (Math.abs(share % 1.0) * (whole.length - 1));
    RespClient client = clientOf(Arrays.copyOf(whole, length));
    assertThatThrownBy(() -> client.call("PING")).isInstanceOf(IOException.class);
  }

  @Property(tries = 300)
  void noiseIsAnErrorAndNothingWorse(@ForAll byte[] noise) {
    RespClient client = clientOf(noise);
    try {
      client.call("PING");
    } catch (IOException expected) {
      assertThat(expected).hasMessageNotContaining("Exception");
    }
  }

  @Example
  void sendsAnArrayOfBulks() throws IOException {
    ByteArrayOutputStream sent = new ByteArrayOutputStream();
    byte[] reply = "+OK\r\n".getBytes(UTF_8);
    RespClient client = new RespClient(new ByteArrayInputStream(reply), sent, () -> {});
    client.call("SET", "k", "é");
    assertThat(sent.toString(UTF_8)).isEqualTo("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$2\r\né\r\n");
  }

  @Example
  void limitsWhatAReplyMayClaim() {
    for (String claim : List.of("$536870913\r\n", "$-2\r\n", "*-2\r\n", ":1x\r\n", "?\r\n")) {
      assertThatThrownBy(() -> clientOf(claim.getBytes(UTF_8)).call("PING"))
          .isInstanceOf(IOException.class)
          .hasMessageStartingWith("not a RESP reply");
    }
    byte[] deep = "*1\r\n".repeat(RespClient.MAX_DEPTH + 2).getBytes(UTF_8);
    assertThatThrownBy(() -> clientOf(deep).call("PING")).hasMessageContaining("nested too deeply");
    byte[] longLine = ("+" + "x".repeat(RespClient.MAX_LINE_BYTES + 1) + "\r\n").getBytes(UTF_8);
    assertThatThrownBy(() -> clientOf(longLine).call("PING")).hasMessageContaining("too long");
  }

  @Provide
  Arbitrary<RespValue> replies() {
    Arbitrary<String> lines = Arbitraries.strings().withCharRange(' ', '~').ofMaxLength(300);
    Arbitrary<RespValue> leaves =
        Arbitraries.oneOf(
            List.of(
                lines.map(RespValue.Status::new),
                lines.map(RespValue.Failure::new),
                Arbitraries.longs().map(RespValue.Int::new),
                Arbitraries.bytes().array(byte[].class).ofMaxSize(300).map(RespValue.Bulk::new),
                Arbitraries.just(new RespValue.Nil())));
    return Arbitraries.recursive(
        () -> leaves,
        inner -> Arbitraries.oneOf(leaves, inner.list().ofMaxSize(3).map(RespValue.Items::new)),
        3);
  }

  private static RespClient clientOf(byte[] replies) {
    return new RespClient(new ByteArrayInputStream(replies), new ByteArrayOutputStream(), () -> {});
  }

  private static void write(RespValue reply, ByteArrayOutputStream out) throws IOException {
    if (reply instanceof RespValue.Status status) {
      out.write(("+" + status.text() + "\r\n").getBytes(UTF_8));
    } else if (reply instanceof RespValue.Failure failure) {
      out.write(("-" + failure.text() + "\r\n").getBytes(UTF_8));
    } else if (reply instanceof RespValue.Int integer) {
      out.write((":" + integer.value() + "\r\n").getBytes(UTF_8));
    } else if (reply instanceof RespValue.Bulk bulk) {
      out.write(("$" + bulk.bytes().length + "\r\n").getBytes(UTF_8));
      out.write(bulk.bytes());
      out.write("\r\n".getBytes(UTF_8));
    } else if (reply instanceof RespValue.Items list) {
      out.write(("*" + list.items().size() + "\r\n").getBytes(UTF_8));
      for (RespValue item : list.items()) {
        write(item, out);
      }
    } else {
      out.write("$-1\r\n".getBytes(UTF_8));
    }
  }
}
