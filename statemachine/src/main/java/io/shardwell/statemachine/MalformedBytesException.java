package io.shardwell.statemachine;

/**
 * Bytes that claim to be ours are not what any version of us has written. Where they come from our
 * own log or snapshot this is a broken invariant; where they come from a peer, the peer is broken.
 */
public final class MalformedBytesException extends IllegalStateException {
  MalformedBytesException(String what) {
    super(what);
  }
}
