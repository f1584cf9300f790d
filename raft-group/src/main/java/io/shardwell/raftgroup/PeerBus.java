package io.shardwell.raftgroup;

import java.nio.ByteBuffer;

/**
 * Lossy, non-blocking transport of frames between nodes (DESIGN 3).
 *
 * <p>There is one link per direction: a node sends over the link it dialled and receives over the
 * links it accepted. Frames on one link arrive in order or, when the link breaks, from some point
 * on not at all; nothing is ever sent again after a reconnect (MICRORAFT B1 relies on it). Loop
 * thread only.
 */
public interface PeerBus {

  /** Dials the peer, again and again with a back-off, until the bus is closed. */
  void dial(String peerId, PeerAddress address, DialledLinkListener listener);

  /**
   * Sends the frame, at most {@link WireLimits#MAX_FRAME_BYTES} long, or drops it if the link is
   * down. The buffer's content belongs to the bus from here on.
   */
  void send(String peerId, ByteBuffer frame);

  /** Whether the link to this peer is up, as far as this side knows. */
  boolean isUp(String peerId);

  /** Bytes handed over for this peer that the socket has not taken yet. */
  long pendingBytes(String peerId);
}
