package io.shardwell.statemachine;

import java.util.Arrays;

/**
 * The least of many numbers while they change, and where it stands: a tournament of neighbours. The
 * least is known at once, found in O(log n), and a change is O(log n) at most; it ends at the first
 * match whose winner stays the same.
 */
final class TournamentTree {
  /** What stands where nothing competes. */
  static final long NOBODY = Long.MAX_VALUE;

  // Invariant: a power of two.
  private final int leaves;
  // Invariant: nodes[i] = min(nodes[2 * i], nodes[2 * i + 1]); leaf i is nodes[leaves + i].
  private final long[] nodes;

  /** A tree of so many leaves, a power of two, where nobody competes. */
  TournamentTree(int leaves) {
    assert Integer.bitCount(leaves) == 1 : leaves;
    this.leaves = leaves;
    this.nodes = new long[2 * leaves];
    Arrays.fill(nodes, NOBODY);
  }

  /** The same numbers in a tree of twice as many leaves, number i at leaf 2 * i. */
  TournamentTree doubled() {
    TournamentTree larger = new TournamentTree(2 * leaves);
    for (int i = 0; i < leaves; i++) {
      larger.nodes[larger.leaves + 2 * i] = nodes[leaves + i];
    }
    System.arraycopy(nodes, 0, larger.nodes, 0, nodes.length);
    return larger;
  }

  /** The same numbers in a tree of half as many leaves; only even leaves may be taken. */
  TournamentTree halved() {
    TournamentTree smaller = new TournamentTree(leaves / 2);
    System.arraycopy(nodes, 0, smaller.nodes, 0, leaves);
    return smaller;
  }

  long at(int leaf) {
    return nodes[leaves + leaf];
  }

  void set(int leaf, long value) {
    int i = leaves + leaf;
    nodes[i] = value;
    while (i > 1) {
      i >>= 1;
      long winner = Math.min(nodes[2 * i], nodes[2 * i + 1]);
      if (nodes[i] == winner) {
        return;
      }
      nodes[i] = winner;
    }
  }

  /** The least number; {@link #NOBODY} if there is none. */
  long least() {
    return nodes[1];
  }

  /** The first leaf that has the least number. */
  int leafOfLeast() {
    int i = 1;
    while (i < leaves) {
      i = nodes[2 * i] == nodes[i] ? 2 * i : 2 * i + 1;
    }
    return i - leaves;
  }

  /** Checks every invariant; for tests. */
  void check() {
    for (int i = 1; i < leaves; i++) {
      assert nodes[i] == Math.min(nodes[2 * i], nodes[2 * i + 1]) : "winner of match " + i;
    }
  }
}
