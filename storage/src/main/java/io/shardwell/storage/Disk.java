package io.shardwell.storage;

import java.io.IOException;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The file system as one node sees it. Exactly two implementations: {@link FileDisk} (a folder) and
 * {@link MemoryDisk} (simulated; also for embedded nodes without a folder).
 *
 * <p>Names are relative paths with '/', without "." and "..". All calls but {@link #submit} and
 * {@link #submitBehind} block: the loop may use them at start-up and at a clean stop, and may read
 * at any time; writes and syncs in between go through those two. What we assume of the disk below
 * is in docs/storage-format.md: after {@code sync} the bytes stay, after {@code syncFolder} the
 * names stay, a write changes no byte outside of its range, nothing else is promised.
 */
public interface Disk {
  /** Opens for reading and writing; creates the file, and folders on the way, if absent. */
  DiskFile open(String name) throws IOException;

  boolean exists(String name) throws IOException;

  /** Names (without the folder) of the files directly in the folder, sorted; empty if absent. */
  List<String> list(String folder) throws IOException;

  /** Deletes a file; nothing happens if it is absent. */
  void delete(String name) throws IOException;

  /**
   * Replaces {@code to} by {@code from}: a crash leaves the old or the new {@code to}. Across
   * folders a crash may also leave both names or neither, until both folders are synced.
   */
  void rename(String from, String to) throws IOException;

  /** Makes creations, deletions and renames in that folder ("" is the root) durable. */
  void syncFolder(String folder) throws IOException;

  /** Bytes that can still be written, as far as the disk knows. */
  long freeBytes() throws IOException;

  /**
   * A number that a client of the store cannot guess. Log segments carry one, so that bytes a
   * client stored never look like a piece of the log.
   */
  long nextSalt();

  /**
   * Takes the directory for this process until {@link #close} or the process ends.
   *
   * @throws DirectoryInUseException another process (or node in this process) holds it
   */
  void lock() throws IOException;

  /**
   * Drops submitted operations that have not begun, waits for the one under way, and runs no
   * completion afterwards. Submitting is without effect from here on.
   */
  void stopSubmitted() throws IOException;

  /** {@link #stopSubmitted}, then releases the lock. */
  void close() throws IOException;

  /**
   * Runs {@code io} off the loop: one operation at a time, in order of submission, but for those of
   * {@link #submitBehind}. Afterwards {@code completion} runs on the loop, with null or with what
   * {@code io} threw. An unexpected exception of {@code io} arrives there too, as the cause of an
   * IOException.
   */
  void submit(IoTask io, Consumer<@Nullable IOException> completion);

  /**
   * The same for work that nobody waits for: behind all that was submitted before, of either kind,
   * and behind what is submitted by {@link #submit} until it begins. So a write of a megabyte holds
   * up the log's turns one at a time, however many of them there are.
   */
  void submitBehind(IoTask io, Consumer<@Nullable IOException> completion);
}
