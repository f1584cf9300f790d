package io.shardwell.raftgroup;

/** Told, on the loop, how a dialled link fares. */
public interface DialledLinkListener {

  /** The link is up; the first frame sent from here on is the first the peer sees. */
  void onUp();

  /**
   * The link broke, or an attempt to dial failed.
   *
   * @param refusedOrReset true if the peer's host said so (nobody listens, or the process is gone),
   *     which is evidence of a crash; false for time-outs and orderly closes
   */
  void onDown(boolean refusedOrReset);
}
