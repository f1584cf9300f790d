package io.shardwell.statemachine.benchmark;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How long the Java VM stops everything, with many keys in a heap of 4 GB: a shard in a VM of its
 * own with the options that servers have, first filled, then worked on at a steady pace. The VM's
 * own log of safepoints is what is read.
 *
 * <p>Arguments: the file of options (bin/server.options), keys (5 000 000), operations per second,
 * half of them writes (100 000), seconds (60), heap in MiB (4096). See docs/memory.md.
 */
public final class PauseBenchmark {
  private static final int VALUE_BYTES = 100;
  private static final int OPERATIONS = 100;
  private static final String CHILD = "work";
  private static final Pattern SAFEPOINT =
      Pattern.compile("\\[([0-9.]+)s\\].*Safepoint \"(\\w+)\".*Total: *([0-9]+) ns");
  private static final Pattern RESULT = Pattern.compile("([0-9.]+) (\\d+) (\\d+)");

  private PauseBenchmark() {}

  private record Pause(double atSeconds, String why, long nanos) {}

  /** Measures and prints. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    if (arguments.length == 4 && arguments[0].equals(CHILD)) {
      work(
          Integer.parseInt(arguments[1]),
          Integer.parseInt(arguments[2]),
          Integer.parseInt(arguments[3]));
    } else if (arguments.length == 0) {
      System.err.println("arguments: OPTIONS [KEYS] [OPERATIONS-PER-SECOND] [SECONDS] [HEAP-MIB]");
      System.exit(2);
    } else {
      measure(arguments);
    }
  }

  private static String argument(String[] arguments, int at, String otherwise) {
    return arguments.length > at ? arguments[at] : otherwise;
  }

  private static void measure(String[] arguments) throws IOException, InterruptedException {
    String heap = argument(arguments, 4, "4096");
    Path log = Files.createTempFile("shardwell-safepoints", ".log");
    try {
      Process child =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "@" + Path.of(arguments[0]).toAbsolutePath(),
                  "-Xms" + heap + "m",
                  "-Xmx" + heap + "m",
                  "-Xlog:safepoint:file=" + log + ":uptime",
                  "-cp",
                  System.getProperty("java.class.path"),
                  PauseBenchmark.class.getName(),
                  CHILD,
                  argument(arguments, 1, "5000000"),
                  argument(arguments, 2, "100000"),
                  argument(arguments, 3, "60"))
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      String output = new String(child.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
      if (child.waitFor() != 0) {
        throw new IOException("the VM ended with " + child.exitValue() + ": " + output);
      }
      Matcher words = RESULT.matcher(output.strip());
      if (!words.matches()) {
        throw new IOException("the VM said " + output);
      }
      double filled = Double.parseDouble(words.group(1));
      System.out.printf(
          Locale.ROOT,
          "%s MiB heap; filled after %.0f s; then %s operations in %s s%n",
          heap,
          filled,
          words.group(2),
          words.group(3));
      List<Pause> pauses = read(log);
      print("while it is filled", pauses.stream().filter(p -> p.atSeconds() < filled).toList());
      print("afterwards", pauses.stream().filter(p -> p.atSeconds() >= filled).toList());
    } finally {
      Files.deleteIfExists(log);
    }
  }

  private static List<Pause> read(Path log) throws IOException {
    List<Pause> pauses = new ArrayList<>();
    for (String line : Files.readAllLines(log)) {
      Matcher matcher = SAFEPOINT.matcher(line);
      if (matcher.find()) {
        pauses.add(
            new Pause(
                Double.parseDouble(matcher.group(1)),
                matcher.group(2),
                Long.parseLong(matcher.group(3))));
      }
    }
    return pauses;
  }

  private static void print(String when, List<Pause> pauses) {
    if (pauses.isEmpty()) {
      System.out.println(when + ": no pause");
      return;
    }
    List<Pause> sorted =
        pauses.stream().sorted((a, b) -> Long.compare(a.nanos(), b.nanos())).toList();
    Pause longest = sorted.get(sorted.size() - 1);
    System.out.printf(
        Locale.ROOT,
        "%s: %d pauses, ms: median %.2f, p99 %.2f, longest %.2f (%s); above 20 ms: %d%n",
        when,
        sorted.size(),
        sorted.get(sorted.size() / 2).nanos() / 1e6,
        sorted.get((int) (0.99 * (sorted.size() - 1))).nanos() / 1e6,
        longest.nanos() / 1e6,
        longest.why(),
        sorted.stream().filter(pause -> pause.nanos() > 20_000_000).count());
  }

  /** In the other VM: prints when it was filled, and what was done afterwards in how long. */
  private static void work(int keys, int perSecond, int seconds) throws InterruptedException {
    LoadedShard shard = new LoadedShard(keys, VALUE_BYTES);
    double filled = ManagementFactory.getRuntimeMXBean().getUptime() / 1e3;
    long begin = System.nanoTime();
    long end = begin + TimeUnit.SECONDS.toNanos(seconds);
    long done = 0;
    for (long now = begin; now < end; now = System.nanoTime()) {
      if (done * 1e9 > (double) perSecond * (now - begin)) {
        Thread.sleep(1);
      } else {
        shard.work();
        done += OPERATIONS;
      }
    }
    System.out.printf(
        Locale.ROOT, "%.3f %d %.0f%n", filled, done, (System.nanoTime() - begin) / 1e9);
  }
}
