package io.shardwell.storage;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The {@link Disk} of a real folder. */
public final class FileDisk implements Disk {
  /**
   * A disk over a folder.
   *
   * @param directory created if absent, by {@link #lock}
   * @param ioThread runs the submitted operations; owned by the caller, never interrupted by it (an
   *     interrupt closes the files)
   * @param loop runs the completions; owned by the caller
   */
  public FileDisk(Path directory, Executor ioThread, Executor loop) {}

  @Override
  public DiskFile open(String name) throws IOException {
    return Pending.value();
  }

  @Override
  public boolean exists(String name) {
    return false;
  }

  @Override
  public List<String> list(String folder) throws IOException {
    return Pending.value();
  }

  @Override
  public void delete(String name) {}

  @Override
  public void rename(String from, String to) {}

  @Override
  public void syncFolder(String folder) {}

  @Override
  public long freeBytes() {
    return 0;
  }

  @Override
  public long nextSalt() {
    return 0;
  }

  @Override
  public void lock() {}

  @Override
  public void close() {}

  @Override
  public void submit(IoTask io, Consumer<@Nullable IOException> completion) {}
}
