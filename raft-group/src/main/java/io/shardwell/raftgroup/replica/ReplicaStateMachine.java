package io.shardwell.raftgroup.replica;

import io.microraft.impl.statemachine.InternalCommitAware;
import io.microraft.statemachine.StateMachine;
import io.shardwell.storage.FaultHandler;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * MicroRaft's state machine on top of a {@link ReplicatedState}. Knows the applied index, which
 * after every loop task is the commit index too. Nothing is thrown into MicroRaft: it would take an
 * exception for the operation's result and go on with another state than its peers (MICRORAFT B4).
 */
final class ReplicaStateMachine implements StateMachine, InternalCommitAware {

  private final ReplicatedState state;
  private final ReplicaSnapshots snapshots;
  private final RecentEntries recent;
  private final FaultHandler faults;
  private final AppliedListener listener;
  private final DigestBook digests;

  // Invariant: only grows.
  private long appliedIndex;

  /** The entry this replica last began a term with, told apart by identity. */
  private @Nullable LogBytes newTermEntry;

  /** Told before an entry is applied. */
  interface AppliedListener {
    void applying(long index, Object operation);
  }

  ReplicaStateMachine(
      ReplicatedState state,
      ReplicaSnapshots snapshots,
      RecentEntries recent,
      FaultHandler faults,
      AppliedListener listener,
      DigestBook digests) {
    this.state = state;
    this.snapshots = snapshots;
    this.recent = recent;
    this.faults = faults;
    this.listener = listener;
    this.digests = digests;
  }

  long appliedIndex() {
    return appliedIndex;
  }

  /** Whether this is the entry with which this replica began its newest term of leadership. */
  boolean beganTermWith(Object operation) {
    return operation == newTermEntry;
  }

  @Override
  public Object runOperation(long commitIndex, Object operation) {
    try {
      assert commitIndex > appliedIndex : commitIndex + " applied after " + appliedIndex;
      listener.applying(commitIndex, operation);
      LogBytes entry = (LogBytes) operation;
      Object result = state.apply(commitIndex, entry.bytes());
      appliedIndex = commitIndex;
      recent.add(entry);
      compareDigests();
      return result;
    } catch (Throwable failure) {
      faults.fault("could not apply entry " + commitIndex, failure);
      throw new IllegalStateException("halting", failure);
    }
  }

  @Override
  public void onInternalCommit(long commitIndex) {
    assert commitIndex > appliedIndex : commitIndex + " applied after " + appliedIndex;
    appliedIndex = commitIndex;
    compareDigests();
  }

  private void compareDigests() {
    if (digests.isPosition(appliedIndex)) {
      digests.applied(appliedIndex, state.digest());
    }
  }

  @Override
  public void takeSnapshot(long commitIndex, Consumer<Object> chunkConsumer) {
    try {
      snapshots.begin(commitIndex).forEach(chunkConsumer);
    } catch (Throwable failure) {
      faults.fault("could not take a snapshot at entry " + commitIndex, failure);
    }
  }

  @Override
  public void installSnapshot(long commitIndex, List<Object> chunks) {
    try {
      snapshots.replaceState(
          commitIndex, chunks.stream().map(chunk -> (ChunkBytes) chunk).toList());
      appliedIndex = commitIndex;
      digests.replaced();
    } catch (Throwable failure) {
      faults.fault("could not install the snapshot at entry " + commitIndex, failure);
    }
  }

  @Override
  public Object getNewTermOperation() {
    try {
      LogBytes entry = new LogBytes(state.newTermProposal());
      newTermEntry = entry;
      return entry;
    } catch (Throwable failure) {
      faults.fault("could not begin a term", failure);
      throw new IllegalStateException("halting", failure);
    }
  }
}
