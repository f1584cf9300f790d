package io.shardwell.jepsen.faults;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The hold on one node's disk and wall clock: {@code interpose.c}, loaded into its process. What is
 * set here works at once, and goes on for a process that is started later.
 */
final class Interposer {
  // The places of struct control.
  private static final int CLOCK_OFFSET = 0;
  private static final int SYNC_DELAY = 8;
  private static final int SYNCS_FAIL = 12;
  private static final int WRITES_FAIL = 16;
  private static final int DELAYED = 32;
  private static final int FAILED = 40;
  private static final int WRONG = 48;
  private static final int SIZE = 56;

  /** Within this something set here has had an effect. */
  private static final long EFFECT_SECONDS = 30;

  private final Path library;
  private final Path data;
  private final Path control;
  private final Path undo;

  /**
   * For a node that does not run.
   *
   * @param directory for its files; not the node's
   * @param data the node's directory
   */
  Interposer(Path library, Path directory, String name, Path data) throws IOException {
    this.library = library;
    this.data = data;
    this.control = directory.resolve(name + ".control");
    this.undo = directory.resolve(name + ".undo");
    Files.write(control, new byte[SIZE]);
  }

  /** The compiled library; null, and a line that says why, without a C compiler. */
  static @Nullable Path compile(Path directory) throws IOException, InterruptedException {
    Path source = directory.resolve("interpose.c");
    Path library = directory.resolve("interpose.so");
    try (InputStream in = Interposer.class.getResourceAsStream("interpose.c")) {
      if (in == null) {
        throw new IllegalStateException("interpose.c is not with the test classes");
      }
      Files.copy(in, source);
    }
    try {
      Process gcc =
          new ProcessBuilder(
                  "gcc",
                  "-shared",
                  "-fPIC",
                  "-O2",
                  "-o",
                  library.toString(),
                  source.toString(),
                  "-ldl",
                  "-lpthread")
              .redirectErrorStream(true)
              .start();
      String output = new String(gcc.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (gcc.waitFor() == 0) {
        return library;
      }
      System.out.println("no faults of disks and clocks, gcc says: " + output);
    } catch (IOException none) {
      System.out.println("no faults of disks and clocks: " + none.getMessage());
    }
    return null;
  }

  Map<String, String> environment() throws IOException {
    // As links in /proc name it.
    Files.createDirectories(data);
    return Map.of(
        "LD_PRELOAD", library.toString(),
        "INTERPOSE_DIR", data.toRealPath().toString(),
        "INTERPOSE_CONTROL", control.toString(),
        "INTERPOSE_UNDO", undo.toString());
  }

  UndoLog undoLog() {
    return new UndoLog(undo);
  }

  void delaySyncs(int millis) throws IOException {
    set(SYNC_DELAY, millis);
  }

  /** Returns when one has begun to wait: there is load all the time. */
  void delaySyncsFromNowOn(int millis) throws IOException, InterruptedException {
    long before = delayedSyncs();
    delaySyncs(millis);
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(EFFECT_SECONDS);
    while (delayedSyncs() == before) {
      Fault.requireEffect(System.nanoTime() < deadline, "no sync waits, " + control);
      Thread.sleep(1);
    }
  }

  void failSyncs() throws IOException {
    set(SYNCS_FAIL, 1);
  }

  void failWrites() throws IOException {
    set(WRITES_FAIL, 1);
  }

  void moveClock(long millis) throws IOException {
    write(CLOCK_OFFSET, ByteBuffer.allocate(Long.BYTES).order(ByteOrder.nativeOrder()), millis);
  }

  /** Syncs that have begun to wait, so far; over all processes of the node, as the next two. */
  long delayedSyncs() throws IOException {
    return read(DELAYED);
  }

  /** Syncs and writes that were refused. */
  long failures() throws IOException {
    return read(FAILED);
  }

  /** How often the process has read a wall clock that was wrong. */
  long wrongReadings() throws IOException {
    return read(WRONG);
  }

  private long read(int place) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.nativeOrder());
    try (FileChannel file = FileChannel.open(control, StandardOpenOption.READ)) {
      if (file.read(bytes, place) != Long.BYTES) {
        throw new IOException("no counter at " + place + " of " + control);
      }
    }
    return bytes.getLong(0);
  }

  /** Takes everything back. */
  void asUsual() throws IOException {
    set(SYNC_DELAY, 0);
    set(SYNCS_FAIL, 0);
    set(WRITES_FAIL, 0);
    moveClock(0);
  }

  private void set(int place, int value) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.nativeOrder());
    write(place, bytes.putInt(value).flip());
  }

  private void write(int place, ByteBuffer bytes, long value) throws IOException {
    write(place, bytes.putLong(value).flip());
  }

  private void write(int place, ByteBuffer bytes) throws IOException {
    // The kernel keeps one copy of a page, mapped or written.
    try (FileChannel file = FileChannel.open(control, StandardOpenOption.WRITE)) {
      file.write(bytes, place);
    }
  }
}
