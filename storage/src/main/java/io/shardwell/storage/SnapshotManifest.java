package io.shardwell.storage;

/**
 * What identifies a snapshot of one group: everything of its history up to and including the entry
 * (index, term).
 *
 * @param membersView the group's members as of that entry; opaque here
 * @param chunkCount number of chunk files, fixed when the snapshot is taken
 */
@SuppressWarnings("ArrayRecordComponent") // opaque bytes, shared and never changed
public record SnapshotManifest(
    int group, long index, int term, byte[] membersView, int chunkCount) {
  public SnapshotManifest {
    assert group >= 0 && group <= SharedLog.MAX_GROUP : group;
    assert index > 0 : index;
    assert term >= 0 : term;
    assert chunkCount >= 0 : chunkCount;
  }
}
