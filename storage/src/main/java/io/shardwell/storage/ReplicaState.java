package io.shardwell.storage;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What the records of one group, in order, add up to. The running log and recovery use the same
 * transitions, so recovery ends where the process was; each segment's checkpoint proves it.
 */
final class ReplicaState {
  private final int group;
  private boolean forgotten;
  private int term;
  private byte @Nullable [] votedFor;
  private byte @Nullable [] endpoint;
  private byte @Nullable [] initialMembers;
  private @Nullable SnapshotManifest intent;
  private EntryIndex entries = new EntryIndex();

  ReplicaState(int group) {
    this.group = group;
  }

  int group() {
    return group;
  }

  /** The group left this node and has written nothing since. */
  boolean isForgotten() {
    return forgotten;
  }

  int term() {
    return term;
  }

  byte @Nullable [] votedFor() {
    return votedFor;
  }

  byte @Nullable [] endpoint() {
    return endpoint;
  }

  byte @Nullable [] initialMembers() {
    return initialMembers;
  }

  /** Newest announced snapshot of its own; complete or not is the snapshot store's knowledge. */
  @Nullable SnapshotManifest intent() {
    return intent;
  }

  EntryIndex entries() {
    return entries;
  }

  void setTerm(int newTerm, byte @Nullable [] newVotedFor) {
    assert newTerm >= term : newTerm + " after " + term;
    term = newTerm;
    votedFor = newVotedFor;
  }

  void setEndpoint(byte[] newEndpoint) {
    endpoint = newEndpoint;
  }

  void setInitialMembers(byte[] newInitialMembers) {
    initialMembers = newInitialMembers;
  }

  void setIntent(SnapshotManifest newIntent) {
    intent = newIntent;
  }

  void appendEntry(long index, int entryTerm, long position, int length) {
    entries.append(index, entryTerm, position, length);
  }

  void moveEntry(long index, int entryTerm, long position, int length) {
    entries.move(index, entryTerm, position, length);
  }

  /** Any record but FORGET says that the group is there. */
  void revive() {
    forgotten = false;
  }

  void forget() {
    forgotten = true;
    term = 0;
    votedFor = null;
    endpoint = null;
    initialMembers = null;
    intent = null;
    entries = new EntryIndex();
  }

  /** This state with the term and vote of a later one: those are never taken back. */
  ReplicaState withTermOf(ReplicaState later) {
    ReplicaState result = copy();
    assert later.term >= term;
    result.term = later.term;
    result.votedFor = later.votedFor;
    return result;
  }

  ReplicaState copy() {
    ReplicaState copy = new ReplicaState(group);
    copy.forgotten = forgotten;
    copy.term = term;
    copy.votedFor = votedFor;
    copy.endpoint = endpoint;
    copy.initialMembers = initialMembers;
    copy.intent = intent;
    copy.entries = entries.copy();
    return copy;
  }

  /** Body of a CHECKPOINT record. */
  byte[] encode() {
    return RecordBody.ofState(this);
  }

  /** From the body of a CHECKPOINT record; the entries are all absent. */
  static ReplicaState decode(int group, ByteBuffer body) {
    ReplicaState state = new ReplicaState(group);
    state.forgotten = body.get() != 0;
    long first = body.getLong();
    long last = body.getLong();
    state.entries.resetToAbsent(first, last);
    state.term = body.getInt();
    state.votedFor = RecordBody.getOptional(body);
    state.endpoint = RecordBody.getOptional(body);
    state.initialMembers = RecordBody.getOptional(body);
    byte[] intentMembers = RecordBody.getOptional(body);
    if (intentMembers != null) {
      long index = body.getLong();
      int term = body.getInt();
      state.intent = new SnapshotManifest(group, index, term, intentMembers, body.getInt());
    }
    return state;
  }
}
