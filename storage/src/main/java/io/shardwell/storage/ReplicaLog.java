package io.shardwell.storage;

import org.jspecify.annotations.Nullable;

/**
 * One group's records in the shared log. Every call appends to the loop's one buffer, in order, and
 * nothing overtakes it: flags, votes and entries become durable in the order they were written.
 * Nothing here blocks but {@link #readEntry}. Entries' payloads are copied; other byte arrays are
 * kept and must not change. Loop thread only.
 */
public final class ReplicaLog {
  private final SharedLog log;
  private final ReplicaState state;
  private long lastPosition;

  // Index of the newest snapshot whose files are durable; 0 if none.
  private long durableSnapshotIndex;
  // The newest announced snapshot, own or foreign, and the position behind its announcement.
  private @Nullable SnapshotManifest announced;
  private long announcedPosition;
  // While an installed snapshot's files are not durable, a crash takes the replica back to what it
  // was before: the log from here on must stay, whatever the entries now held say.
  private @Nullable SnapshotManifest installing;
  private long installPin = Long.MAX_VALUE;
  // Behind forget(): the snapshot files are not deleted yet.
  private boolean purging;

  ReplicaLog(SharedLog log, ReplicaState state) {
    this.log = log;
    this.state = state;
  }

  /** Appends an entry; {@code index} must be {@code lastIndex() + 1}. */
  public void appendEntry(long index, int term, byte[] payload) {
    assert index == lastIndex() + 1 : index + " behind " + lastIndex();
    long position = append(RecordType.ENTRY, index, term, payload);
    state.appendEntry(index, term, position, payload.length);
    log.segments().retain(state.entries(), index, index);
  }

  /** Drops the entries at and above {@code index}. */
  public void truncateFrom(long index) {
    assert index >= firstIndex() : index + " below " + firstIndex();
    if (index > lastIndex()) {
      return;
    }
    append(RecordType.TRUNCATE_FROM, index, 0, RecordBody.NONE);
    release(index, lastIndex());
    state.entries().truncateFrom(index);
    log.truncated();
  }

  /** Drops the entries at and below {@code index}; a durable snapshot at or above must exist. */
  public void truncateUntil(long index) {
    assert index <= durableSnapshotIndex : index + " above snapshot " + durableSnapshotIndex;
    assert index <= lastIndex() : index + " above " + lastIndex();
    if (index < firstIndex()) {
      return;
    }
    append(RecordType.TRUNCATE_UNTIL, index, 0, RecordBody.NONE);
    release(firstIndex(), index);
    state.entries().truncateUntil(index);
    log.truncated();
  }

  /** Sets the term and the vote in it, null for none. A term never falls. */
  public void writeTerm(int term, byte @Nullable [] votedFor) {
    assert term >= state.term() : term + " after " + state.term();
    append(
        RecordType.TERM,
        votedFor == null ? 0 : 1,
        term,
        votedFor == null ? RecordBody.NONE : votedFor);
    state.setTerm(term, votedFor);
  }

  public void writeEndpoint(byte[] endpointState) {
    append(RecordType.ENDPOINT, 0, 0, endpointState);
    state.setEndpoint(endpointState);
  }

  public void writeInitialMembers(byte[] members) {
    append(RecordType.INITIAL_MEMBERS, 0, 0, members);
    state.setInitialMembers(members);
  }

  /**
   * Announces a snapshot that this replica takes of itself. Must come before {@link
   * SnapshotWriter#commit} of it. A newer announcement replaces it: abandon its writer then.
   */
  public void writeSnapshotIntent(long index, int term, byte[] membersView, int chunkCount) {
    assert index <= lastIndex() : index + " above " + lastIndex();
    assert index > durableSnapshotIndex : index + " not above " + durableSnapshotIndex;
    SnapshotManifest intent =
        new SnapshotManifest(state.group(), index, term, membersView, chunkCount);
    append(RecordType.SNAPSHOT_INTENT, index, term, RecordBody.ofManifest(intent));
    state.setIntent(intent);
    announce(intent);
  }

  /**
   * Announces that a foreign snapshot begins to change this replica. Must come before {@link
   * #discardLog} and before {@link SnapshotWriter#commit} of it. If a crash comes before its files
   * are complete, everything of this replica from here on is forgotten but term and vote.
   */
  public void writeInstallBegin(long index, int term, byte[] membersView, int chunkCount) {
    assert index > durableSnapshotIndex : index + " not above " + durableSnapshotIndex;
    SnapshotManifest install =
        new SnapshotManifest(state.group(), index, term, membersView, chunkCount);
    // Before the append: a roll in it must not change what is pinned.
    long needed = Math.min(installPin, state.entries().lowestPosition());
    append(RecordType.INSTALL_BEGIN, index, term, RecordBody.ofManifest(install));
    installing = install;
    installPin = Math.min(needed, lastPosition - 1);
    announce(install);
  }

  private void announce(SnapshotManifest manifest) {
    announced = manifest;
    announcedPosition = lastPosition;
  }

  /** The whole log is replaced by the snapshot being installed; next is {@code index + 1}. */
  public void discardLog(long snapshotIndex) {
    assert snapshotIndex == durableSnapshotIndex
            || (installing != null && installing.index() == snapshotIndex)
        : snapshotIndex + " was not announced";
    append(RecordType.DISCARD_LOG, snapshotIndex, 0, RecordBody.NONE);
    release(firstIndex(), lastIndex());
    state.entries().reset(snapshotIndex);
    log.truncated();
  }

  /** Position of this replica's last record, 0 if it wrote none since the start. */
  public long lastPosition() {
    return lastPosition;
  }

  /**
   * Position of the record that wrote the entry which is at {@code index} now: durable if at or
   * below {@link SharedLog#syncedPosition}. Long.MAX_VALUE if there is no such entry.
   */
  public long positionOf(long index) {
    EntryIndex entries = state.entries();
    return entries.holds(index)
        ? entries.position(index) + LogFormat.RECORD_HEADER_BYTES + entries.length(index)
        : Long.MAX_VALUE;
  }

  /** Index of the first entry held; {@code lastIndex() + 1} if there is none. */
  public long firstIndex() {
    return state.entries().first();
  }

  /** Index of the last entry held or covered by a snapshot; 0 in a new log. */
  public long lastIndex() {
    return state.entries().last();
  }

  /** Term of an entry held. */
  public int termOf(long index) {
    return state.entries().term(index);
  }

  /**
   * Payload of an entry held: from the buffer if not yet written, else a blocking read. Damage and
   * I/O errors go to the FaultHandler.
   *
   * @throws IllegalStateException after a fault, where the handler returns
   */
  public byte[] readEntry(long index) {
    EntryIndex entries = state.entries();
    assert entries.holds(index) : index;
    return log.read(
        state.group(), entries.position(index), index, entries.term(index), entries.length(index));
  }

  /**
   * The group left this node: drops everything. Then call {@link SnapshotStore#deleteAll}; until
   * its end the group must not come back.
   */
  public void forget() {
    append(RecordType.FORGET, 0, 0, RecordBody.NONE);
    release(firstIndex(), lastIndex());
    state.forget();
    durableSnapshotIndex = 0;
    announced = null;
    installing = null;
    installPin = Long.MAX_VALUE;
    purging = true;
    log.truncated();
  }

  private long append(RecordType type, long index, int term, byte[] body) {
    assert !purging : "group " + state.group() + " comes back before its files are gone";
    long position = log.append(type, state.group(), term, index, body);
    lastPosition = log.appendedPosition();
    state.revive();
    return position;
  }

  ReplicaState state() {
    return state;
  }

  /** Log positions at and above are needed by an unfinished install; Long.MAX_VALUE if none are. */
  long installPin() {
    return installPin;
  }

  /** Whether the entry's record is the one at that position still. */
  boolean isAt(long index, long position) {
    return state.entries().holds(index) && state.entries().position(index) == position;
  }

  /**
   * The entry's record was appended again at {@code to}, and that is durable; so {@link
   * #positionOf} goes from one durable position to another.
   */
  void moved(long index, long from, long to) {
    assert isAt(index, from) : index;
    EntryIndex entries = state.entries();
    release(index, index);
    state.moveEntry(index, entries.term(index), to, entries.length(index));
    log.segments().retain(entries, index, index);
  }

  /** Entries from..to are about to go: none if {@code to < from}. */
  private void release(long from, long to) {
    log.segments().release(state.entries(), from, to);
  }

  /** Position behind the announcement of that snapshot. */
  long announcedPosition(SnapshotManifest manifest) {
    SnapshotManifest newest = announced;
    assert newest != null && newest.index() == manifest.index() && newest.term() == manifest.term()
        : "snapshot " + manifest.index() + " of group " + manifest.group() + " was not announced";
    return announcedPosition;
  }

  long durableSnapshotIndex() {
    return durableSnapshotIndex;
  }

  /** The snapshot's files are complete and durable, by a commit or found so by recovery. */
  void snapshotDurable(SnapshotManifest manifest) {
    durableSnapshotIndex = Math.max(durableSnapshotIndex, manifest.index());
    if (installing != null && manifest.index() >= installing.index()) {
      installing = null;
      installPin = Long.MAX_VALUE;
    }
  }

  boolean isPurging() {
    return purging;
  }

  void purged() {
    purging = false;
  }
}
