package io.shardwell.raftgroup;

import java.nio.ByteBuffer;

/** The receiving end of one accepted link. Loop thread only. */
public interface InboundLink {

  /** Takes the next frame; the buffer is valid during the call only. */
  void onFrame(ByteBuffer frame);

  /**
   * More of a frame has come, {@link WireLimits#SIGN_OF_LIFE_BYTES} at least since the last frame
   * or the last call, and it is still not complete: the other side is alive, and says nothing yet.
   */
  void onPartOfFrame();

  /** The link is closed; no frame follows. */
  void onClosed();
}
