package io.shardwell.storage;

import io.shardwell.storage.DirectoryReport.Damage;
import io.shardwell.storage.DirectoryReport.Group;
import io.shardwell.storage.LogFormat.Batch;
import io.shardwell.storage.LogFormat.LogRecord;
import io.shardwell.storage.SnapshotFiles.Complete;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The data directory of a node that does not run, for its operator: to be checked, read and given
 * up. Holds the directory's lock. Only {@link #setAside} changes anything (and the lock file, which
 * names the process that holds it). All calls block. Not thread-safe.
 */
public final class DataDirectory implements AutoCloseable {
  private final Disk disk;

  private DataDirectory(Disk disk) {
    this.disk = disk;
  }

  /**
   * Takes the directory.
   *
   * @throws NoSuchFileException it does not exist
   * @throws NotADataDirectoryException it holds other things; nothing has been touched
   * @throws DirectoryInUseException a node runs on it
   */
  public static DataDirectory open(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      throw new NoSuchFileException(directory.toString());
    }
    NotADataDirectoryException.check(directory);
    // Nothing is ever submitted to it.
    return open(new FileDisk(directory, Runnable::run, Runnable::run));
  }

  /** As {@link #open(Path)}; a directory that does not exist is made. */
  public static DataDirectory openOrCreate(Path directory) throws IOException {
    Files.createDirectories(directory);
    return open(directory);
  }

  static DataDirectory open(Disk disk) throws IOException {
    disk.lock();
    return new DataDirectory(disk);
  }

  /**
   * Reads everything: every record, every manifest, every byte of the newest snapshots.
   *
   * @throws UnknownFormatException it is of another version, so nobody here can say what is damaged
   */
  public DirectoryReport verify() throws IOException {
    // By place: what several readers stumble over is one damage.
    Map<String, Damage> damage = new LinkedHashMap<>();
    List<String> notes = new ArrayList<>();
    List<Group> groups = new ArrayList<>();
    boolean isNew;
    NodeMetadata metadata = null;
    refuseAnotherVersion();
    try {
      isNew = !FormatFile.check(disk);
    } catch (UnknownFormatException e) {
      add(damage, new Damage(FormatFile.NAME, 0, DamagedStorageException.NO_GROUP, message(e)));
      return report(false, null, damage, notes, groups, 0);
    }
    boolean metadataIsDamaged = false;
    try {
      metadata = MetadataFile.read(disk);
    } catch (DamagedStorageException e) {
      metadataIsDamaged = true;
      add(damage, of(e));
    }
    long snapshotBytes = verifySnapshots(damage);
    verifyTogether(metadata, metadataIsDamaged, damage, notes, groups);
    return report(isNew, metadata, damage, notes, groups, snapshotBytes);
  }

  /** What another version wrote looks damaged to this one, and would be repaired. */
  private void refuseAnotherVersion() throws IOException {
    try {
      FormatFile.check(disk);
    } catch (UnknownFormatException e) {
      if (e.isOfAnotherVersion()) {
        throw e;
      }
    }
  }

  private DirectoryReport report(
      boolean isNew,
      @Nullable NodeMetadata metadata,
      Map<String, Damage> damage,
      List<String> notes,
      List<Group> groups,
      long snapshotBytes)
      throws IOException {
    long logBytes = 0;
    for (String name : disk.list(SegmentFiles.FOLDER)) {
      logBytes += size(SegmentFiles.FOLDER + "/" + name);
    }
    return new DirectoryReport(
        isNew, metadata, List.copyOf(damage.values()), notes, groups, logBytes, snapshotBytes);
  }

  private long size(String name) throws IOException {
    DiskFile file = disk.open(name);
    try {
      return file.size();
    } finally {
      file.close();
    }
  }

  /** The bytes of the newest complete snapshots; older ones are left-overs that nobody reads. */
  private long verifySnapshots(Map<String, Damage> damage) throws IOException {
    Map<Integer, Complete> newest = new TreeMap<>();
    for (String name : disk.list(SnapshotFiles.FOLDER)) {
      SnapshotFiles.Owner owner = SnapshotFiles.Owner.of(name);
      if (owner != null && owner.isManifest()) {
        try {
          // Sorted by group, then index.
          newest.put(owner.group(), SnapshotFiles.readManifest(disk, owner.group(), owner.index()));
        } catch (DamagedStorageException e) {
          add(damage, of(e));
        }
      }
    }
    long bytes = 0;
    for (Complete snapshot : newest.values()) {
      SnapshotManifest manifest = snapshot.manifest();
      for (int chunk = 0; chunk < manifest.chunkCount(); chunk++) {
        String name = SnapshotFiles.chunkName(manifest.group(), manifest.index(), chunk);
        try {
          if (!disk.exists(name)) {
            throw new DamagedStorageException(name, 0, manifest.group(), "the chunk is gone");
          }
          bytes += SnapshotFiles.readChunk(disk, snapshot, chunk).length;
        } catch (DamagedStorageException e) {
          add(damage, of(e));
        }
      }
    }
    return bytes;
  }

  /** What a start would make of it; and where it would stop, all that is behind. */
  private void verifyTogether(
      @Nullable NodeMetadata metadata,
      boolean metadataIsDamaged,
      Map<String, Damage> damage,
      List<String> notes,
      List<Group> groups)
      throws IOException {
    Recovery recovery = new Recovery(disk);
    try {
      recovery.read(metadata).close();
      notes.addAll(recovery.notes());
      recovery.recovered().values().forEach(replica -> groups.add(group(replica)));
    } catch (DamagedStorageException e) {
      // That metadata are missing follows from their damage.
      if (!metadataIsDamaged || !e.file().equals(MetadataFile.NAME)) {
        add(damage, of(e));
      }
    } catch (UnknownFormatException e) {
      add(damage, new Damage(SegmentFiles.FOLDER, 0, DamagedStorageException.NO_GROUP, message(e)));
      return;
    }
    LogWalk.walk(disk, new DamageOnly(damage));
  }

  private static Group group(RecoveredReplica replica) {
    SnapshotManifest snapshot = replica.snapshot();
    long snapshotIndex = snapshot == null ? 0 : snapshot.index();
    List<RecoveredEntry> entries = replica.entries();
    long bytes = entries.stream().mapToLong(RecoveredEntry::length).sum();
    long first = entries.isEmpty() ? snapshotIndex + 1 : entries.get(0).index();
    return new Group(
        replica.group(), replica.term(), snapshotIndex, first, first + entries.size() - 1, bytes);
  }

  private static void add(Map<String, Damage> damage, Damage found) {
    damage.putIfAbsent(found.file() + "@" + found.offset(), found);
  }

  private static Damage of(DamagedStorageException e) {
    return new Damage(e.file(), e.offset(), e.group(), message(e));
  }

  private static String message(IOException e) {
    return String.valueOf(e.getMessage());
  }

  private record DamageOnly(Map<String, Damage> damage) implements LogWalk.Visitor {
    @Override
    public void turn(String file, Batch batch) {}

    @Override
    public void record(String file, long turn, LogRecord record, ByteBuffer body) {}

    @Override
    public void damage(DamagedStorageException found) {
      add(damage, of(found));
    }
  }

  /** What is told of the log by {@link #readLog}. */
  public interface LogReader {
    /**
     * A whole record.
     *
     * @param file the segment
     * @param offset of the record in it, in bytes
     * @param type name of the record's type, as in docs/storage-format.md
     * @param body read-only, valid during the call
     */
    void record(
        String file,
        long offset,
        long turn,
        String type,
        int group,
        long index,
        int term,
        ByteBuffer body);

    /** A place that cannot be read; what follows is told as far as it can be. */
    void damage(Damage damage);
  }

  /** Tells every record of the log that can be read, in the log's order. */
  public void readLog(LogReader reader) throws IOException {
    refuseAnotherVersion();
    LogWalk.walk(
        disk,
        new LogWalk.Visitor() {
          @Override
          public void turn(String file, Batch batch) {}

          @Override
          public void record(String file, long turn, LogRecord record, ByteBuffer body) {
            reader.record(
                file,
                record.offset(),
                turn,
                record.type().name(),
                record.group(),
                record.index(),
                record.term(),
                body.asReadOnlyBuffer());
          }

          @Override
          public void damage(DamagedStorageException damage) {
            reader.damage(of(damage));
          }
        });
  }

  /**
   * Gives up what is here: moves it into a folder of its own, to be looked at, and leaves a
   * directory whose node fetches everything from its peers under a new incarnation. A crash at any
   * point leaves a directory that no node starts with as if nothing had been, and this may be done
   * again.
   *
   * @param folder inside the directory; absent so far
   */
  public void setAside(String folder) throws IOException {
    // The mark first: beside what is left of a log it is damage, at any step; a log that lost its
    // newest segment, or a directory that lost everything, could pass for a sound one.
    byte[] metadata = readMetadata();
    if (metadata != null) {
      disk.syncFolder(folder); // Creates it.
      SmallFile.writeRaw(disk, folder + "/" + MetadataFile.NAME, ByteBuffer.wrap(metadata));
    }
    FormatFile.replace(disk);
    MetadataFile.write(disk, NodeMetadata.empty().withRejoins(true));
    move(SnapshotFiles.FOLDER, disk.list(SnapshotFiles.FOLDER), folder);
    move(SegmentFiles.FOLDER, disk.list(SegmentFiles.FOLDER), folder);
  }

  /** Null if there are none, or if the disk does not give them back. */
  private byte @Nullable [] readMetadata() throws IOException {
    try {
      return SmallFile.readRaw(disk, MetadataFile.NAME);
    } catch (DamagedStorageException unreadable) {
      return null;
    }
  }

  private void move(String from, List<String> names, String folder) throws IOException {
    if (names.isEmpty()) {
      return;
    }
    String to = folder + "/" + from;
    disk.syncFolder(to); // Creates it.
    for (String name : names) {
      disk.rename(from + "/" + name, to + "/" + name);
    }
    disk.syncFolder(to);
    disk.syncFolder(from);
  }

  @Override
  public void close() throws IOException {
    disk.close();
  }
}
