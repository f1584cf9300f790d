package io.shardwell.raftgroup.cluster;

import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import io.shardwell.raftgroup.wire.MalformedFrameException;
import io.shardwell.raftgroup.wire.Text;
import io.shardwell.statemachine.MemoryLimit;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * What each shard may use of the memory budget of its nodes: part of the cluster map, so it changes
 * only with entries of `meta`'s log. Who gets how much is the {@link MemoryDealer}'s matter; that
 * the limits in force on a node never grow beyond its budget is shown here
 * (docs/decisions/0026-memory-is-dealt-by-use.md).
 *
 * <p>A share is a <i>grant</i>: a limit with a revision, which the shard's leader, whoever that is,
 * brings into the shard's log. A log takes no revision below one it has. How far the replicas are
 * `meta` learns later, so each share also has what its replicas may have in force at most, {@link
 * Share#held}. It grows with a larger grant at once, and comes down to a smaller one only when all
 * replicas have said that they go by it, since nothing larger of before can follow then. A larger
 * grant than the one before is void unless all that is then held on a node fits into the budget.
 *
 * @param shares by shard; none at all while there is no budget
 */
public record MemoryShares(List<Share> shares) {

  /** Without a budget. */
  public static final MemoryShares NONE = new MemoryShares(List.of());

  /** Held by a shard whose replicas may not have a limit yet. */
  static final long UNLIMITED = Long.MAX_VALUE;

  /**
   * A shard's part.
   *
   * @param revision of the limit; of all grants of a shard the later one has the larger revision
   * @param bytes the limit, at least 1: 0 would be none
   * @param held what a replica's limit may be at most, now or later, unless another grant follows
   * @param awaited the nodes whose replicas have yet to say that they go by this revision, if less
   *     is granted than held; else empty
   */
  public record Share(long revision, long bytes, long held, SortedSet<String> awaited) {

    public Share {
      awaited = Collections.unmodifiableSortedSet(new TreeSet<>(awaited));
      assert bytes >= 1 && bytes <= held : bytes + " granted, " + held + " held";
      assert awaited.isEmpty() == (bytes == held) : "less is held as soon as nobody is awaited";
    }

    /** Another limit in the place of this one. */
    private Share regranted(long newRevision, long newBytes, List<String> nodes) {
      assert newRevision > revision;
      long mostHeld = Math.max(held, newBytes);
      return new Share(
          newRevision,
          newBytes,
          mostHeld,
          newBytes == mostHeld ? new TreeSet<>() : new TreeSet<>(nodes));
    }

    private Share appliedBy(String node) {
      SortedSet<String> left = new TreeSet<>(awaited);
      left.remove(node);
      return new Share(revision, bytes, left.isEmpty() ? bytes : held, left);
    }
  }

  public MemoryShares {
    shares = List.copyOf(shares);
  }

  /**
   * The even part of a shard: the smallest it would get on any of its nodes if each divided its
   * budget by its shards. Never 0, and never what no limit would be.
   */
  static long even(int shard, long budget, ReplicaLayout layout) {
    return Math.max(1, Math.min(UNLIMITED - 1, budget / layout.crowd(shard)));
  }

  /**
   * Even shares under the setting's revision, where it is not known what the replicas go by: they
   * had no limit, or that was dealt before shares were part of the map.
   */
  static MemoryShares evenFromAnything(MemoryLimit budget, ReplicaLayout layout) {
    List<Share> even = new ArrayList<>();
    for (int shard = 0; shard < layout.shards(); shard++) {
      long bytes = even(shard, budget.bytes(), layout);
      even.add(
          new Share(budget.revision(), bytes, UNLIMITED, new TreeSet<>(layout.nodesOf(shard))));
    }
    return new MemoryShares(even);
  }

  /** The limit that a shard is to have. */
  MemoryLimit limit(int shard, MemoryLimit budget) {
    if (!budget.isOn()) {
      return budget;
    }
    Share share = shares.get(shard);
    return new MemoryLimit(share.revision(), share.bytes(), budget.policy());
  }

  /** The latest revision of a setting or a grant. */
  long lastRevision(MemoryLimit budget) {
    long last = budget.revision();
    for (Share share : shares) {
      last = Math.max(last, share.revision());
    }
    return last;
  }

  /**
   * Under another setting: in the same proportions, evenly if there was no budget. Lowering takes
   * effect at once everywhere; nothing grows that has not room under the new budget beside all that
   * may still be in force.
   */
  MemoryShares under(MemoryLimit before, MemoryLimit after, ReplicaLayout layout) {
    if (!after.isOn()) {
      return NONE;
    }
    if (!before.isOn()) {
      return evenFromAnything(after, layout);
    }
    long[] bytes = new long[shares.size()];
    Arrays.setAll(
        bytes, i -> Math.max(1, scaled(shares.get(i).bytes(), after.bytes(), before.bytes())));
    boolean wereEven = true;
    for (int i = 0; i < bytes.length; i++) {
      wereEven &= shares.get(i).bytes() == even(i, before.bytes(), layout);
    }
    if (wereEven || !fits(layout.sums(i -> bytes[i]), after.bytes())) {
      // Even ones stay exactly even, whatever was rounded: a map from before there were shares is
      // read as even, and must be the same where its log is replayed. And limits of few bytes are
      // rounded up to 1, and from there their proportions lead nowhere.
      Arrays.setAll(bytes, i -> even(i, after.bytes(), layout));
    }
    if (!fits(layout.sums(i -> Math.max(bytes[i], shares.get(i).held())), after.bytes())) {
      Arrays.setAll(bytes, i -> Math.min(bytes[i], shares.get(i).held()));
    }
    List<Share> changed = new ArrayList<>();
    for (int i = 0; i < bytes.length; i++) {
      changed.add(shares.get(i).regranted(after.revision(), bytes[i], layout.nodesOf(i)));
    }
    return new MemoryShares(changed);
  }

  /** Other limits for some shards; the same shares if these may not be granted. */
  MemoryShares dealt(SortedMap<Integer, Long> grants, MemoryLimit budget, ReplicaLayout layout) {
    long revision = lastRevision(budget) + 1;
    List<Share> changed = new ArrayList<>(shares);
    for (Map.Entry<Integer, Long> grant : grants.entrySet()) {
      int shard = grant.getKey();
      if (shard < 0 || shard >= changed.size() || grant.getValue() < 1) {
        return this;
      }
      changed.set(
          shard, changed.get(shard).regranted(revision, grant.getValue(), layout.nodesOf(shard)));
    }
    Map<String, Long> held = layout.sums(i -> changed.get(i).held());
    for (int shard : grants.keySet()) {
      boolean grows = changed.get(shard).bytes() > shares.get(shard).bytes();
      if (grows && layout.most(shard, held) > budget.bytes()) {
        return this;
      }
    }
    return new MemoryShares(changed);
  }

  private static boolean fits(Map<String, Long> sums, long budget) {
    return sums.values().stream().allMatch(sum -> sum <= budget);
  }

  /** After a node has said up to which revisions its replicas go by what was granted. */
  MemoryShares applied(String node, SortedMap<Integer, Long> revisions) {
    List<Share> changed = new ArrayList<>(shares);
    for (Map.Entry<Integer, Long> each : revisions.entrySet()) {
      int shard = each.getKey();
      if (shard < 0 || shard >= changed.size()) {
        continue;
      }
      Share share = changed.get(shard);
      if (share.awaited().contains(node) && each.getValue() >= share.revision()) {
        changed.set(shard, share.appliedBy(node));
      }
    }
    return new MemoryShares(changed);
  }

  private static long scaled(long bytes, long numerator, long denominator) {
    return BigInteger.valueOf(bytes)
        .multiply(BigInteger.valueOf(numerator))
        .divide(BigInteger.valueOf(denominator))
        .min(BigInteger.valueOf(numerator))
        .longValueExact();
  }

  void write(Output out) {
    out.writeVarInt(shares.size(), true);
    for (Share share : shares) {
      out.writeVarLong(share.revision(), true);
      out.writeVarLong(share.bytes(), true);
      out.writeVarLong(share.held(), true);
      out.writeVarInt(share.awaited().size(), true);
      share.awaited().forEach(node -> Text.write(out, node));
    }
  }

  /**
   * The opposite of {@link #write}.
   *
   * @throws MalformedFrameException if these are not the bytes of so many shares
   */
  static MemoryShares read(Input in, int shards) {
    int count = in.readVarInt(true);
    if (count != shards) {
      throw new MalformedFrameException(count + " shares of memory for " + shards + " shards");
    }
    List<Share> shares = new ArrayList<>();
    for (int shard = 0; shard < count; shard++) {
      long revision = in.readVarLong(true);
      long bytes = in.readVarLong(true);
      long held = in.readVarLong(true);
      SortedSet<String> awaited = new TreeSet<>();
      for (int i = in.readVarInt(true); i > 0; i--) {
        awaited.add(Text.read(in));
      }
      if (revision < 0 || bytes < 1 || bytes > held || awaited.isEmpty() != (bytes == held)) {
        throw new MalformedFrameException("share " + bytes + " of memory, " + held + " held");
      }
      shares.add(new Share(revision, bytes, held, awaited));
    }
    return new MemoryShares(shares);
  }
}
