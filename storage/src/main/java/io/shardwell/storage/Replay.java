package io.shardwell.storage;

import io.shardwell.storage.LogFormat.LogRecord;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/**
 * Adds records up to the state of each group. Begins with the checkpoint of the oldest segment;
 * every later checkpoint must agree with what was added up until there, which is a check of the log
 * as well as of this code.
 */
final class Replay {
  private final TreeMap<Integer, RecoveringReplica> replicas = new TreeMap<>();
  private boolean begun;
  // CHECKPOINT records still to come in this turn.
  private long checkpointsDue;
  private long checkpointGroups;
  private boolean initial;

  /** By group, in order of group. */
  Map<Integer, RecoveringReplica> replicas() {
    return replicas;
  }

  /** Adds a record; its body is in {@code bytes}. */
  void apply(String file, LogRecord record, ByteBuffer bytes, long position) throws IOException {
    try {
      if (checkpointsDue > 0 && record.type() != RecordType.CHECKPOINT) {
        throw damage(file, record, "the checkpoint is not complete");
      }
      if (record.type() == RecordType.CHECKPOINT_START) {
        initial = !begun;
        begun = true;
        checkpointsDue = record.index();
        checkpointGroups = record.index();
        checkCount(file, record.offset());
      } else if (begun) {
        applyToGroup(file, record, bytes, position);
      }
      // Before the first checkpoint: what recovery resolved, about groups the checkpoint describes.
    } catch (BufferUnderflowException e) {
      throw damage(file, record, "the record is too short");
    }
  }

  private void applyToGroup(String file, LogRecord record, ByteBuffer bytes, long position)
      throws IOException {
    ByteBuffer body = bytes.slice(record.bodyOffset(), record.length());
    if (record.type() == RecordType.CHECKPOINT) {
      if (checkpointsDue == 0) {
        throw damage(file, record, "a checkpoint out of place");
      }
      checkpointsDue--;
      applyCheckpoint(file, record, body);
      checkCount(file, record.offset());
      return;
    }
    RecoveringReplica replica = replica(record.group());
    if (!replica.apply(record, body, position)) {
      throw damage(
          file,
          record,
          record.type() + " " + record.index() + " does not follow what is in front of it");
    }
  }

  private void applyCheckpoint(String file, LogRecord record, ByteBuffer body) throws IOException {
    RecoveringReplica replica = replica(record.group());
    if (initial || replica.awaitsCheckpoint()) {
      replica.setState(ReplicaState.decode(record.group(), body));
      return;
    }
    byte[] stored = new byte[body.remaining()];
    body.get(stored);
    if (!Arrays.equals(stored, replica.state().encode())) {
      throw damage(file, record, "the checkpoint does not agree with the records in front of it");
    }
  }

  private void checkCount(String file, int offset) throws DamagedStorageException {
    if (checkpointsDue == 0 && replicas.size() != checkpointGroups) {
      throw new DamagedStorageException(
          file,
          offset,
          DamagedStorageException.NO_GROUP,
          "the checkpoint has " + checkpointGroups + " groups, there are " + replicas.size());
    }
  }

  void endOfTurn(String file, int offset) throws DamagedStorageException {
    if (!begun || checkpointsDue > 0) {
      throw new DamagedStorageException(
          file, offset, DamagedStorageException.NO_GROUP, "the segment has no whole checkpoint");
    }
  }

  private RecoveringReplica replica(int group) {
    return replicas.computeIfAbsent(group, RecoveringReplica::new);
  }

  private static DamagedStorageException damage(String file, LogRecord record, String what) {
    return new DamagedStorageException(file, record.offset(), record.group(), what);
  }
}
