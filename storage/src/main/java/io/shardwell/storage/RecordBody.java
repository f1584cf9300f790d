package io.shardwell.storage;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** The bodies of records that hold more than opaque bytes. */
final class RecordBody {
  static final byte[] NONE = new byte[0];

  private RecordBody() {}

  /** Of SNAPSHOT_INTENT and INSTALL_BEGIN; index, term and group are in the record's header. */
  static byte[] ofManifest(SnapshotManifest manifest) {
    return ByteBuffer.allocate(4 + manifest.membersView().length)
        .putInt(manifest.chunkCount())
        .put(manifest.membersView())
        .array();
  }

  static SnapshotManifest toManifest(int group, long index, int term, ByteBuffer body) {
    int chunkCount = body.getInt();
    byte[] membersView = new byte[body.remaining()];
    body.get(membersView);
    return new SnapshotManifest(group, index, term, membersView, chunkCount);
  }

  /** Of CHECKPOINT. */
  static byte[] ofState(ReplicaState state) {
    SnapshotManifest intent = state.intent();
    byte[] intentMembers = intent == null ? null : intent.membersView();
    int length =
        1
            + 8
            + 8
            + 4
            + size(state.votedFor())
            + size(state.endpoint())
            + size(state.initialMembers())
            + size(intentMembers)
            + (intent == null ? 0 : 16);
    ByteBuffer out = ByteBuffer.allocate(length);
    out.put((byte) (state.isForgotten() ? 1 : 0));
    out.putLong(state.entries().first()).putLong(state.entries().last());
    out.putInt(state.term());
    putOptional(out, state.votedFor());
    putOptional(out, state.endpoint());
    putOptional(out, state.initialMembers());
    putOptional(out, intentMembers);
    if (intent != null) {
      out.putLong(intent.index()).putInt(intent.term()).putInt(intent.chunkCount());
    }
    assert !out.hasRemaining();
    return out.array();
  }

  private static int size(byte @Nullable [] bytes) {
    return 4 + (bytes == null ? 0 : bytes.length);
  }

  private static void putOptional(ByteBuffer out, byte @Nullable [] bytes) {
    if (bytes == null) {
      out.putInt(-1);
    } else {
      out.putInt(bytes.length).put(bytes);
    }
  }

  static byte @Nullable [] getOptional(ByteBuffer in) {
    int length = in.getInt();
    if (length < 0) {
      return null;
    }
    byte[] bytes = new byte[length];
    in.get(bytes);
    return bytes;
  }
}
