package io.shardwell.raftgroup.routing;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.OptionalLong;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Shows that cursors are read as Redis reads them, which is with C's strtoul. */
class ScanCursorTest {

  @ParameterizedTest
  @CsvSource({
    "'', 0",
    "0, 0",
    "007, 7",
    "+5, 5",
    "-1, -1",
    "9223372036854775808, -9223372036854775808",
    "18446744073709551615, -1",
    "-18446744073709551615, 1",
  })
  void unsignedNumbers(String text, long cursor) {
    assertThat(parse(text)).hasValue(cursor);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "x",
        "-",
        "+",
        "--1",
        " 5",
        "5 ",
        "0x10",
        "1.",
        "18446744073709551616",
        "99999999999999999999",
        "184467440737095516150"
      })
  void anythingElse(String text) {
    assertThat(parse(text)).isEmpty();
  }

  /** A zero byte ends a text in C. */
  @ParameterizedTest
  @ValueSource(strings = {"5\0", "5\0x"})
  void upToAZeroByte(String text) {
    assertThat(parse(text)).hasValue(5);
  }

  private static OptionalLong parse(String text) {
    return ScanCursor.parse(text.getBytes(StandardCharsets.ISO_8859_1));
  }
}
