package io.shardwell.statemachine;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * All deadlines in order, with the hash and the weight of their entries: says at once how many
 * entries are gone and how much they weigh, whatever number falls due in one moment.
 *
 * <p>A sorted list in two levels: leaves of at most {@value DeadlineLeaf#CAPACITY} items. Moving
 * log time passes whole leaves by their sums: a million items that fall due together are some ten
 * thousand additions, nothing is done per item. An insertion moves at most one leaf's items and, if
 * it splits the leaf, a reference and a deadline per leaf.
 *
 * <p>Items are ordered by deadline, hash and weight, so equal items are interchangeable and the
 * order in which they are collected is the same on every replica.
 */
final class DeadlineIndex {
  // Invariant: no leaf is empty; items ascend within and across leaves.
  private final List<DeadlineLeaf> leaves = new ArrayList<>();
  // Invariant: firsts[i] is the first deadline of leaf i. A search reads these, one beside the
  // other, instead of going to each leaf and its array.
  private long[] firsts = new long[8];
  private long logTime;
  // Invariant: number and weight of the items with deadline <= logTime.
  private long goneCount;
  private long goneWeight;
  private long count;
  // Invariant: the weight of all items.
  private long weight;

  /** An empty index at a moment: deadlines up to it count as gone. */
  DeadlineIndex(long logTime) {
    this.logTime = logTime;
  }

  /** How many items there are. */
  long count() {
    return count;
  }

  /** How many items are gone. */
  long goneCount() {
    return goneCount;
  }

  /** How much the gone items weigh together. */
  long goneWeight() {
    return goneWeight;
  }

  /** How much the items that are not gone weigh together. */
  long liveWeight() {
    return weight - goneWeight;
  }

  /** The earliest deadline, gone or not; Long.MAX_VALUE if there is none. */
  long earliest() {
    return leaves.isEmpty() ? Long.MAX_VALUE : leaves.get(0).deadline(0);
  }

  /** The hash of the first item, which must exist: see {@link #earliest}. */
  long earliestHash() {
    return leaves.get(0).hash(0);
  }

  /** The earliest deadline that is not gone; Long.MAX_VALUE if there is none. */
  long earliestLive() {
    for (int i = firstLeafWithLive(); i < leaves.size(); i++) {
      int at = leaves.get(i).countUpTo(logTime);
      if (at < leaves.get(i).size()) {
        return leaves.get(i).deadline(at);
      }
    }
    return Long.MAX_VALUE;
  }

  /** Moves time forward; returns how many items are gone by that. */
  long advance(long newLogTime) {
    assert newLogTime >= logTime;
    long before = goneCount;
    if (newLogTime > logTime && goneCount < count) {
      int i = firstLeafWithLive();
      int from = leaves.get(i).countUpTo(logTime);
      for (boolean more = true; more && i < leaves.size(); i++) {
        DeadlineLeaf leaf = leaves.get(i);
        int to = leaf.countUpTo(newLogTime);
        goneCount += to - from;
        goneWeight += leaf.weight(from, to);
        from = 0;
        more = to == leaf.size();
      }
    }
    logTime = newLogTime;
    return goneCount - before;
  }

  /** Adds an item that is not gone. */
  void add(long deadline, long hash, int itemWeight) {
    assert deadline > logTime : deadline + " is not after " + logTime;
    if (leaves.isEmpty()) {
      insertLeaf(0, new DeadlineLeaf(), deadline);
    }
    int at = leafOf(deadline, hash, itemWeight);
    DeadlineLeaf leaf = leaves.get(at);
    if (leaf.isFull()) {
      DeadlineLeaf upper = leaf.splitInHalf();
      insertLeaf(at + 1, upper, upper.deadline(0));
      if (upper.compare(0, deadline, hash, itemWeight) <= 0) {
        leaf = upper;
        at++;
      }
    }
    leaf.add(deadline, hash, itemWeight);
    firsts[at] = leaf.deadline(0);
    count++;
    weight += itemWeight;
  }

  /** Removes an item, gone or not, which must be there. */
  void remove(long deadline, long hash, int itemWeight) {
    int at = leafOf(deadline, hash, itemWeight);
    DeadlineLeaf leaf = leaves.get(at);
    leaf.remove(deadline, hash, itemWeight);
    count--;
    weight -= itemWeight;
    if (deadline <= logTime) {
      goneCount--;
      goneWeight -= itemWeight;
    }
    if (leaf.size() == 0) {
      removeLeaf(at);
      return;
    }
    firsts[at] = leaf.deadline(0);
    if (at + 1 < leaves.size() && leaf.canTake(leaves.get(at + 1))) {
      leaf.addAll(removeLeaf(at + 1));
    }
  }

  private void insertLeaf(int at, DeadlineLeaf leaf, long first) {
    int moved = leaves.size() - at;
    leaves.add(at, leaf);
    if (firsts.length < leaves.size()) {
      firsts = Arrays.copyOf(firsts, firsts.length * 2);
    }
    System.arraycopy(firsts, at, firsts, at + 1, moved);
    firsts[at] = first;
  }

  private DeadlineLeaf removeLeaf(int at) {
    DeadlineLeaf leaf = leaves.remove(at);
    System.arraycopy(firsts, at + 1, firsts, at, leaves.size() - at);
    return leaf;
  }

  /** Where to look for the first item that is not gone: in this leaf or at the next one's start. */
  private int firstLeafWithLive() {
    return leafOf(logTime + 1, Long.MIN_VALUE, Integer.MIN_VALUE);
  }

  /** The last leaf whose first item is not above the given one; 0 if there is none. */
  private int leafOf(long deadline, long hash, int itemWeight) {
    int low = 0;
    int high = leaves.size();
    while (low < high) {
      int middle = (low + high) >>> 1;
      long first = firsts[middle];
      if (first < deadline
          || (first == deadline
              && leaves.get(middle).compare(0, deadline, hash, itemWeight) <= 0)) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return Math.max(0, low - 1);
  }

  /** Checks every invariant; for tests, O(n). */
  void check() {
    long items = 0;
    long gone = 0;
    long weightOfGone = 0;
    long weightOfAll = 0;
    for (int i = 0; i < leaves.size(); i++) {
      DeadlineLeaf leaf = leaves.get(i);
      leaf.check();
      assert leaf.size() > 0 : "empty leaf";
      assert firsts[i] == leaf.deadline(0) : "first deadline";
      if (i > 0) {
        DeadlineLeaf lower = leaves.get(i - 1);
        int last = lower.size() - 1;
        assert leaf.compare(0, lower.deadline(last), lower.hash(last), lower.weight(last)) >= 0;
      }
      items += leaf.size();
      weightOfAll += leaf.weight(0, leaf.size());
      int goneHere = leaf.countUpTo(logTime);
      gone += goneHere;
      weightOfGone += leaf.weight(0, goneHere);
    }
    assert items == count && gone == goneCount && weightOfGone == goneWeight : "sums";
    assert weightOfAll == weight : "weight";
  }
}
