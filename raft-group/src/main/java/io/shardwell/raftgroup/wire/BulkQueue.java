package io.shardwell.raftgroup.wire;

import com.esotericsoftware.kryo.io.Output;
import io.microraft.model.log.SnapshotChunk;
import io.microraft.model.message.InstallSnapshotRequest;
import io.shardwell.raftgroup.WireLimits;
import io.shardwell.raftgroup.replica.ChunkBytes;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Snapshot chunks on their way to one peer, cut into pieces that let other messages pass (DESIGN
 * 4). At most one chunk for each group waits, by name; only the one that is being sent is in
 * memory.
 *
 * <p>That a chunk is overtaken by what was said after it does no harm: it names its snapshot and
 * its sender's term, and an old one is ignored. Loop thread only.
 */
final class BulkQueue {

  private final FrameCodec codec;
  private final Map<Integer, PeerMessage.Raft> waiting = new LinkedHashMap<>();

  // The message being sent, as a frame of its own, and how much of it is gone.
  private byte @Nullable [] sending;
  private int sent;

  BulkQueue(FrameCodec codec) {
    this.codec = codec;
  }

  /** Whether the message belongs here. */
  static boolean isBulk(PeerMessage message) {
    return message instanceof PeerMessage.Raft raft
        && raft.message() instanceof InstallSnapshotRequest request
        && request.getSnapshotChunk() != null;
  }

  /** Takes a message; an older one of its group that has not begun is given up for it. */
  void add(PeerMessage.Raft message) {
    waiting.put(message.group(), message);
  }

  boolean isEmpty() {
    return sending == null && waiting.isEmpty();
  }

  /** The next piece, or null if there is none. */
  PeerMessage.@Nullable Piece next() {
    byte[] whole = sending;
    if (whole == null) {
      PeerMessage.Raft message = takeFirst();
      if (message == null) {
        return null;
      }
      whole = encode(message);
      sent = 0;
    }
    int length = Math.min(WireLimits.MAX_PIECE_BYTES, whole.length - sent);
    byte[] bytes = Arrays.copyOfRange(whole, sent, sent + length);
    sent += length;
    sending = sent == whole.length ? null : whole;
    return new PeerMessage.Piece(whole.length - sent, bytes);
  }

  /**
   * Skips chunks of snapshots that newer ones have replaced meanwhile: they are lost, as any
   * message may be, and MicroRaft offers the newer snapshot.
   */
  private PeerMessage.@Nullable Raft takeFirst() {
    while (!waiting.isEmpty()) {
      PeerMessage.Raft message = waiting.remove(waiting.keySet().iterator().next());
      if (chunkOf(message).isThere()) {
        return message;
      }
    }
    return null;
  }

  private static ChunkBytes chunkOf(PeerMessage.Raft message) {
    SnapshotChunk chunk = ((InstallSnapshotRequest) message.message()).getSnapshotChunk();
    return (ChunkBytes) Objects.requireNonNull(chunk).getOperation();
  }

  private byte[] encode(PeerMessage.Raft message) {
    Output out = new Output(4096, -1);
    out.writeByte(FrameCodec.VERSION);
    codec.write(out, message);
    return out.toBytes();
  }

  void clear() {
    waiting.clear();
    sending = null;
  }
}
