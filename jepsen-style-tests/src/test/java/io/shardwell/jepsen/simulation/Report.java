package io.shardwell.jepsen.simulation;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What a sweep amounted to, as a file for programs: one flat JSON object of whole numbers, a line
 * each, and a list of replay lines. Flat, so that sweeps on several machines are added up by name.
 */
final class Report {
  private static final Pattern FIGURE = Pattern.compile("  \"([^\"]+)\": (\\d+),");
  private static final Pattern REPLAY = Pattern.compile("    \"([^\"]+)\",?");

  private Report() {}

  static void write(Path file, Totals totals) throws IOException {
    StringBuilder text = new StringBuilder("{\n");
    totals.figures().forEach((name, count) -> text.append("  \"" + name + "\": " + count + ",\n"));
    // No replay line has anything in it that JSON would escape.
    text.append("  \"replay\": [")
        .append(
            totals.replayLines().stream()
                .map(line -> "\n    \"" + line + "\"")
                .collect(Collectors.joining(",")))
        .append("\n  ]\n}\n");
    Files.writeString(file, text, StandardCharsets.UTF_8);
  }

  /** Adds a report to what others amounted to. */
  static void addTo(Totals totals, Path file) throws IOException {
    Map<String, Long> figures = new TreeMap<>();
    List<String> broken = new ArrayList<>();
    for (String line : Files.readAllLines(file, StandardCharsets.UTF_8)) {
      Matcher figure = FIGURE.matcher(line);
      Matcher replay = REPLAY.matcher(line);
      if (figure.matches()) {
        figures.put(figure.group(1), Long.valueOf(figure.group(2)));
      } else if (replay.matches()) {
        broken.add(replay.group(1));
      }
    }
    if (!figures.containsKey("seeds.sound")) {
      throw new IOException(file + " is no report of a sweep");
    }
    totals.add(figures, broken);
  }
}
