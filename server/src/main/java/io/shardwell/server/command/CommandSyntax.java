package io.shardwell.server.command;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The arguments of commands, read from {@code arguments.txt} beside this class: a line is a name, a
 * colon, and arguments between blanks.
 *
 * <pre>
 *   key, value:string       an argument and its type; without one it is its name's, or string
 *   NX                      a word that stands for itself
 *   EX=seconds:integer      a word, then a value
 *   name=(a|b c)            one of several; of a choice of several parts a block
 *   name={a b}              all of these
 *   ...?  ...+  ...*        left out or not; once or more; left out or more
 * </pre>
 */
final class CommandSyntax {

  private static final String SOURCE = "arguments.txt";
  private static final List<String> NAMED_TYPES = List.of("key", "pattern", "integer", "unix-time");
  private static final Map<String, List<CommandArgument>> BY_NAME = read();

  private final String text;
  private int at;

  private CommandSyntax(String text) {
    this.text = text;
  }

  /** Of a command, {@code client|list} for a subcommand; empty if it has none. */
  static List<CommandArgument> of(String name) {
    return BY_NAME.getOrDefault(name, List.of());
  }

  /** All that a line describes. */
  static List<CommandArgument> parse(String text) {
    CommandSyntax syntax = new CommandSyntax(text);
    List<CommandArgument> arguments = syntax.sequence();
    syntax.expectEnd();
    return arguments;
  }

  private static Map<String, List<CommandArgument>> read() {
    Map<String, List<CommandArgument>> all = new LinkedHashMap<>();
    try (InputStream in =
            Objects.requireNonNull(CommandSyntax.class.getResourceAsStream(SOURCE), SOURCE);
        BufferedReader lines =
            new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        int colon = line.indexOf(':');
        if (!line.startsWith("#") && colon > 0) {
          all.put(line.substring(0, colon), parse(line.substring(colon + 1)));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(SOURCE, e);
    }
    return all;
  }

  private List<CommandArgument> sequence() {
    List<CommandArgument> arguments = new ArrayList<>();
    skipBlanks();
    while (at < text.length() && "|)}".indexOf(text.charAt(at)) < 0) {
      arguments.add(argument());
      skipBlanks();
    }
    return arguments;
  }

  private CommandArgument argument() {
    String word = word();
    CommandArgument argument;
    if (take('=')) {
      if (take('(')) {
        argument = new CommandArgument(word, "oneof", "", false, false, choices());
      } else if (take('{')) {
        argument = new CommandArgument(word, "block", "", false, false, sequence());
        expect('}');
      } else {
        argument = value(word, word());
      }
    } else if (Character.isUpperCase(word.charAt(0))) {
      argument = CommandArgument.pureToken(word);
    } else {
      argument = value("", word);
    }
    boolean optional = false;
    boolean multiple = false;
    if (take('?')) {
      optional = true;
    } else if (take('+')) {
      multiple = true;
    } else if (take('*')) {
      optional = true;
      multiple = true;
    }
    return new CommandArgument(
        argument.name(),
        argument.type(),
        argument.token(),
        optional,
        multiple,
        argument.arguments());
  }

  private CommandArgument value(String token, String name) {
    String type = take(':') ? word() : NAMED_TYPES.contains(name) ? name : "string";
    return new CommandArgument(name, type, token, false, false, List.of());
  }

  private List<CommandArgument> choices() {
    List<CommandArgument> choices = new ArrayList<>();
    do {
      List<CommandArgument> parts = sequence();
      choices.add(
          parts.size() == 1
              ? parts.get(0)
              : new CommandArgument(parts.get(0).name(), "block", "", false, false, parts));
    } while (take('|'));
    expect(')');
    return choices;
  }

  private String word() {
    int from = at;
    while (at < text.length()
        && (Character.isLetterOrDigit(text.charAt(at)) || "-_".indexOf(text.charAt(at)) >= 0)) {
      at++;
    }
    if (at == from) {
      throw new IllegalArgumentException("a word expected at " + at + " of: " + text);
    }
    return text.substring(from, at);
  }

  private boolean take(char expected) {
    boolean there = at < text.length() && text.charAt(at) == expected;
    at += there ? 1 : 0;
    return there;
  }

  private void expect(char expected) {
    if (!take(expected)) {
      throw new IllegalArgumentException(expected + " expected at " + at + " of: " + text);
    }
  }

  private void expectEnd() {
    if (at < text.length()) {
      throw new IllegalArgumentException("too much at " + at + " of: " + text);
    }
  }

  private void skipBlanks() {
    while (take(' ')) {
      // The next one.
    }
  }
}
