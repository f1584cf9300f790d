package io.shardwell.storage;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is in the directory of a stopped node.
 *
 * @param isNew nothing was ever stored in it
 * @param metadata null if there is none, or if it is damaged
 * @param damage what had been durable and is missing or changed; empty in a sound directory
 * @param notes what a start would say: a torn last write that it cuts, an install it takes back
 * @param groups by group id; empty if the damage lets nothing be said of them
 * @param logBytes size of all segments
 * @param snapshotBytes size of the newest complete snapshots
 */
public record DirectoryReport(
    boolean isNew,
    @Nullable NodeMetadata metadata,
    List<Damage> damage,
    List<String> notes,
    List<Group> groups,
    long logBytes,
    long snapshotBytes) {

  /**
   * One damaged place.
   *
   * @param file inside the directory
   * @param offset in bytes, where the first bad structure begins
   * @param group whose bytes they are, or {@link DamagedStorageException#NO_GROUP}
   */
  public record Damage(String file, long offset, int group, String what) {

    /** Whether somebody has put a file there: a start refuses it, but nothing is lost. */
    public boolean isForeignFile() {
      return UnknownFormatException.isOfUnexpectedFile(what);
    }
  }

  /**
   * What a start would find for one group.
   *
   * @param snapshotIndex last entry in the newest complete snapshot, 0 without one
   * @param firstIndex first entry held behind it
   * @param lastIndex last entry held; {@code firstIndex - 1} if there is none
   * @param entryBytes of the entries held
   */
  public record Group(
      int group, int term, long snapshotIndex, long firstIndex, long lastIndex, long entryBytes) {}

  public DirectoryReport {
    damage = List.copyOf(damage);
    notes = List.copyOf(notes);
    groups = List.copyOf(groups);
  }

  /** Whether a node may start with it and vote. */
  public boolean isSound() {
    return damage.isEmpty();
  }
}
