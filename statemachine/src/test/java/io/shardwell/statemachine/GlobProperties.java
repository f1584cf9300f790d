package io.shardwell.statemachine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

/** Shows patterns by examples, and against a matcher that tries everything. */
class GlobProperties {
  @Test
  void readsPatternsAsRedisDoes() {
    assertThat(matches("*", "")).isTrue();
    assertThat(matches("h?llo", "hello")).isTrue();
    assertThat(matches("h?llo", "hllo")).isFalse();
    assertThat(matches("h*llo", "heeeello")).isTrue();
    assertThat(matches("h[ae]llo", "hallo")).isTrue();
    assertThat(matches("h[^e]llo", "hello")).isFalse();
    assertThat(matches("h[b-a]llo", "hallo")).isTrue();
    assertThat(matches("[\\]]", "]")).isTrue();
    assertThat(matches("\\*", "*")).isTrue();
    assertThat(matches("\\*", "x")).isFalse();
    assertThat(matches("a\\", "a\\")).isTrue();
    assertThat(matches("[ab", "b")).isTrue();
    assertThat(matches("[]", "a")).isFalse();
    assertThat(matches("name::*", "name::key")).isTrue();
    assertThat(matches("", "")).isTrue();
    assertThat(matches("", "a")).isFalse();
  }

  @Test
  void manyStarsDoNotStall() {
    assertThat(matches("a*".repeat(200) + "b", "a".repeat(20_000))).isFalse();
  }

  /** The longest pattern on the longest key would be minutes of a leader's only thread. */
  @Test
  void whatTakesTooLongIsGivenUp() {
    byte[] text = "a".repeat(Limits.MAX_KEY_BYTES).getBytes(StandardCharsets.US_ASCII);
    for (String pattern :
        List.of("*" + "a".repeat(20_000) + "b", "*[" + "b".repeat(10_000_000) + "]")) {
      Glob glob = new Glob(pattern.getBytes(StandardCharsets.US_ASCII));
      assertThat(glob.matches(text)).isFalse();
      assertThat(glob.gaveUp()).isTrue();
      assertThat(glob.steps()).isBetween(Glob.MAX_STEPS, 2 * Glob.MAX_STEPS);
    }
    Glob longest = new Glob("*?".repeat(50_000).getBytes(StandardCharsets.US_ASCII));
    assertThat(longest.matches(Arrays.copyOf(text, 50_000))).isTrue();
    assertThat(longest.gaveUp()).isFalse();
  }

  @Property(tries = 3000)
  void agreesWithTryingEverything(
      @ForAll("patterns") String pattern, @ForAll("texts") String text) {
    assertThat(matches(pattern, text))
        .as("'%s' on '%s'", pattern, text)
        .isEqualTo(tryEverything(pattern, text));
  }

  /** The definition: a star stands for every beginning of the text, one after the other. */
  private static boolean tryEverything(String pattern, String text) {
    if (pattern.isEmpty()) {
      return text.isEmpty();
    }
    if (pattern.charAt(0) == '*') {
      for (int i = 0; i <= text.length(); i++) {
        if (tryEverything(pattern.substring(1), text.substring(i))) {
          return true;
        }
      }
      return false;
    }
    if (text.isEmpty()) {
      return false;
    }
    int end = pattern.charAt(0) == '[' ? pattern.indexOf(']') + 1 : 1;
    String one = pattern.substring(0, end);
    boolean fits =
        switch (one.charAt(0)) {
          case '?' -> true;
          case '[' ->
              one.charAt(1) == '^'
                  ? one.indexOf(text.charAt(0), 2) < 0
                  : one.indexOf(text.charAt(0), 1) > 0;
          default -> one.charAt(0) == text.charAt(0);
        };
    return fits && tryEverything(pattern.substring(end), text.substring(1));
  }

  @Provide
  Arbitrary<String> patterns() {
    return Arbitraries.of("*", "?", "a", "b", "c", "[ab]", "[^a]", "[^bc]", "[c]")
        .list()
        .ofMaxSize(7)
        .map(parts -> String.join("", parts));
  }

  @Provide
  Arbitrary<String> texts() {
    return Arbitraries.strings().withChars("abc").ofMaxLength(9);
  }

  private static boolean matches(String pattern, String text) {
    return new Glob(pattern.getBytes(StandardCharsets.UTF_8))
        .matches(text.getBytes(StandardCharsets.UTF_8));
  }
}
