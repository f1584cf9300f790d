package io.shardwell.raftgroup.wire;

import com.esotericsoftware.kryo.io.Output;
import io.shardwell.raftgroup.PeerBus;
import io.shardwell.raftgroup.WireLimits;
import java.nio.ByteBuffer;

/**
 * What a turn has to say to one peer: gathered, and sent as one frame at the turn's end, whatever
 * the number of shards (DESIGN 4). Snapshot chunks follow in pieces, one a turn, and only while the
 * peer's socket takes them: a heartbeat never waits for more than one. Loop thread only.
 */
public final class Outbox {

  private static final int RETAINED_BYTES = 1 << 18;

  private final String peerId;
  private final PeerBus bus;
  private final FrameCodec codec;
  private Output out = new Output(4096, -1);
  private final BulkQueue bulk;
  private long droppedFrames;
  private long droppedMessages;

  public Outbox(String peerId, PeerBus bus, FrameCodec codec) {
    this.peerId = peerId;
    this.bus = bus;
    this.codec = codec;
    this.bulk = new BulkQueue(codec);
  }

  /** Adds a message to this turn's frame, unless the link is down. */
  public void add(PeerMessage message) {
    if (!bus.isUp(peerId)) {
      return;
    }
    if (BulkQueue.isBulk(message)) {
      bulk.add((PeerMessage.Raft) message);
      return;
    }
    if (out.position() == 0) {
      out.writeByte(FrameCodec.VERSION);
    }
    int before = out.position();
    codec.write(out, message);
    if (out.position() > WireLimits.MAX_FRAME_BYTES) {
      out.setPosition(before);
      if (before > 1) {
        flush();
        add(message);
      } else {
        // Replies that no frame can hold: lost like any message, the asker learns that they are
        // gone.
        out.reset();
        droppedMessages++;
      }
      return;
    }
    if (out.position() >= WireLimits.TARGET_FRAME_BYTES) {
      flush();
    }
  }

  /** Sends what has gathered. */
  public void flush() {
    if (out.position() == 0) {
      return;
    }
    byte[] frame = out.toBytes();
    out.reset();
    if (out.getBuffer().length > RETAINED_BYTES) {
      out = new Output(4096, -1);
    }
    assert frame.length <= WireLimits.MAX_FRAME_BYTES : "frame of " + frame.length + " bytes";
    if (bus.pendingBytes(peerId) > WireLimits.MAX_PENDING_BYTES_PER_PEER) {
      // A peer that does not read must not fill our memory. Everything on this bus may be lost.
      droppedFrames++;
      return;
    }
    bus.send(peerId, ByteBuffer.wrap(frame));
  }

  /**
   * Sends what has gathered and, if the peer's socket has room, a piece of a snapshot chunk.
   *
   * @return whether more pieces wait
   */
  public boolean endTurn() {
    flush();
    if (bus.pendingBytes(peerId) <= WireLimits.MAX_PIECE_BYTES) {
      PeerMessage.Piece piece = bulk.next();
      if (piece != null) {
        add(piece);
        flush();
      }
    }
    return !bulk.isEmpty();
  }

  /** The link broke or came up anew: what was gathered for the old one is not for the new one. */
  public void clear() {
    out.reset();
    bulk.clear();
  }

  public boolean isUp() {
    return bus.isUp(peerId);
  }

  /** Messages dropped because they were larger than a frame. */
  public long droppedMessages() {
    return droppedMessages;
  }

  /** Frames dropped because the peer did not read. */
  public long droppedFrames() {
    return droppedFrames;
  }
}
