package io.shardwell.server;

import io.shardwell.raftgroup.DirectoryOwner;
import io.shardwell.storage.DamagedStorageException;
import io.shardwell.storage.DirectoryInUseException;
import io.shardwell.storage.Disk;
import io.shardwell.storage.FaultHandler;
import io.shardwell.storage.FileDisk;
import io.shardwell.storage.MemoryDisk;
import io.shardwell.storage.NodeStorage;
import io.shardwell.storage.NotADataDirectoryException;
import io.shardwell.storage.StorageLimits;
import io.shardwell.storage.UnknownFormatException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A node's disk and the one thread that waits for it. */
final class NodeDisk {

  private static final Logger LOG = LoggerFactory.getLogger(NodeDisk.class);

  private static final int CLOSE_SECONDS = 5;

  /** What a start writes is less: the first pages of a new log segment and some small files. */
  private static final long START_BYTES = 8 << 20;

  private final Disk disk;
  private final @Nullable Path dir;

  // Null for a disk in memory, which has no thread. Never interrupted: that would close the files.
  private final @Nullable ThreadPoolExecutor ioThread;

  NodeDisk(NodeConfig config, NettyEventLoop loop) {
    Path folder = config.dir();
    dir = folder;
    if (folder == null) {
      ioThread = null;
      disk =
          new MemoryDisk(loop::schedule, new Random(0), new MemoryDisk.Behaviour().latency(0, 0));
    } else {
      ThreadPoolExecutor executor =
          new ThreadPoolExecutor(
              1,
              1,
              0,
              TimeUnit.SECONDS,
              new LinkedBlockingQueue<>(),
              task -> {
                Thread thread = new Thread(task, "shardwell-" + config.id() + "-disk");
                thread.setDaemon(true);
                // A fault found on this thread has been told; the node ends, and so may the thread.
                thread.setUncaughtExceptionHandler((broken, fault) -> {});
                return thread;
              });
      ioThread = executor;
      disk = new FileDisk(folder, executor, loop::execute);
    }
  }

  /**
   * Opens and recovers what is there.
   *
   * @throws IOException as {@link NodeStorage#open}; where the disk is full, it says so; or the
   *     directory is another node's
   */
  NodeStorage open(String nodeId, FaultHandler faults) throws IOException {
    NodeStorage storage = open(faults);
    String owner = DirectoryOwner.of(storage);
    if (owner != null && !owner.equals(nodeId)) {
      throw new IOException(
          dir
              + " is the directory of node "
              + owner
              + "; start this node with its own, or that node with this one");
    }
    return storage;
  }

  private NodeStorage open(FaultHandler faults) throws IOException {
    try {
      if (dir != null) {
        NotADataDirectoryException.check(dir);
      }
      return NodeStorage.open(disk, StorageLimits.DEFAULT, faults);
    } catch (DirectoryInUseException | NotADataDirectoryException | UnknownFormatException e) {
      throw e;
    } catch (DamagedStorageException e) {
      throw new IOException(
          e.getMessage()
              + "; this node does not vote with what is left. shardwell data verify "
              + dir
              + " shows all the damage, shardwell data repair --help says what can be done",
          e);
    } catch (FileSystemException e) {
      String why = e.getReason() == null ? why(e) : null;
      throw why == null ? unlessFull(e) : new IOException(e.getFile() + " " + why, e);
    } catch (IOException e) {
      throw unlessFull(e);
    }
  }

  /** The cause of what says nothing but a name. */
  private static @Nullable String why(FileSystemException e) {
    if (e instanceof FileAlreadyExistsException || e instanceof NotDirectoryException) {
      return "is not a directory";
    }
    if (e instanceof AccessDeniedException) {
      return "cannot be used: permission denied";
    }
    return e instanceof NoSuchFileException ? "does not exist and cannot be created" : null;
  }

  /** What is to be thrown for it. */
  private IOException unlessFull(IOException e) {
    long free;
    try {
      free = disk.freeBytes();
    } catch (IOException nothingThere) {
      return e;
    }
    if (free >= START_BYTES) {
      return e;
    }
    return new IOException(
        "the disk is full: "
            + free
            + " bytes free at "
            + dir
            + ", a start needs "
            + START_BYTES
            + "; nothing is damaged, make room and start again ("
            + e.getMessage()
            + ")",
        e);
  }

  /** Waits for the operation under way, then frees the directory. */
  void close() {
    ThreadPoolExecutor executor = ioThread;
    if (executor != null) {
      executor.shutdown();
      try {
        if (!executor.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
          return;
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
    try {
      disk.close();
    } catch (IOException e) {
      // Everything durable was synced before; the lock goes with the process at the latest.
      LOG.warn("Closing the data directory failed", e);
    }
  }
}
