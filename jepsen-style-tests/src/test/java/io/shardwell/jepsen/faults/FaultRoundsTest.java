package io.shardwell.jepsen.faults;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Shows that real servers keep every promise to Jedis and Lettuce under every fault that this
 * machine allows, for as long as one likes: {@code -Pchaos -Dchaos.minutes=60}, rounds from {@code
 * -Dchaos.seed=N} on (otherwise from the time of day), only those of {@code -Dchaos.faults=
 * kill-one,loss}. Each round is a new cluster; its history must be linearizable, every acknowledged
 * write be there at the end, every counter exact. Prints how long writes stood still, by kind of
 * fault, and writes that to target/process-chaos.json.
 */
@Tag("chaos")
class FaultRoundsTest {

  @Test
  void realServersKeepEveryPromise(@TempDir Path directory)
      throws IOException, InterruptedException {
    long minutes = Long.getLong("chaos.minutes", 1);
    long seed = Long.getLong("chaos.seed", System.currentTimeMillis());
    Set<FaultKind> kinds = kinds(System.getProperty("chaos.faults"));
    @Nullable Path library = Interposer.compile(directory);
    FaultFigures figures = new FaultFigures();
    List<String> failures = new ArrayList<>();
    long operations = 0;
    long open = 0;
    long acknowledged = 0;
    long undecided = 0;
    int rounds = 0;
    long begin = System.nanoTime();
    do {
      Path place = Files.createDirectory(directory.resolve("round-" + seed));
      try {
        Round.Result result = new Round(seed, place, kinds, figures).run(library);
        operations += result.operations();
        open += result.open();
        acknowledged += result.acknowledged();
        undecided += result.undecided();
      } catch (AssertionError failure) {
        failures.add(String.valueOf(failure.getMessage()));
        System.out.println(failure.getMessage());
        System.out.println("the cluster's files: " + keep(place, seed));
      }
      delete(place);
      rounds++;
      seed++;
      String totals =
          String.format(
              Locale.ROOT,
              "process chaos: %.1f minutes, %d rounds, %d faults, %d operations judged,"
                  + " %d without outcome, %d acknowledged writes looked for, %d keys undecided,"
                  + " %d rounds failed",
              (System.nanoTime() - begin) / 60e9,
              rounds,
              figures.injections(),
              operations,
              open,
              acknowledged,
              undecided,
              failures.size());
      System.out.printf("%s%n%s", totals, figures.table());
      Files.writeString(Path.of("target", "process-chaos.json"), figures.json());
    } while (System.nanoTime() - begin < TimeUnit.MINUTES.toNanos(minutes));
    if (!failures.isEmpty()) {
      throw new AssertionError(String.join("\n", failures));
    }
  }

  private static Set<FaultKind> kinds(@Nullable String words) {
    if (words == null || words.isEmpty()) {
      return EnumSet.allOf(FaultKind.class);
    }
    EnumSet<FaultKind> kinds = EnumSet.noneOf(FaultKind.class);
    for (String word : words.split(",", -1)) {
      kinds.add(
          Arrays.stream(FaultKind.values())
              .filter(kind -> kind.word().equals(word))
              .findFirst()
              .orElseThrow(() -> new IllegalArgumentException(word + " is none of" + all())));
    }
    return kinds;
  }

  private static String all() {
    StringBuilder text = new StringBuilder();
    for (FaultKind kind : FaultKind.values()) {
      text.append(System.lineSeparator()).append(kind.word()).append(": ").append(kind.text());
    }
    return text.toString();
  }

  /** Data and output of a failed round, where the next one does not sweep them away. */
  private static Path keep(Path place, long seed) throws IOException {
    Path kept = Path.of("target", "failed-round-" + seed).toAbsolutePath();
    try (Stream<Path> files = Files.walk(place)) {
      for (Path file : files.toList()) {
        Path copy = kept.resolve(place.relativize(file));
        if (Files.isDirectory(file)) {
          Files.createDirectories(copy);
        } else {
          Files.copy(file, copy);
        }
      }
    }
    return kept;
  }

  private static void delete(Path place) throws IOException {
    try (Stream<Path> files = Files.walk(place)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
