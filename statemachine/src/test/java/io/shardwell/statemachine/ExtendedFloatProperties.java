package io.shardwell.statemachine;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;

/** Shows that sums are those of exact decimals, rounded as 80-bit extended precision does. */
class ExtendedFloatProperties {
  private static final int MANTISSA_BITS = 64;
  private static final int MAX_EXPONENT = 16383;
  private static final int SMALLEST_EXPONENT = -16445;

  @Property(tries = 3000)
  void sumsAreRoundedAsExactOnes(@ForAll long seed) {
    Random random = new Random(seed);
    BigDecimal a = number(random);
    BigDecimal b = random.nextInt(4) == 0 ? near(a, random) : number(random);
    check(a, b);
  }

  /** Few, for the model is slow there. */
  @Property(tries = 20)
  void atTheEndsOfTheRange(@ForAll long seed) {
    Random random = new Random(seed);
    int power = random.nextBoolean() ? 4920 + random.nextInt(16) : -4960 + random.nextInt(20);
    BigDecimal a = digits(random).scaleByPowerOfTen(power);
    check(a, random.nextBoolean() ? near(a, random) : number(random));
  }

  @Example
  void theSmallestCostNothingMuch() {
    check(new BigDecimal("1e-4900"), new BigDecimal("-1e-4950"));
    check(new BigDecimal("0.5"), new BigDecimal("1e-4950"));
    check(BigDecimal.ONE, new BigDecimal("-1e-40"));
    check(BigDecimal.valueOf(2).pow(100), new BigDecimal("-1e-60"));
  }

  @Property(tries = 1000)
  void hexadecimalsAreExact(@ForAll long mantissa, @ForAll long seed) {
    int exponent = new Random(seed).nextInt(400) - 200;
    String text = "0x" + Long.toHexString(mantissa) + "p" + exponent;
    BigDecimal exact = new BigDecimal(new BigInteger(Long.toHexString(mantissa), 16));
    BigDecimal factor = BigDecimal.valueOf(2).pow(Math.abs(exponent));
    exact = exponent < 0 ? exact.divide(factor) : exact.multiply(factor);
    assertThat(format(parse(text))).as(text).isEqualTo(model(exact));
  }

  private static void check(BigDecimal a, BigDecimal b) {
    BigDecimal roundedA = round(a);
    BigDecimal roundedB = round(b);
    ExtendedFloat readA = parse(a.toString());
    ExtendedFloat readB = parse(b.toString());
    assertThat(readA == null).as("%s", a).isEqualTo(isRefused(a, roundedA));
    assertThat(readB == null).as("%s", b).isEqualTo(isRefused(b, roundedB));
    if (readA == null || readB == null || roundedA == null || roundedB == null) {
      return;
    }
    assertThat(format(readA)).as("%s", a).isEqualTo(format(roundedA));
    BigDecimal sum = round(roundedA.add(roundedB));
    assertThat(format(readA.plus(readB)))
        .as("%s + %s", a, b)
        .isEqualTo(sum == null ? "" : format(sum));
  }

  private static boolean isRefused(BigDecimal exact, @Nullable BigDecimal rounded) {
    return rounded == null || (rounded.signum() == 0 && exact.signum() != 0);
  }

  private static BigDecimal number(Random random) {
    return digits(random).scaleByPowerOfTen(random.nextInt(120) - 70);
  }

  private static BigDecimal digits(Random random) {
    return new BigDecimal(new BigInteger(1 + random.nextInt(200), random))
        .multiply(random.nextBoolean() ? BigDecimal.ONE : BigDecimal.ONE.negate());
  }

  /** What the number nearly, or exactly, makes zero or a tie of. */
  private static BigDecimal near(BigDecimal number, Random random) {
    BigDecimal factor = BigDecimal.valueOf(2).pow(random.nextInt(70));
    BigDecimal part = random.nextBoolean() ? number.divide(factor) : number;
    return random.nextBoolean() ? part.negate() : part;
  }

  private static @Nullable ExtendedFloat parse(String text) {
    ExtendedFloat.Operand read = ExtendedFloat.parse(text.getBytes(StandardCharsets.US_ASCII));
    return read == null ? null : read.finite();
  }

  private static String format(@Nullable ExtendedFloat number) {
    return number == null ? "" : new String(number.format(), StandardCharsets.US_ASCII);
  }

  // --- the model
  // ---------------------------------------------------------------------------------

  private static String model(BigDecimal exact) {
    BigDecimal rounded = round(exact);
    return rounded == null ? "" : format(rounded);
  }

  private static String format(BigDecimal value) {
    BigDecimal printed = value.setScale(17, RoundingMode.HALF_EVEN);
    return printed.signum() == 0 ? "0" : printed.stripTrailingZeros().toPlainString();
  }

  /** The nearest number of 64 binary digits; zero if too small, null if too large. */
  private static @Nullable BigDecimal round(BigDecimal exact) {
    if (exact.signum() == 0) {
      return BigDecimal.ZERO;
    }
    BigInteger numerator = exact.unscaledValue().abs();
    BigInteger denominator = BigInteger.ONE;
    if (exact.scale() > 0) {
      denominator = BigInteger.TEN.pow(exact.scale());
    } else {
      numerator = numerator.multiply(BigInteger.TEN.pow(-exact.scale()));
    }
    // Scale by 2^shift so that the quotient has 64 binary digits, or 65: then once more.
    int shift = MANTISSA_BITS - (numerator.bitLength() - denominator.bitLength());
    BigInteger mantissa = divide(numerator, denominator, shift);
    if (mantissa.bitLength() > MANTISSA_BITS) {
      shift--;
      mantissa = divide(numerator, denominator, shift);
    }
    int exponent = mantissa.bitLength() - 1 - shift;
    if (exponent > MAX_EXPONENT) {
      return null;
    }
    if (exponent < SMALLEST_EXPONENT) {
      return BigDecimal.ZERO;
    }
    BigDecimal rounded =
        shift <= 0
            ? new BigDecimal(mantissa.shiftLeft(-shift))
            : new BigDecimal(mantissa).divide(new BigDecimal(BigInteger.ONE.shiftLeft(shift)));
    return exact.signum() < 0 ? rounded.negate() : rounded;
  }

  /** numerator * 2^shift / denominator, rounded half to even. */
  private static BigInteger divide(BigInteger numerator, BigInteger denominator, int shift) {
    BigInteger up = shift > 0 ? numerator.shiftLeft(shift) : numerator;
    BigInteger down = shift < 0 ? denominator.shiftLeft(-shift) : denominator;
    BigInteger[] result = up.divideAndRemainder(down);
    int half = result[1].shiftLeft(1).compareTo(down);
    boolean roundUp = half > 0 || (half == 0 && result[0].testBit(0));
    return roundUp ? result[0].add(BigInteger.ONE) : result[0];
  }
}
