package io.shardwell.server;

/** What one client connection may hold of this node's memory, and for how long. */
final class ClientLimits {

  /** Requests of one connection under way at once; beyond, it is not read from. */
  static final int MAX_PIPELINED = 4096;

  /** Encoded answers that the socket has not taken: above the first, nothing is read or encoded. */
  static final int OUTPUT_HIGH_BYTES = 1 << 20;

  static final int OUTPUT_LOW_BYTES = 256 << 10;

  /** Answers in all, encoded or waiting for their turn: a client this far behind is closed. */
  static final long MAX_HELD_BYTES = 256L << 20;

  /** A client further behind than this for {@link #SOFT_HELD_SECONDS} is closed. */
  static final long SOFT_HELD_BYTES = 64L << 20;

  static final int SOFT_HELD_SECONDS = 10;

  /** Quiet time after which a plain-text command without a line end is taken as whole. */
  static final int QUIET_MILLIS = 30;

  private ClientLimits() {}
}
