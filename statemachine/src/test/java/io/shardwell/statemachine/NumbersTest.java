package io.shardwell.statemachine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.OptionalLong;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Shows numbers as Redis 7.0.15 on x86-64 reads, adds and prints them; its answers are the table.
 */
class NumbersTest {
  @ParameterizedTest
  @CsvSource({
    "10.5, 0.1, 10.6",
    "5.0e3, 2.0e2, 5200",
    "0.1, 0.2, 0.3",
    "3, -3, 0",
    "-0, -0.0, 0",
    "1e17, 0.5, 100000000000000000.5",
    "1e-17, 0, 0.00000000000000001",
    "1e-18, 0, 0",
    "'+3', '.5', 3.5",
    "1., 0e99999, 1",
    "18446744073709551616, 1, 18446744073709551616",
    "18446744073709551615, 1, 18446744073709551616",
    "0.1234567890123456789, 0, 0.12345678901234568",
    "3, 0.80000000000000004, 3.80000000000000004",
    "55150.779760e23, 0, 5515077975999999999758827520",
    "-55821.94380191820999926, 0, -55821.94380191820999926",
  })
  void sums(String a, String b, String sum) {
    Shard shard = new Shard();
    shard.write("SET", "k", a, "PX", "5000");
    assertThat(shard.write("INCRBYFLOAT", "k", b)).isEqualTo(Reply.Bulk.of(sum));
    assertThat(shard.read("GET", "k")).isEqualTo(Reply.Bulk.of(sum));
    assertThat(shard.read("PTTL", "k")).isEqualTo(new Reply.Int(5000));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " 1",
        "1 ",
        "nan",
        "abc",
        ".",
        "1e",
        "1e+",
        "1e5000",
        "1e-5000",
        "--1",
        "1.2.3",
        "0x",
        "0x.",
        "0xg",
        "0x1p",
        "0x1p+",
        "0x1.2.3",
        "0x1p99999",
        "0x1p-99999",
        "0x1p99999999999",
        "x1"
      })
  void noNumbers(String text) {
    Shard shard = new Shard();
    assertThat(shard.write("INCRBYFLOAT", "k", text)).isEqualTo(Failures.NOT_A_FLOAT);
    assertThat(shard.state.stats().keys()).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "0x10, 16",
    "-0X1F, -31",
    "0x.8, 0.5",
    "0x1., 1",
    "0x1p3, 8",
    "0x1.8P-1, 0.75",
    "0x0p99999, 0",
    "0x0.0001p16, 1",
    "0xffffffffffffffff, 18446744073709551615",
    "0x1ffffffffffffffff, 36893488147419103232",
  })
  void hexadecimalNumbersAreReadAsCDoes(String text, String sum) {
    Shard shard = new Shard();
    assertThat(shard.write("INCRBYFLOAT", "k", text)).isEqualTo(Reply.Bulk.of(sum));
  }

  @ParameterizedTest
  @CsvSource({"inf, 1", "1, -inf", "Infinity, 1", "1e4932, 1e4932"})
  void tooLarge(String a, String b) {
    Shard shard = new Shard();
    shard.write("SET", "k", a);
    assertThat(shard.write("INCRBYFLOAT", "k", b)).isEqualTo(Failures.FLOAT_OVERFLOW);
    assertThat(shard.read("GET", "k")).isEqualTo(Reply.Bulk.of(a));
  }

  @Property
  void everyLongIsReadAsItIsPrinted(@ForAll long number) {
    assertThat(DecimalInteger.parse(DecimalInteger.format(number)))
        .isEqualTo(OptionalLong.of(number));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "-",
        "+1",
        "01",
        "-0",
        "00",
        " 1",
        "1 ",
        "1.0",
        "1e3",
        "0x1",
        "9223372036854775808",
        "-9223372036854775809",
        "99999999999999999999",
        "100000000000000000000",
        "a"
      })
  void noIntegers(String text) {
    assertThat(DecimalInteger.parse(text.getBytes(StandardCharsets.UTF_8))).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "INCR, 9223372036854775807, ERR increment or decrement would overflow",
    "DECR, -9223372036854775808, ERR increment or decrement would overflow",
    "INCR, 1.5, ERR value is not an integer or out of range",
  })
  void integersDoNotWrap(String command, String value, String error) {
    Shard shard = new Shard();
    shard.write("SET", "k", value);
    assertThat(shard.write(command, "k")).isEqualTo(new Reply.Failure(error));
    assertThat(shard.read("GET", "k")).isEqualTo(Reply.Bulk.of(value));
  }
}
