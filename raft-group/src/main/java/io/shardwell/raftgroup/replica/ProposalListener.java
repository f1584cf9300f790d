package io.shardwell.raftgroup.replica;

/** Told, at a turn's end, what became of a proposal. */
public interface ProposalListener {

  /** It was committed and applied at this index, with this result. */
  void applied(long index, Object result);

  /**
   * This replica cannot tell, or is sure that it was not appended; who must know proposes again.
   */
  void notApplied();
}
