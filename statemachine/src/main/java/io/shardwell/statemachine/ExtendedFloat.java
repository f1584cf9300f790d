package io.shardwell.statemachine;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Sums as Redis computes them for INCRBYFLOAT: 80-bit extended precision (64 bits of mantissa,
 * round half to even), printed with up to 17 decimals. Computed here with whole numbers, so every
 * JVM on every processor gives the same digits, and they are those of Redis on x86.
 */
final class ExtendedFloat {
  private static final int MANTISSA_BITS = 64;
  private static final int MAX_EXPONENT = 16383;
  private static final int SMALLEST_EXPONENT = -16445;
  private static final int PRINTED_DECIMALS = 17;

  /** Longest text that is read, in bytes, as in Redis. */
  private static final int MAX_TEXT_BYTES = 5 * 1024 - 1;

  /** Decimal exponents beyond this are out of range whatever the digits of the text are. */
  private static final int MAX_TEXT_EXPONENT = 20_000;

  /** The same for powers of two, which may make up for all the digits before them. */
  private static final int MAX_BINARY_TEXT_EXPONENT = 100_000;

  private ExtendedFloat() {}

  /** A number that was read: finite, or one of the infinities, which can be read but not kept. */
  record Operand(@Nullable BigDecimal finite) {}

  /** Reads a number, decimal or hexadecimal, or "inf" in its spellings; null if it is neither. */
  static @Nullable Operand parse(byte[] text) {
    if (text.length == 0 || text.length > MAX_TEXT_BYTES) {
      return null;
    }
    int at = text[0] == '-' || text[0] == '+' ? 1 : 0;
    if (isInfinity(text, at)) {
      return new Operand(null);
    }
    if (text.length - at > 2 && text[at] == '0' && (text[at + 1] == 'x' || text[at + 1] == 'X')) {
      return parseHexadecimal(text, at + 2);
    }
    int digits = 0;
    while (at < text.length && isDigit(text[at])) {
      at++;
      digits++;
    }
    if (at < text.length && text[at] == '.') {
      at++;
      while (at < text.length && isDigit(text[at])) {
        at++;
        digits++;
      }
    }
    if (digits == 0) {
      return null;
    }
    int mantissaEnd = at;
    long exponent = 0;
    if (at < text.length && (text[at] == 'e' || text[at] == 'E')) {
      Long read = parseExponent(text, at + 1, MAX_TEXT_EXPONENT);
      if (read == null) {
        return null;
      }
      exponent = read;
    } else if (at < text.length) {
      return null;
    }
    BigDecimal mantissa =
        new BigDecimal(new String(text, 0, mantissaEnd, StandardCharsets.ISO_8859_1));
    if (mantissa.signum() == 0) {
      return new Operand(BigDecimal.ZERO);
    }
    BigDecimal rounded = round(mantissa.scaleByPowerOfTen((int) exponent));
    return rounded == null || rounded.signum() == 0 ? null : new Operand(rounded);
  }

  /** As C's strtold reads it: 0xh.hp-d; the digits start at a position. */
  private static @Nullable Operand parseHexadecimal(byte[] text, int from) {
    long exponent = 0;
    int at = from;
    int digits = 0;
    boolean fraction = false;
    StringBuilder hex = new StringBuilder();
    for (; at < text.length; at++) {
      if (text[at] == '.' && !fraction) {
        fraction = true;
      } else if (Character.digit(text[at], 16) >= 0) {
        hex.append((char) text[at]);
        digits++;
        exponent -= fraction ? 4 : 0;
      } else {
        break;
      }
    }
    if (digits == 0) {
      return null;
    }
    BigInteger mantissa = new BigInteger(hex.toString(), 16);
    if (at < text.length && (text[at] == 'p' || text[at] == 'P')) {
      Long read = parseExponent(text, at + 1, MAX_BINARY_TEXT_EXPONENT);
      if (read == null) {
        return null;
      }
      exponent += read;
    } else if (at < text.length) {
      return null;
    }
    if (mantissa.signum() == 0) {
      return new Operand(BigDecimal.ZERO);
    }
    // Out of range for certain, and not worth the digits it would take to find out.
    long magnitude = mantissa.bitLength() + exponent;
    if (magnitude > MAX_EXPONENT + 2 || magnitude < SMALLEST_EXPONENT - 2) {
      return null;
    }
    BigDecimal exact =
        exponent >= 0
            ? new BigDecimal(mantissa.shiftLeft((int) exponent))
            : new BigDecimal(mantissa)
                .divide(new BigDecimal(BigInteger.ONE.shiftLeft((int) -exponent)));
    BigDecimal rounded = round(text[0] == '-' ? exact.negate() : exact);
    return rounded == null || rounded.signum() == 0 ? null : new Operand(rounded);
  }

  /**
   * A sign or none and digits up to the end of the text, or null.
   *
   * @param most a larger number is taken for this one
   */
  private static @Nullable Long parseExponent(byte[] text, int from, long most) {
    boolean negative = from < text.length && text[from] == '-';
    int at = negative || (from < text.length && text[from] == '+') ? from + 1 : from;
    if (at == text.length) {
      return null;
    }
    long exponent = 0;
    for (; at < text.length && isDigit(text[at]); at++) {
      exponent = Math.min(exponent * 10 + text[at] - '0', most);
    }
    if (at < text.length) {
      return null;
    }
    return negative ? -exponent : exponent;
  }

  /** The sum of two finite numbers; null if it is out of range. */
  static @Nullable BigDecimal add(BigDecimal a, BigDecimal b) {
    return round(a.add(b));
  }

  /** Up to 17 decimals, without zeros at the end. */
  static byte[] format(BigDecimal value) {
    BigDecimal printed = value.setScale(PRINTED_DECIMALS, RoundingMode.HALF_EVEN);
    String text = printed.signum() == 0 ? "0" : printed.stripTrailingZeros().toPlainString();
    return text.getBytes(StandardCharsets.ISO_8859_1);
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

  private static boolean isInfinity(byte[] text, int from) {
    String word = new String(text, from, text.length - from, StandardCharsets.ISO_8859_1);
    return word.equalsIgnoreCase("inf") || word.equalsIgnoreCase("infinity");
  }

  private static boolean isDigit(byte letter) {
    return letter >= '0' && letter <= '9';
  }
}
