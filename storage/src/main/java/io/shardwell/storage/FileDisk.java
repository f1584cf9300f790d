package io.shardwell.storage;

import java.nio.file.Path;
import java.util.concurrent.Executor;

/** Placeholder of the contract. */
public final class FileDisk implements Disk {
  public FileDisk(Path dir, Executor ioThread, Executor loop) {}

  @Override
  public void close() {}
}
