package io.shardwell.statemachine;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/**
 * Shows bits and bit fields of values: against text of zeros and ones, against numbers without
 * bounds, and by what Redis says where neither tells.
 */
class BitsTest {
  private static final String EDGE = String.valueOf(8L * Limits.MAX_VALUE_BYTES);
  private final Shard shard = new Shard();

  private static String bits(byte[] value) {
    StringBuilder bits = new StringBuilder();
    for (byte b : value) {
      bits.append(
          String.format(Locale.ROOT, "%8s", Integer.toBinaryString(b & 0xff)).replace(' ', '0'));
    }
    return bits.toString();
  }

  private static String latin(byte[] value) {
    return new String(value, StandardCharsets.ISO_8859_1);
  }

  private static long number(Reply reply) {
    return ((Reply.Int) reply).value();
  }

  @Property(tries = 300)
  void countsAndFindsAsInText(
      @ForAll @Size(max = 40) byte[] value,
      @ForAll @IntRange(min = 0, max = 330) int from,
      @ForAll @IntRange(min = 0, max = 330) int to,
      @ForAll boolean wanted) {
    Shard shard = new Shard();
    shard.write("SET", "k", latin(value));
    String bits = bits(value);
    String range = from > to ? "" : part(bits, from, to + 1);
    String first = Integer.toString(from);
    String last = Integer.toString(to);
    assertThat(number(shard.read("BITCOUNT", "k", first, last, "BIT")))
        .isEqualTo(range.chars().filter(bit -> bit == '1').count());
    int at = range.indexOf(wanted ? '1' : '0');
    assertThat(number(shard.read("BITPOS", "k", wanted ? "1" : "0", first, last, "BIT")))
        .isEqualTo(at < 0 ? -1 : at + from);
    assertThat(number(shard.read("GETBIT", "k", first)))
        .isEqualTo(from < bits.length() && bits.charAt(from) == '1' ? 1 : 0);
  }

  private static String part(String text, int from, int to) {
    return text.substring(Math.min(from, text.length()), Math.min(to, text.length()));
  }

  /**
   * A field is what its bits say; adding wraps, stops at the edge or fails, as with big numbers.
   */
  @Property(tries = 500)
  void fieldsAreNumbersOfSoManyBits(
      @ForAll @IntRange(min = 1, max = 64) int width,
      @ForAll boolean signed,
      @ForAll @IntRange(min = 0, max = 70) int offset,
      @ForAll long before,
      @ForAll long amount) {
    int size = signed ? width : Math.min(width, 63);
    String type = (signed ? "i" : "u") + size;
    BigInteger modulus = BigInteger.TWO.pow(size);
    BigInteger min = signed ? modulus.shiftRight(1).negate() : BigInteger.ZERO;
    BigInteger max = min.add(modulus).subtract(BigInteger.ONE);
    BigInteger start = BigInteger.valueOf(before).subtract(min).mod(modulus).add(min);
    BigInteger sum = start.add(BigInteger.valueOf(amount));
    BigInteger wrapped = sum.subtract(min).mod(modulus).add(min);
    boolean fits = sum.compareTo(min) >= 0 && sum.compareTo(max) <= 0;
    String at = Integer.toString(offset);
    String more = Long.toString(amount);
    Shard shard = new Shard();
    for (String overflow : List.of("WRAP", "SAT", "FAIL")) {
      shard.write("BITFIELD", "k", "SET", type, at, start.toString());
      assertThat(shard.read("BITFIELD_RO", "k", "GET", type, at))
          .isEqualTo(list(Reply.integer(start.longValue())));
      BigInteger expected =
          switch (overflow) {
            case "WRAP" -> wrapped;
            case "SAT" -> sum.max(min).min(max);
            default -> fits ? sum : start;
          };
      Reply told =
          !fits && overflow.equals("FAIL") ? Reply.NIL : Reply.integer(expected.longValue());
      assertThat(shard.write("BITFIELD", "k", "OVERFLOW", overflow, "INCRBY", type, at, more))
          .isEqualTo(list(told));
      assertThat(shard.read("BITFIELD_RO", "k", "GET", type, at))
          .isEqualTo(list(Reply.integer(expected.longValue())));
    }
    String bits = bits(((Reply.Bulk) shard.read("GET", "k")).value());
    assertThat(bits.substring(0, offset)).doesNotContain("1");
    assertThat(bits.substring(offset + size)).doesNotContain("1");
  }

  private static Reply list(Reply... items) {
    return new Reply.Array(List.of(items));
  }

  @Test
  void aBitThatIsSetAlreadyIsNoChange() {
    assertThat(shard.write("SETBIT", "k", "7", "1")).isEqualTo(Reply.ZERO);
    long version = number(shard.read("GETVER", "k"));
    assertThat(shard.write("SETBIT", "k", "7", "1")).isEqualTo(Reply.ONE);
    assertThat(number(shard.read("GETVER", "k"))).isEqualTo(version);
    assertThat(shard.write("SETBIT", "k", "7", "0")).isEqualTo(Reply.ONE);
    assertThat(number(shard.read("GETVER", "k"))).isGreaterThan(version);
    assertThat(shard.read("GET", "k")).isEqualTo(Reply.Bulk.of("\0"));
  }

  @Test
  void whatIsBehindAStringReadsAsZerosAsFarAsInRedis() {
    shard.write("SET", "k", "abc");
    Reply zero = new Reply.Array(List.of(Reply.ZERO));
    for (String at : List.of("200000000", "4294967295", "#536870911")) {
      assertThat(shard.read("BITFIELD_RO", "k", "GET", "u8", at)).as(at).isEqualTo(zero);
      assertThat(shard.write("BITFIELD", "k", "GET", "u8", at)).as(at).isEqualTo(zero);
    }
    assertThat(failure("BITFIELD", "k", "GET", "u8", "4294967296"))
        .isEqualTo("ERR bit offset is not an integer or out of range");
    assertThat(failure("BITFIELD", "k", "SET", "u8", "200000000", "1"))
        .isEqualTo("ERR bit offset is not an integer or out of range");
  }

  @Test
  void noValueGrowsBeyondTheLongest() {
    String last = String.valueOf(8L * Limits.MAX_VALUE_BYTES - 1);
    assertThat(shard.write("SETBIT", "k", EDGE, "1")).isEqualTo(Failures.BIT_OFFSET_OUT_OF_RANGE);
    assertThat(shard.write("BITFIELD", "k", "SET", "u2", last, "1"))
        .isEqualTo(Failures.BIT_OFFSET_OUT_OF_RANGE);
    assertThat(shard.read("EXISTS", "k")).isEqualTo(Reply.ZERO);
    assertThat(shard.write("SETBIT", "k", last, "1")).isEqualTo(Reply.ZERO);
    assertThat(shard.read("BITPOS", "k", "1")).isEqualTo(Reply.integer(Long.parseLong(last)));
    assertThat(shard.read("BITCOUNT", "k")).isEqualTo(Reply.ONE);
  }

  @Test
  void beyondTheLongestValueAreZerosToRead() {
    shard.write("SET", "k", "v");
    assertThat(shard.read("GETBIT", "k", EDGE)).isEqualTo(Reply.ZERO);
    assertThat(shard.read("GETBIT", "k", "4294967295")).isEqualTo(Reply.ZERO);
    assertThat(shard.read("GETBIT", "none", "4294967295")).isEqualTo(Reply.ZERO);
    assertThat(shard.read("GETBIT", "k", "4294967296")).isEqualTo(Failures.BIT_OFFSET_OUT_OF_RANGE);
  }

  @Test
  void combinedValuesAreAsLongAsTheLongest() {
    shard.write("SET", "a", "abcdefghijkl");
    shard.write("SET", "b", "ABC");
    assertThat(shard.write("BITOP", "AND", "to", "a", "b")).isEqualTo(new Reply.Int(12));
    assertThat(shard.read("GET", "to")).isEqualTo(Reply.Bulk.of("ABC" + "\0".repeat(9)));
    assertThat(shard.write("BITOP", "OR", "to", "a", "b")).isEqualTo(new Reply.Int(12));
    assertThat(shard.read("GET", "to")).isEqualTo(Reply.Bulk.of("abcdefghijkl"));
    assertThat(shard.write("BITOP", "XOR", "to", "a", "b", "a")).isEqualTo(new Reply.Int(12));
    assertThat(shard.read("GET", "to")).isEqualTo(Reply.Bulk.of("ABC" + "\0".repeat(9)));
    assertThat(shard.write("BITOP", "NOT", "to", "none")).isEqualTo(Reply.ZERO);
    assertThat(shard.read("EXISTS", "to")).isEqualTo(Reply.ZERO);
  }

  @Test
  void aCopyHasValueAndDeadline() {
    shard.write("SET", "a", "v", "PX", "1000");
    assertThat(shard.write("COPY", "a", "b")).isEqualTo(Reply.ONE);
    assertThat(shard.read("PTTL", "b")).isEqualTo(new Reply.Int(1000));
    assertThat(shard.write("COPY", "a", "b")).isEqualTo(Reply.ZERO);
    shard.write("SET", "a", "w");
    assertThat(shard.write("COPY", "a", "b", "REPLACE")).isEqualTo(Reply.ONE);
    assertThat(shard.read("GET", "b")).isEqualTo(Reply.Bulk.of("w"));
    assertThat(shard.read("PTTL", "b")).isEqualTo(new Reply.Int(-1));
    assertThat(shard.write("COPY", "none", "b", "REPLACE")).isEqualTo(Reply.ZERO);
  }

  /** Names and texts are those of Redis 8.4, which the Redis of the differential tests is not. */
  @Test
  void severalKeysWithOneDeadline() {
    assertThat(shard.write("MSETEX", "2", "a", "1", "b", "2", "PX", "500")).isEqualTo(Reply.ONE);
    assertThat(shard.read("PTTL", "a")).isEqualTo(new Reply.Int(500));
    assertThat(shard.read("PTTL", "b")).isEqualTo(new Reply.Int(500));
    assertThat(shard.write("MSETEX", "2", "a", "3", "c", "3", "NX")).isEqualTo(Reply.ZERO);
    assertThat(shard.write("MSETEX", "2", "a", "3", "c", "3", "XX")).isEqualTo(Reply.ZERO);
    assertThat(shard.read("EXISTS", "c")).isEqualTo(Reply.ZERO);
    assertThat(shard.write("MSETEX", "2", "a", "4", "c", "4", "KEEPTTL")).isEqualTo(Reply.ONE);
    assertThat(shard.read("PTTL", "a")).isEqualTo(new Reply.Int(500));
    assertThat(shard.read("PTTL", "c")).isEqualTo(new Reply.Int(-1));
    assertThat(shard.write("MSETEX", "1", "a", "5")).isEqualTo(Reply.ONE);
    assertThat(shard.read("PTTL", "a")).isEqualTo(new Reply.Int(-1));
    assertThat(shard.write("MSETEX", "1", "a", "6", "EXAT", "1")).isEqualTo(Reply.ONE);
    assertThat(shard.read("EXISTS", "a")).isEqualTo(Reply.ZERO);
    assertThat(failure("MSETEX", "a", "1", "b")).isEqualTo("ERR invalid numkeys value");
    assertThat(failure("MSETEX", "0", "1", "b")).isEqualTo("ERR invalid numkeys value");
    assertThat(failure("MSETEX", "2147483648", "a", "1")).isEqualTo("ERR invalid numkeys value");
    assertThat(failure("MSETEX", "2", "a", "1", "b"))
        .isEqualTo("ERR wrong number of key-value pairs");
    assertThat(failure("MSETEX", "1", "a", "1", "GET")).isEqualTo("ERR syntax error");
    assertThat(failure("MSETEX", "1", "a", "1", "EX", "0"))
        .isEqualTo("ERR invalid expire time in 'msetex' command");
  }

  private String failure(String... words) {
    return ((Reply.Failure) shard.write(words)).text();
  }
}
