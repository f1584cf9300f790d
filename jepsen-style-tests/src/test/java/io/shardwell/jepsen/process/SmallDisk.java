package io.shardwell.jepsen.process;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A file system of its own in memory, mounted on a folder, with a file that takes space away. */
public final class SmallDisk implements AutoCloseable {
  private static final int BLOCK = 1 << 20;

  private final Path folder;
  private final boolean mounted;
  private final String refusal;

  /** Tries to mount; whether it worked is {@link #isMounted}. */
  public SmallDisk(Path folder, long bytes) throws IOException, InterruptedException {
    this.folder = folder;
    Files.createDirectories(folder);
    Process mount =
        new ProcessBuilder(
                List.of("mount", "-t", "tmpfs", "-o", "size=" + bytes, "tmpfs", folder.toString()))
            .redirectErrorStream(true)
            .start();
    String output = new String(mount.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    this.mounted = mount.waitFor() == 0;
    this.refusal = output.strip();
  }

  /** Whether mounting worked; otherwise nothing else may be called. */
  public boolean isMounted() {
    return mounted;
  }

  /** Why it is not mounted. */
  public String refusal() {
    return refusal;
  }

  /** Left for everybody. */
  public long freeBytes() {
    return folder.toFile().getUsableSpace();
  }

  /** Somebody else takes all space but so many bytes. */
  public void leaveFree(long bytes) throws IOException {
    try (OutputStream out =
        Files.newOutputStream(
            ballast(),
            java.nio.file.StandardOpenOption.CREATE,
            java.nio.file.StandardOpenOption.APPEND)) {
      for (long rest = freeBytes() - bytes; rest > 0; rest = freeBytes() - bytes) {
        out.write(new byte[(int) Math.min(BLOCK, rest)]);
      }
    }
  }

  /** That file goes. */
  public void spaceAgain() throws IOException {
    Files.deleteIfExists(ballast());
  }

  private Path ballast() {
    return folder.resolve("somebody-elses-file");
  }

  @Override
  public void close() throws IOException {
    if (!mounted) {
      return;
    }
    try {
      // Lazily: a process that was just killed may still hold a file for a moment.
      Process umount = new ProcessBuilder("umount", "-l", folder.toString()).start();
      if (!umount.waitFor(10, TimeUnit.SECONDS)) {
        throw new IOException("umount " + folder + " hangs");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
