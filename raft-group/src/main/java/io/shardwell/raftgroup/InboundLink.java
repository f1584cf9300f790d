package io.shardwell.raftgroup;

import java.nio.ByteBuffer;

/** The receiving end of one accepted link. Loop thread only. */
public interface InboundLink {

  /** Takes the next frame; the buffer is valid during the call only. */
  void onFrame(ByteBuffer frame);

  /** The link is closed; no frame follows. */
  void onClosed();
}
