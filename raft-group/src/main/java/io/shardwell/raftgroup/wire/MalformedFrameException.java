package io.shardwell.raftgroup.wire;

/** A frame or a stored model that no version of ours writes; the link it came over is closed. */
public final class MalformedFrameException extends RuntimeException {

  private static final long serialVersionUID = 1;

  public MalformedFrameException(String what) {
    super(what);
  }

  public MalformedFrameException(String what, Throwable cause) {
    super(what, cause);
  }
}
