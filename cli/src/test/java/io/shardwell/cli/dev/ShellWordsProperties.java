package io.shardwell.cli.dev;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.CharRange;
import net.jqwik.api.constraints.Size;

/**
 * Shows that a printed command can be pasted into a shell, by asking a real shell for its words.
 */
class ShellWordsProperties {

  @Property(tries = 30)
  void aShellSplitsItIntoTheSameWords(
      @ForAll @Size(max = 4) List<@CharRange(from = ' ', to = '~') String> words)
      throws IOException {
    String line = ShellWords.join("printf", List.of("%s\\n", "start")) + joined(words);
    Process shell =
        new ProcessBuilder("sh", "-c", line).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    String out = new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    StringBuilder expected = new StringBuilder("start\n");
    words.forEach(word -> expected.append(word).append('\n'));
    assertThat(out).isEqualTo(expected.toString());
  }

  @Example
  void plainWordsStayPlain() {
    assertThat(ShellWords.join("bin/shardwell", List.of("serve", "--id", "n1")))
        .isEqualTo("bin/shardwell serve --id n1");
    assertThat(ShellWords.join("my prog", List.of("it's"))).isEqualTo("'my prog' 'it'\\''s'");
  }

  private static String joined(List<String> words) {
    return words.isEmpty()
        ? ""
        : " " + ShellWords.join(words.get(0), words.subList(1, words.size()));
  }
}
