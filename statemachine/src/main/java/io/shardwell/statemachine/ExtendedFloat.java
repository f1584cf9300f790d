package io.shardwell.statemachine;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Sums as Redis computes them for INCRBYFLOAT: 80-bit extended precision (64 bits of mantissa,
 * round half to even), printed with up to 17 decimals. Computed here with whole numbers, so every
 * JVM on every processor gives the same digits, and they are those of Redis on x86.
 *
 * <p>Numbers are kept as powers of two, for the command is in the log: as decimals the smallest
 * have 16 000 digits, and a hundred such sums would stop every replica for longer than its leader
 * may be silent.
 *
 * @param mantissa with its sign; 64 binary digits, or 0
 * @param exponent the number is mantissa * 2^exponent; 0 for 0
 */
record ExtendedFloat(BigInteger mantissa, int exponent) {
  private static final int MANTISSA_BITS = 64;
  private static final int MAX_EXPONENT = 16383;
  private static final int SMALLEST_EXPONENT = -16445;
  private static final int PRINTED_DECIMALS = 17;
  private static final BigInteger PRINTED_UNITS = BigInteger.TEN.pow(PRINTED_DECIMALS);

  /** Longest text that is read, in bytes, as in Redis. */
  private static final int MAX_TEXT_BYTES = 5 * 1024 - 1;

  /** Decimal exponents beyond this are out of range whatever the digits of the text are. */
  private static final int MAX_TEXT_EXPONENT = 20_000;

  /** Numbers from ten to this power on are too large. */
  private static final int TOO_LARGE_POWER_OF_TEN = 4933;

  /** Numbers below ten to this power are too small. */
  private static final int TOO_SMALL_POWER_OF_TEN = -4951;

  /** The same for powers of two, which may make up for all the digits before them. */
  private static final int MAX_BINARY_TEXT_EXPONENT = 100_000;

  private static final ExtendedFloat ZERO = new ExtendedFloat(BigInteger.ZERO, 0);

  ExtendedFloat {
    assert mantissa.signum() == 0 ? exponent == 0 : mantissa.abs().bitLength() == MANTISSA_BITS;
  }

  /** A number that was read: finite, or one of the infinities, which can be read but not kept. */
  record Operand(@Nullable ExtendedFloat finite) {}

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
    String mantissa = new String(text, 0, mantissaEnd, StandardCharsets.ISO_8859_1);
    return operand(ofDecimal(new BigDecimal(mantissa).scaleByPowerOfTen((int) exponent)));
  }

  /** Zero only if that is what the text says: what is too small is refused. */
  private static @Nullable Operand operand(@Nullable ExtendedFloat read) {
    return read == null ? null : new Operand(read);
  }

  private static @Nullable ExtendedFloat ofDecimal(BigDecimal exact) {
    if (exact.signum() == 0) {
      return ZERO;
    }
    int leading = exact.precision() - exact.scale() - 1;
    if (leading >= TOO_LARGE_POWER_OF_TEN || leading < TOO_SMALL_POWER_OF_TEN) {
      return null;
    }
    BigInteger numerator = exact.unscaledValue().abs();
    BigInteger denominator = BigInteger.ONE;
    if (exact.scale() > 0) {
      denominator = BigInteger.TEN.pow(exact.scale());
    } else {
      numerator = numerator.multiply(BigInteger.TEN.pow(-exact.scale()));
    }
    // Two binary digits more than are kept, at least, and one that says whether there are others.
    int shift = MANTISSA_BITS + 2 - (numerator.bitLength() - denominator.bitLength());
    BigInteger[] quotient =
        numerator
            .shiftLeft(Math.max(0, shift))
            .divideAndRemainder(denominator.shiftLeft(Math.max(0, -shift)));
    BigInteger more = quotient[1].signum() == 0 ? BigInteger.ZERO : BigInteger.ONE;
    BigInteger digits = quotient[0].shiftLeft(1).add(more);
    ExtendedFloat rounded = round(exact.signum() < 0 ? digits.negate() : digits, -shift - 1);
    return rounded == null || rounded.mantissa.signum() == 0 ? null : rounded;
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
      return new Operand(ZERO);
    }
    // Out of range for certain, and not worth the digits it would take to find out.
    long magnitude = mantissa.bitLength() + exponent;
    if (magnitude > MAX_EXPONENT + 2 || magnitude < SMALLEST_EXPONENT - 2) {
      return null;
    }
    ExtendedFloat rounded = round(text[0] == '-' ? mantissa.negate() : mantissa, (int) exponent);
    return rounded == null || rounded.mantissa.signum() == 0 ? null : new Operand(rounded);
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
  @Nullable ExtendedFloat plus(ExtendedFloat other) {
    if (mantissa.signum() == 0 || other.mantissa.signum() == 0) {
      return mantissa.signum() == 0 ? other : this;
    }
    if (exponent < other.exponent) {
      return other.plus(this);
    }
    // Of what lies so far behind the digits that are kept only its sign can make a difference.
    int most = 2 * MANTISSA_BITS;
    boolean farBehind = exponent - other.exponent > most;
    int low = farBehind ? exponent - most : other.exponent;
    BigInteger behind = farBehind ? BigInteger.valueOf(other.mantissa.signum()) : other.mantissa;
    return round(mantissa.shiftLeft(exponent - low).add(behind), low);
  }

  /** With up to 17 decimals, without zeros at the end. */
  byte[] format() {
    String text = exponent >= 0 ? mantissa.shiftLeft(exponent).toString() : formatFraction();
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private String formatFraction() {
    BigInteger scaled = halfEven(mantissa.multiply(PRINTED_UNITS), -exponent);
    return scaled.signum() == 0
        ? "0"
        : new BigDecimal(scaled, PRINTED_DECIMALS).stripTrailingZeros().toPlainString();
  }

  /** The nearest number to digits * 2^exponent; zero if it is too small, null if too large. */
  private static @Nullable ExtendedFloat round(BigInteger digits, int exponent) {
    if (digits.signum() == 0) {
      return ZERO;
    }
    int surplus = digits.abs().bitLength() - MANTISSA_BITS;
    BigInteger mantissa = surplus > 0 ? halfEven(digits, surplus) : digits.shiftLeft(-surplus);
    if (mantissa.abs().bitLength() > MANTISSA_BITS) {
      mantissa = mantissa.shiftRight(1); // A power of two: rounded up to one digit more.
      surplus++;
    }
    int leading = exponent + surplus + MANTISSA_BITS - 1;
    if (leading > MAX_EXPONENT) {
      return null;
    }
    return leading < SMALLEST_EXPONENT ? ZERO : new ExtendedFloat(mantissa, exponent + surplus);
  }

  /** number / 2^shift, rounded half to even; the shift is positive. */
  private static BigInteger halfEven(BigInteger number, int shift) {
    BigInteger size = number.abs();
    if (shift > size.bitLength()) {
      return BigInteger.ZERO;
    }
    BigInteger kept = size.shiftRight(shift);
    boolean half = size.testBit(shift - 1);
    boolean more = half && size.getLowestSetBit() < shift - 1;
    if (more || (half && kept.testBit(0))) {
      kept = kept.add(BigInteger.ONE);
    }
    return number.signum() < 0 ? kept.negate() : kept;
  }

  private static boolean isInfinity(byte[] text, int from) {
    String word = new String(text, from, text.length - from, StandardCharsets.ISO_8859_1);
    return word.equalsIgnoreCase("inf") || word.equalsIgnoreCase("infinity");
  }

  private static boolean isDigit(byte letter) {
    return letter >= '0' && letter <= '9';
  }
}
