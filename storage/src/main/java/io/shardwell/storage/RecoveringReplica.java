package io.shardwell.storage;

import io.shardwell.storage.LogFormat.LogRecord;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * One group during recovery: its state so far, and what installs may have to be taken back.
 *
 * <p>Of entries it keeps where they are, never their payloads.
 */
final class RecoveringReplica {
  /** An install that began, and what a crash before its files were complete goes back to. */
  private record Install(SnapshotManifest manifest, ReplicaState before) {}

  private ReplicaState state;
  // Oldest first. Those whose snapshot is complete by now stay: they explain a log that begins
  // anew.
  private final ArrayDeque<Install> installs = new ArrayDeque<>();
  private boolean awaitsCheckpoint;

  RecoveringReplica(int group) {
    this.state = new ReplicaState(group);
  }

  ReplicaState state() {
    return state;
  }

  /**
   * An install was taken back whose begin is in a segment that is gone, so the state in front of it
   * is not known; the checkpoint that recovery wrote next to that record says it.
   */
  boolean awaitsCheckpoint() {
    return awaitsCheckpoint;
  }

  void setState(ReplicaState newState) {
    state = newState;
    awaitsCheckpoint = false;
  }

  /** Whether the record can follow what was applied; if not, nothing was changed. */
  boolean apply(LogRecord record, ByteBuffer body, long position) {
    if (awaitsCheckpoint) {
      // More of what recovery decided, about a state that is not known.
      return true;
    }
    EntryIndex entries = state.entries();
    long index = record.index();
    boolean fits =
        switch (record.type()) {
          case ENTRY -> index == entries.last() + 1;
          case MOVED -> entries.holds(index) && isSameOrAbsent(record);
          case TRUNCATE_FROM -> index >= entries.first() && index <= entries.last();
          case TRUNCATE_UNTIL -> index >= entries.first() && index <= entries.last();
          case TERM -> record.term() >= state.term();
          case SNAPSHOT_INTENT -> index > 0 && index <= entries.last();
          case INSTALL_BEGIN -> index > 0;
          case DISCARD_LOG -> index >= 0;
          case ENDPOINT, INITIAL_MEMBERS, FORGET, INSTALL_ABORTED -> true;
          case CHECKPOINT_START, CHECKPOINT -> false;
        };
    if (fits) {
      if (record.type() != RecordType.INSTALL_ABORTED) {
        state.revive();
      }
      change(record, body, position);
    }
    return fits;
  }

  /** Of an entry held: as a checkpoint has it, which knows of no place, or equal to the record. */
  private boolean isSameOrAbsent(LogRecord record) {
    EntryIndex entries = state.entries();
    long index = record.index();
    return !entries.isPresent(index)
        || (entries.term(index) == record.term() && entries.length(index) == record.length());
  }

  private void change(LogRecord record, ByteBuffer body, long position) {
    int group = state.group();
    long index = record.index();
    switch (record.type()) {
      case ENTRY -> state.appendEntry(index, record.term(), position, record.length());
      case MOVED -> state.moveEntry(index, record.term(), position, record.length());
      case TRUNCATE_FROM -> truncateFrom(index);
      case TRUNCATE_UNTIL -> truncateUntil(index);
      case TERM -> state.setTerm(record.term(), index == 0 ? null : bytes(body));
      case ENDPOINT -> state.setEndpoint(bytes(body));
      case INITIAL_MEMBERS -> state.setInitialMembers(bytes(body));
      case SNAPSHOT_INTENT ->
          state.setIntent(RecordBody.toManifest(group, index, record.term(), body));
      case INSTALL_BEGIN ->
          installs.addLast(
              new Install(RecordBody.toManifest(group, index, record.term(), body), state.copy()));
      case DISCARD_LOG -> discard(index);
      case FORGET -> {
        state.forget();
        installs.clear();
      }
      case INSTALL_ABORTED -> {
        if (installs.isEmpty()) {
          awaitsCheckpoint = true;
        } else {
          takeBackInstall();
        }
      }
      case CHECKPOINT_START, CHECKPOINT -> throw new AssertionError(record.type());
    }
  }

  void truncateFrom(long index) {
    state.entries().truncateFrom(index);
  }

  void truncateUntil(long index) {
    state.entries().truncateUntil(index);
  }

  void discard(long index) {
    state.entries().reset(index);
  }

  /** Whether the newest install goes beyond that snapshot: its files are not complete. */
  boolean installIsIncomplete(long completeIndex) {
    return !installs.isEmpty() && installs.getLast().manifest().index() > completeIndex;
  }

  /** Whether an install of that snapshot began. */
  boolean installed(SnapshotManifest manifest) {
    return installs.stream().anyMatch(i -> i.manifest().index() == manifest.index());
  }

  /** As before the newest install that began; term and vote stay. */
  void takeBackInstall() {
    Install install = installs.removeLast();
    state = install.before().withTermOf(state);
  }

  /** The entries held; all must be present. */
  List<RecoveredEntry> entries() {
    EntryIndex entries = state.entries();
    List<RecoveredEntry> result = new ArrayList<>();
    for (long index = entries.first(); index <= entries.last(); index++) {
      result.add(new RecoveredEntry(index, entries.term(index), entries.length(index)));
    }
    return result;
  }

  private static byte[] bytes(ByteBuffer body) {
    byte[] bytes = new byte[body.remaining()];
    body.get(bytes);
    return bytes;
  }
}
