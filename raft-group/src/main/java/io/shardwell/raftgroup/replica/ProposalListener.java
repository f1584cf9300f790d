package io.shardwell.raftgroup.replica;

/** Told, at a turn's end, what became of a proposal. */
public interface ProposalListener {

  /** For a proposal that nobody waits for: if it is lost, the next round makes another. */
  ProposalListener INDIFFERENT =
      new ProposalListener() {
        @Override
        public void applied(long index, Object result) {}

        @Override
        public void notApplied() {}
      };

  /** It was committed and applied at this index, with this result. */
  void applied(long index, Object result);

  /**
   * This replica cannot tell, or is sure that it was not appended; who must know proposes again.
   */
  void notApplied();
}
