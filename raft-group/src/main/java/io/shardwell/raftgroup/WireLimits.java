package io.shardwell.raftgroup;

import io.shardwell.statemachine.Limits;

/** Sizes that sender and receiver of a frame must agree on. */
public final class WireLimits {

  /**
   * The largest frame between two nodes, in bytes: one command of the largest size with its key, or
   * one reply of {@link Limits#MAX_REPLY_BYTES}, and room for what surrounds it.
   */
  public static final int MAX_FRAME_BYTES = 2 * Limits.MAX_VALUE_BYTES + (4 << 20);

  /**
   * The largest Hello, in bytes, the first frame of a link and a stranger's perhaps. With the table
   * and the map of the largest cluster, all names as long as they may be, 4096 nodes replaced and
   * each shard's memory changing on 64 nodes, it has less than 3 MiB.
   */
  public static final int MAX_HELLO_BYTES = 4 << 20;

  /** A frame is sent when it has grown to this many bytes, even in the middle of a turn. */
  public static final int TARGET_FRAME_BYTES = 1 << 20;

  /** A snapshot chunk travels in pieces of at most this many bytes. */
  public static final int MAX_PIECE_BYTES = 256 << 10;

  /**
   * Entries beyond this many bytes are cut from an AppendEntries, but for the first (B10). A
   * follower that was away acknowledges for all shards in one frame and wants as much for each.
   */
  public static final int MAX_APPEND_BYTES = 256 << 10;

  /**
   * Counted for each of them besides its own bytes: one that is no longer in memory has to be
   * found, read and checked, which takes as long as copying so many bytes or longer.
   */
  public static final int APPENDED_ENTRY_BYTES = 1 << 10;

  /**
   * So many bytes of a frame that is not complete are a sign of life. A link that trickles, with
   * less in a heartbeat timeout, is as good as silent.
   */
  public static final int SIGN_OF_LIFE_BYTES = 64 << 10;

  /** Frames for a peer whose socket is this many bytes behind are dropped. */
  public static final long MAX_PENDING_BYTES_PER_PEER = 64L << 20;

  private WireLimits() {}
}
