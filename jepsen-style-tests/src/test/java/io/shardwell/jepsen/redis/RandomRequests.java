package io.shardwell.jepsen.redis;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Tuple;

/**
 * Draws sequences of commands, right and wrong: every data command, odd numbers, options in any
 * order, case and number, words too many and too few.
 *
 * <p>What must not depend on how fast either server is: no drawn time to live ends within the test,
 * and no two of one sequence are alike, for GT and LT would tell them apart by the millisecond.
 * Hence times are placeholders, {@code %s %ms %at %atms}, until {@link #placed}.
 */
final class RandomRequests {
  private static final int LENGTH = 200;

  /** Between any two times to live of a sequence, in seconds: no sequence runs that long. */
  private static final long APART_SECONDS = 100;

  private static final List<String> ODD_NUMBERS =
      List.of(
          "0",
          "-1",
          "-0",
          "+5",
          "007",
          " 5",
          "5 ",
          "",
          "x",
          "5x",
          "0x10",
          "1e3",
          "1.0",
          "9223372036854775807",
          "9223372036854775808",
          "-9223372036854775808",
          "-9223372036854775809",
          "18446744073709551615",
          "18446744073709551616",
          "99999999999999999999999",
          "-9223372036854775",
          "-9223372036854776",
          "9223372036854776",
          "inf",
          "nan",
          "5\0",
          "5\n");

  private static final List<String> ODD_FLOATS =
      List.of(
          "0.1",
          "-0.1",
          "3.0e3",
          "1e-3",
          ".5",
          "5.",
          "+.5",
          "inf",
          "-inf",
          "+Infinity",
          "nan",
          "-nan",
          "nan(1)",
          "0x1p3",
          "0x.8",
          "1e400",
          "-1e4932",
          "1e5000",
          "1e-5000",
          "1.1897314953572317650e+4932",
          "3.14159265358979323846264338327950288",
          "100000000000000000000000000000000000001",
          "1e17",
          "1e-17",
          "0.1e",
          "1e+",
          "--1",
          " 1.5",
          "1.5 ",
          "1,5",
          "1_0",
          "1.5f",
          "1d");

  private final Arbitrary<String> tagged =
      Arbitraries.of("{t}a", "{t}b", "{t}c", "{t}", "x{t}", "{t}{u}", "{t}\0\r\n\u00ff");
  private final Arbitrary<String> anywhere =
      Arbitraries.of("k1", "k2", "k3", "", "{}", "{}a", "a{", "\u00e9\u0000", "a b", "[k]", "*");
  private final Arbitrary<String> key = anywhere(3);
  private final Arbitrary<String> oddNumber = Arbitraries.of(ODD_NUMBERS);
  private final Arbitrary<String> smallNumber =
      Arbitraries.integers().between(-12, 12).map(String::valueOf);
  private final Arbitrary<String> number =
      Arbitraries.frequencyOf(
          Tuple.of(3, smallNumber),
          Tuple.of(1, oddNumber),
          Tuple.of(1, Arbitraries.longs().map(String::valueOf)));
  private final Arbitrary<String> fraction =
      Arbitraries.frequencyOf(
          Tuple.of(2, number),
          Tuple.of(2, Arbitraries.of(ODD_FLOATS)),
          Tuple.of(2, Arbitraries.doubles().between(-1e6, 1e6).ofScale(6).map(String::valueOf)));
  private final Arbitrary<String> value =
      Arbitraries.frequencyOf(
          Tuple.of(3, number),
          Tuple.of(2, fraction),
          Tuple.of(1, Arbitraries.of("", "v", "Hello", "\r\n", "\0", "\u00ff\u00fe")),
          Tuple.of(1, Arbitraries.strings().withCharRange(' ', '~').ofMaxLength(60)),
          Tuple.of(1, Arbitraries.strings().withCharRange('\0', '\u00ff').ofMaxLength(8)));
  private final Arbitrary<String> pattern =
      Arbitraries.of(
          "*", "k*", "k?", "k[12]", "k[^1]", "[a-z]*", "*{t}*", "", "\\*", "k[", "k[1-", "?", "**a",
          "[k]", "\\[k]", "[]", "[^]", "k[3-1]");
  private final Arbitrary<String> junk =
      Arbitraries.of("", "foo", "NX", "GET", "EX", "PERSIST", "ASYNC", "MATCH", "\u00ff");

  /** The one we have, and such as Redis does not have either by default. */
  private final Arbitrary<String> database =
      Arbitraries.of("0", "0", "0", "16", "-1", "x", "", "2147483648");

  private final Arbitrary<String> operation =
      Arbitraries.of("AND", "or", "XOR", "Not", "NOT", "NAND");
  private final Arbitrary<String> bit = Arbitraries.of("0", "1", "0", "1", "2", "-1", "x");

  /** Not above the 16 MiB that a value of ours can have, where Redis takes up to 512. */
  private final Arbitrary<String> bitOffset =
      Arbitraries.frequencyOf(
          Tuple.of(8, Arbitraries.integers().between(0, 200).map(String::valueOf)),
          Tuple.of(2, Arbitraries.integers().between(0, 12).map(n -> "#" + n)),
          Tuple.of(1, oddNumber));

  private final Arbitrary<String> type =
      Arbitraries.frequencyOf(
          Tuple.of(6, Arbitraries.integers().between(1, 63).map(n -> "u" + n)),
          Tuple.of(6, Arbitraries.integers().between(1, 64).map(n -> "i" + n)),
          Tuple.of(1, Arbitraries.of("u64", "i65", "i0", "u", "x8", "", "i 8", "I8", "u08")));

  private Arbitrary<String> anywhere(int weight) {
    return Arbitraries.frequencyOf(Tuple.of(weight, tagged), Tuple.of(weight, anywhere));
  }

  private Arbitrary<String> time(String placeholder) {
    return Arbitraries.frequencyOf(
        Tuple.of(4, Arbitraries.just(placeholder)), Tuple.of(1, oddNumber));
  }

  /** A name or an option: any mix of cases. */
  private static Arbitrary<String> word(String upper) {
    return Arbitraries.frequency(
        Tuple.of(6, upper),
        Tuple.of(2, upper.toLowerCase(Locale.ROOT)),
        Tuple.of(1, upper.charAt(0) + upper.substring(1).toLowerCase(Locale.ROOT)));
  }

  private static Arbitrary<List<String>> words(List<Arbitrary<String>> each) {
    return Combinators.combine(each).as(all -> all);
  }

  @SafeVarargs
  @SuppressWarnings("varargs") // asList only reads the array
  private static Arbitrary<List<String>> words(String upper, Arbitrary<String>... arguments) {
    List<Arbitrary<String>> all = new ArrayList<>();
    all.add(word(upper));
    all.addAll(Arrays.asList(arguments));
    return words(all);
  }

  private static Arbitrary<List<String>> joined(
      Arbitrary<List<String>> head, Arbitrary<List<List<String>>> tail) {
    return Combinators.combine(head, tail)
        .as(
            (first, rest) -> {
              List<String> all = new ArrayList<>(first);
              rest.forEach(all::addAll);
              return all;
            });
  }

  private Arbitrary<List<List<String>>> many(int least, int most, Arbitrary<List<String>> each) {
    return each.list().ofMinSize(least).ofMaxSize(most);
  }

  private Arbitrary<List<String>> one(Arbitrary<String> each) {
    return each.map(List::of);
  }

  private Arbitrary<List<String>> expiry() {
    return Arbitraries.oneOf(
        words("EX", time("%s")),
        words("PX", time("%ms")),
        words("EXAT", time("%at")),
        words("PXAT", time("%atms")));
  }

  private Arbitrary<List<String>> setOption() {
    return Arbitraries.frequencyOf(
        Tuple.of(4, expiry()),
        Tuple.of(2, words("NX")),
        Tuple.of(2, words("XX")),
        Tuple.of(3, words("GET")),
        Tuple.of(2, words("KEEPTTL")),
        Tuple.of(1, one(junk)));
  }

  private Arbitrary<List<String>> expire(String name, String placeholder) {
    Arbitrary<List<String>> option =
        Arbitraries.frequencyOf(
            Tuple.of(2, words("NX")),
            Tuple.of(2, words("XX")),
            Tuple.of(3, words("GT")),
            Tuple.of(3, words("LT")),
            Tuple.of(1, one(junk)));
    return joined(words(name, key, time(placeholder)), many(0, 2, option));
  }

  private Arbitrary<List<String>> scan() {
    Arbitrary<List<String>> option =
        Arbitraries.frequencyOf(
            Tuple.of(2, words("MATCH", pattern)),
            Tuple.of(2, words("COUNT", number)),
            Tuple.of(2, words("TYPE", Arbitraries.of("string", "STRING", "list", "hash", "zset"))),
            Tuple.of(1, one(junk)));
    Arbitrary<String> cursor =
        Arbitraries.frequencyOf(
            Tuple.of(6, Arbitraries.just("0")),
            Tuple.of(1, Arbitraries.of("x", "", "-1", "0x0", "1.")));
    return joined(words("SCAN", cursor), many(0, 3, option));
  }

  private Arbitrary<List<String>> pairs(String name, Arbitrary<String> keys) {
    return joined(words(name), many(1, 4, words(List.of(keys, value))));
  }

  private Arbitrary<List<String>> keys(String name) {
    return joined(words(name), many(1, 4, one(key)));
  }

  private Arbitrary<List<String>> range() {
    return Arbitraries.frequencyOf(
        Tuple.of(4, words(List.of(number, number))),
        Tuple.of(1, one(number)),
        Tuple.of(4, words(List.of(number, number, Arbitraries.oneOf(word("BIT"), word("BYTE"))))),
        Tuple.of(1, one(junk)));
  }

  private Arbitrary<List<String>> bitfieldGet() {
    return words("GET", type, bitOffset);
  }

  private Arbitrary<List<String>> bitfieldStep() {
    return Arbitraries.frequencyOf(
        Tuple.of(2, bitfieldGet()),
        Tuple.of(3, words("SET", type, bitOffset, number)),
        Tuple.of(3, words("INCRBY", type, bitOffset, number)),
        Tuple.of(2, words("OVERFLOW", Arbitraries.of("WRAP", "SAT", "FAIL", "sat", "x"))));
  }

  private Arbitrary<List<String>> lcsOption() {
    return Arbitraries.oneOf(
        words("LEN"), words("IDX"), words("WITHMATCHLEN"), words("MINMATCHLEN", number), one(junk));
  }

  private Arbitrary<List<String>> legal() {
    return Arbitraries.frequencyOf(
        Tuple.of(6, words("GET", key)),
        Tuple.of(6, words("SET", key, value)),
        Tuple.of(10, joined(words("SET", key, value), many(1, 4, setOption()))),
        Tuple.of(2, words("SETNX", key, value)),
        Tuple.of(2, words("SETEX", key, time("%s"), value)),
        Tuple.of(2, words("PSETEX", key, time("%ms"), value)),
        Tuple.of(2, words("GETSET", key, value)),
        Tuple.of(2, words("GETDEL", key)),
        Tuple.of(
            5,
            joined(
                words("GETEX", key),
                many(0, 2, Arbitraries.oneOf(expiry(), words("PERSIST"), one(junk))))),
        Tuple.of(3, keys("MGET")),
        Tuple.of(3, pairs("MSET", key)),
        Tuple.of(2, pairs("MSETNX", tagged)),
        Tuple.of(4, words("APPEND", key, value)),
        Tuple.of(2, words("STRLEN", key)),
        Tuple.of(4, words("GETRANGE", key, number, number)),
        Tuple.of(1, words("SUBSTR", key, number, number)),
        Tuple.of(
            4,
            words(
                "SETRANGE",
                key,
                Arbitraries.oneOf(
                    oddNumber, Arbitraries.integers().between(0, 80).map(String::valueOf)),
                value)),
        Tuple.of(3, words("SETBIT", key, bitOffset, bit)),
        Tuple.of(3, words("GETBIT", key, bitOffset)),
        Tuple.of(3, joined(words("BITCOUNT", key), many(0, 2, range()))),
        Tuple.of(3, joined(words("BITPOS", key, bit), many(0, 2, range()))),
        Tuple.of(3, joined(words("BITOP", operation, tagged), many(1, 3, one(tagged)))),
        Tuple.of(4, joined(words("BITFIELD", key), many(0, 4, bitfieldStep()))),
        Tuple.of(2, joined(words("BITFIELD_RO", key), many(0, 2, bitfieldGet()))),
        Tuple.of(
            3,
            joined(
                words("COPY", tagged, tagged),
                many(0, 2, Arbitraries.oneOf(words("REPLACE"), words("DB", database), one(junk))))),
        Tuple.of(3, joined(words("LCS", tagged, tagged), many(0, 3, lcsOption()))),
        Tuple.of(3, words("INCR", key)),
        Tuple.of(3, words("DECR", key)),
        Tuple.of(5, words("INCRBY", key, number)),
        Tuple.of(5, words("DECRBY", key, number)),
        Tuple.of(7, words("INCRBYFLOAT", key, fraction)),
        Tuple.of(3, keys("DEL")),
        Tuple.of(2, keys("UNLINK")),
        Tuple.of(2, keys("EXISTS")),
        Tuple.of(2, keys("TOUCH")),
        Tuple.of(4, expire("EXPIRE", "%s")),
        Tuple.of(4, expire("PEXPIRE", "%ms")),
        Tuple.of(4, expire("EXPIREAT", "%at")),
        Tuple.of(4, expire("PEXPIREAT", "%atms")),
        Tuple.of(3, words("TTL", key)),
        Tuple.of(3, words("PTTL", key)),
        Tuple.of(2, words("EXPIRETIME", key)),
        Tuple.of(2, words("PEXPIRETIME", key)),
        Tuple.of(3, words("PERSIST", key)),
        Tuple.of(2, words("TYPE", key)),
        Tuple.of(3, words("RENAME", tagged, tagged)),
        Tuple.of(3, words("RENAMENX", tagged, tagged)),
        Tuple.of(2, words("DBSIZE")),
        Tuple.of(2, words("KEYS", pattern)),
        Tuple.of(3, scan()),
        Tuple.of(2, words("RANDOMKEY")),
        Tuple.of(2, words("OBJECT", word("ENCODING"), key)),
        Tuple.of(1, words("PING")),
        Tuple.of(1, words("PING", value)),
        Tuple.of(1, words("ECHO", value)),
        Tuple.of(1, words("SELECT", Arbitraries.oneOf(oddNumber, Arbitraries.just("0")))));
  }

  /** Few, for each of them leaves nothing to compare. */
  private Arbitrary<List<String>> flush() {
    return joined(
        Arbitraries.oneOf(words("FLUSHALL"), words("FLUSHDB")),
        many(0, 2, Arbitraries.oneOf(words("ASYNC"), words("SYNC"), one(junk))));
  }

  /** As clients get it wrong: a word too many, a word missing, a name nobody knows. */
  private Arbitrary<List<String>> illegal() {
    Arbitrary<List<String>> longer =
        Combinators.combine(legal(), junk).as(RandomRequests::withLast);
    Arbitrary<List<String>> shorter =
        legal().map(words -> words.size() == 1 ? words : words.subList(0, words.size() - 1));
    Arbitrary<List<String>> unknown =
        Combinators.combine(
                Arbitraries.of("FOO", "get ", "", "GETT", "S\u00e9T", "a\r\nb", "x".repeat(200)),
                value.list().ofMaxSize(3))
            .as(RandomRequests::withFirst);
    return Arbitraries.frequencyOf(Tuple.of(4, longer), Tuple.of(4, shorter), Tuple.of(1, unknown));
  }

  private static List<String> withLast(List<String> words, String last) {
    List<String> all = new ArrayList<>(words);
    all.add(last);
    return all;
  }

  private static List<String> withFirst(String first, List<String> words) {
    List<String> all = new ArrayList<>();
    all.add(first);
    all.addAll(words);
    return all;
  }

  Arbitrary<List<Request>> sequences() {
    return Arbitraries.frequencyOf(
            Tuple.of(120, legal()), Tuple.of(15, illegal()), Tuple.of(1, flush()))
        .map(Request::new)
        .list()
        .ofSize(LENGTH);
  }

  /** The sequence with times in place of the placeholders, counted from a Unix time in seconds. */
  static List<Request> placed(List<Request> drawn, long nowSeconds) {
    List<Request> all = new ArrayList<>(drawn.size());
    // A fixed shuffle of 1..n, n being prime: later ones are not always larger.
    int n = 1009;
    int at = 0;
    for (Request request : drawn) {
      List<String> words = new ArrayList<>(request.words().size());
      for (String word : request.words()) {
        boolean time = word.equals("%s") || word.equals("%ms") || word.startsWith("%at");
        long left = time ? APART_SECONDS * (1 + Math.floorMod(149L * at++, (long) n)) : 0;
        words.add(
            switch (word) {
              case "%s" -> Long.toString(left);
              case "%ms" -> Long.toString(1000 * left);
              case "%at" -> Long.toString(nowSeconds + left);
              case "%atms" -> Long.toString(1000 * (nowSeconds + left));
              default -> word;
            });
      }
      all.add(new Request(words));
    }
    return all;
  }
}
