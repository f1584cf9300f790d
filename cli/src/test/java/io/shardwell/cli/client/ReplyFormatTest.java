package io.shardwell.cli.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.shardwell.server.client.RespValue;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Shows that replies look as redis-cli 7 writes them, by its output for the same replies. */
class ReplyFormatTest {

  private static RespValue bulk(String text) {
    return new RespValue.Bulk(text.getBytes(UTF_8));
  }

  private static String people(RespValue reply) {
    return new String(ReplyFormat.PEOPLE.format(reply), UTF_8);
  }

  private static String raw(RespValue reply) {
    return new String(ReplyFormat.RAW.format(reply), UTF_8);
  }

  @Test
  void forPeople() {
    assertThat(people(new RespValue.Status("OK"))).isEqualTo("OK\n");
    assertThat(people(new RespValue.Int(-2))).isEqualTo("(integer) -2\n");
    assertThat(people(new RespValue.Nil())).isEqualTo("(nil)\n");
    assertThat(people(new RespValue.Failure("ERR no"))).isEqualTo("(error) ERR no\n");
    assertThat(people(bulk("ANACONDA"))).isEqualTo("\"ANACONDA\"\n");
    assertThat(people(bulk("a\"b\\\n\r\t\b\u0007\0é")))
        .isEqualTo("\"a\\\"b\\\\\\n\\r\\t\\b\\a\\x00\\xc3\\xa9\"\n");
    assertThat(people(new RespValue.Items(List.of()))).isEqualTo("(empty array)\n");
  }

  @Test
  void listsForPeopleAreNumberedAndNested() {
    RespValue nested = new RespValue.Items(List.of(bulk("x"), new RespValue.Int(5)));
    assertThat(people(new RespValue.Items(List.of(bulk("a"), nested, new RespValue.Nil()))))
        .isEqualTo(
            """
            1) "a"
            2) 1) "x"
               2) (integer) 5
            3) (nil)
            """);
    List<RespValue> ten = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      ten.add(new RespValue.Int(i));
    }
    assertThat(people(new RespValue.Items(ten)))
        .startsWith(" 1) (integer) 0\n")
        .endsWith("10) (integer) 9\n");
  }

  @Test
  void rawIsByteForByte() {
    byte[] value = {0, (byte) 0xff, '\n', 'x'};
    assertThat(ReplyFormat.RAW.format(new RespValue.Bulk(value)))
        .containsExactly(0, 0xff, '\n', 'x', '\n');
    assertThat(raw(new RespValue.Nil())).isEqualTo("\n");
    assertThat(raw(new RespValue.Int(7))).isEqualTo("7\n");
    assertThat(raw(new RespValue.Status("OK"))).isEqualTo("OK\n");
    assertThat(raw(new RespValue.Items(List.of(bulk("a"), bulk("b"))))).isEqualTo("a\nb\n");
  }
}
