package io.shardwell.raftgroup.cluster;

import io.shardwell.statemachine.EvictionPolicy;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Decides, on the leader of `meta`, which shard should have more of the memory budget and which
 * less. It only proposes: {@link MemoryShares} refuses what could break a budget, so what this
 * object knows may be old, wrong or forgotten. Loop thread only.
 *
 * <p><b>The spare</b> of a node is its budget less what its shards use, each at least {@link
 * #MIN_PARTS}th of its even part of the budget. All thresholds are parts of it, so they shrink as a
 * node fills. An even part of the spare is what each shard gets if all get the same.
 *
 * <p><b>Who takes, who keeps.</b> A shard that grows takes, and so does one with room for less than
 * a quarter of an even part. The others keep of their room up to half an even part; all that is
 * left of the spare is for those that take, alike: their <i>due</i>. Half is much to leave where
 * nothing is written; but a shard that is written seldom must have room for a value when it comes,
 * for then it is too late to deal, and those that take still get half of the spare each time.
 *
 * <p><b>Crowded</b> is a shard that takes and has room for less than half an even part, or for less
 * than it takes in {@link #FORESIGHT_MILLIS}. Nothing moves as long as nobody is crowded.
 *
 * <p><b>First what is free, then what others have.</b> A raise that fits into what no replica holds
 * is granted at once. For the rest the shares of others are lowered; it is free when their replicas
 * have said that they go by it, and then granted if there still is somebody crowded.
 *
 * <p><b>Full nodes.</b> If there is no spare worth moving (a {@link #QUANTUM_PARTS}th of the
 * budget), shares stay as they are: as large as what the shards use. Only under `allkeys-lru`,
 * where that would starve a shard that came late for ever, shares follow the need slowly: every
 * {@link #FAIRNESS_MILLIS} a shard that evicts less than half as much as the average of the
 * cluster, for its size, gives a {@link #STEP_PARTS}nd of its share to those that evict more than
 * twice as much.
 */
public final class MemoryDealer {

  /** A shard keeps this part of its even part of the budget, whatever it uses. */
  static final int MIN_PARTS = 32;

  /** And no less than so many bytes, unless its even part is less: room for a first key. */
  static final long MIN_BYTES = 1024;

  /** A share is not changed by less than this part of the budget. */
  static final int QUANTUM_PARTS = 1024;

  /** The shortest time between two deals. */
  static final int PAUSE_MILLIS = 500;

  /** A shard that has used more within this time grows. */
  static final int GROWTH_MILLIS = 10_000;

  /** A shard is crowded if it would be full so soon, at the pace of the last second. */
  static final int FORESIGHT_MILLIS = 2_000;

  /** How often shares follow evictions. */
  static final int FAIRNESS_MILLIS = 5_000;

  /** What a shard that evicts little gives of its share each time. */
  static final int STEP_PARTS = 32;

  /** Fewer evictions of a shard in {@link #FAIRNESS_MILLIS} than this say nothing. */
  static final int MIN_EVICTIONS = 64;

  /**
   * What the leader of a shard says about it.
   *
   * @param usedBytes as they count against the limit
   * @param evictedKeys since the shard began
   */
  public record Use(int shard, long usedBytes, long evictedKeys) {}

  private static final class Known {
    Use use;
    long evictedBefore;
    long grownNanos;
    boolean hasGrown;
    long givesUntilNanos;
    boolean gives;

    // The pace is measured from here.
    long markBytes;
    long markNanos;
    long bytesPerSecond;

    Known(Use use, long now) {
      this.use = use;
      this.markBytes = use.usedBytes();
      this.markNanos = now;
      this.evictedBefore = use.evictedKeys();
    }

    void measure(long now) {
      long millis = TimeUnit.NANOSECONDS.toMillis(now - markNanos);
      if (millis >= 1000) {
        bytesPerSecond = Math.max(0, use.usedBytes() - markBytes) * 1000 / millis;
        markBytes = use.usedBytes();
        markNanos = now;
      }
    }

    boolean grows(long now) {
      return hasGrown && now - grownNanos < TimeUnit.MILLISECONDS.toNanos(GROWTH_MILLIS);
    }

    /** What it will take in {@link #FORESIGHT_MILLIS}. */
    long foreseen() {
      return bytesPerSecond * FORESIGHT_MILLIS / 1000;
    }

    boolean gives(long now) {
      return gives && now - givesUntilNanos < 0;
    }
  }

  private final ReplicaLayout layout;
  private final Map<Integer, Known> known = new HashMap<>();
  private boolean hasDealt;
  private long dealtNanos;
  private boolean fairnessBegan;
  private long fairnessNanos;

  /**
   * @param members by shard, the nodes with a replica
   */
  public MemoryDealer(List<List<String>> members) {
    this.layout = new ReplicaLayout(members);
  }

  /** This node does not lead `meta`, or there is no budget. */
  public void forget() {
    known.clear();
    hasDealt = false;
    fairnessBegan = false;
  }

  /** A shard's leader tells. */
  public void heard(Use use, long nowNanos) {
    if (use.shard() < 0 || use.shard() >= layout.shards()) {
      return; // From a node that thinks of another cluster.
    }
    Known before = known.putIfAbsent(use.shard(), new Known(use, nowNanos));
    if (before == null) {
      return;
    }
    if (use.usedBytes() > before.use.usedBytes()) {
      before.hasGrown = true;
      before.grownNanos = nowNanos;
    }
    before.use = use;
    before.measure(nowNanos);
  }

  /** A change to propose, or null while all is well; to be asked every 100 ms or so. */
  public byte @Nullable [] deal(ClusterMap map, long nowNanos) {
    boolean pauses =
        hasDealt && nowNanos - dealtNanos < TimeUnit.MILLISECONDS.toNanos(PAUSE_MILLIS);
    if (pauses || !map.memory().isOn()) {
      return null;
    }
    Situation situation = new Situation(map, nowNanos);
    SortedMap<Integer, Long> grants = situation.relieve();
    if (grants.isEmpty() && map.memory().policy() == EvictionPolicy.ALLKEYS_LRU) {
      grants = followEvictions(situation, nowNanos);
    }
    if (grants.isEmpty()) {
      return null;
    }
    hasDealt = true;
    dealtNanos = nowNanos;
    return MetaState.deal(new MemoryDeal(map.lastMemoryRevision(), grants));
  }

  private SortedMap<Integer, Long> followEvictions(Situation situation, long now) {
    SortedMap<Integer, Long> grants = new TreeMap<>();
    long period = TimeUnit.MILLISECONDS.toNanos(FAIRNESS_MILLIS);
    if (fairnessBegan && now - fairnessNanos < period) {
      return grants;
    }
    boolean counts = fairnessBegan && known.size() == layout.shards();
    fairnessBegan = true;
    fairnessNanos = now;
    double evicted = 0;
    double used = 0;
    for (Known each : known.values()) {
      evicted += each.use.evictedKeys() - each.evictedBefore;
      used += situation.base[each.use.shard()];
    }
    boolean anyNeeds = false;
    for (Known each : known.values()) {
      int shard = each.use.shard();
      double own = (double) each.use.evictedKeys() - each.evictedBefore;
      double expected = evicted * situation.base[shard] / used;
      each.evictedBefore = each.use.evictedKeys();
      anyNeeds |= own >= MIN_EVICTIONS && own > 2 * expected;
      long bytes = situation.shares.get(shard).bytes();
      long given = bytes - bytes / STEP_PARTS;
      if (expected >= MIN_EVICTIONS && own < expected / 2 && given >= 2 * situation.min(shard)) {
        grants.put(shard, given);
      }
    }
    if (!counts || !anyNeeds) {
      grants.clear();
    }
    for (int shard : grants.keySet()) {
      Known giver = known.get(shard);
      assert giver != null;
      giver.gives = true;
      giver.givesUntilNanos = now + period;
    }
    return grants;
  }

  /** The numbers of one moment. By shard, in bytes. */
  private final class Situation {
    final long budget;
    final long quantum;
    final List<MemoryShares.Share> shares;

    /** What a shard uses, at least its minimum; scaled down if that does not fit on a node. */
    final long[] base;

    final boolean[] takes;

    final boolean[] crowded;

    /** What a shard should have. */
    final long[] target;

    Situation(ClusterMap map, long now) {
      this.budget = map.memory().bytes();
      this.quantum = Math.max(1, budget / QUANTUM_PARTS);
      this.shares = map.shares().shares();
      int count = shares.size();
      this.base = new long[count];
      this.takes = new boolean[count];
      this.crowded = new boolean[count];
      this.target = new long[count];
      measure();
      Map<String, Long> spare = layout.sums(i -> base[i]);
      spare.replaceAll((node, used) -> Math.max(0, budget - used));
      long[] evenPart = new long[count];
      long[] kept = new long[count];
      for (int i = 0; i < count; i++) {
        Known shard = known.get(i);
        evenPart[i] = layout.least(i, spare) / layout.crowd(i);
        takes[i] =
            shard != null && !shard.gives(now) && (shard.grows(now) || room(i) < evenPart[i] / 4);
        kept[i] = takes[i] ? 0 : Math.max(0, Math.min(room(i), evenPart[i] / 2));
      }
      Map<String, Long> keptOn = layout.sums(i -> kept[i]);
      Map<String, Long> takeOn = layout.sums(i -> takes[i] ? 1 : 0);
      spare.replaceAll(
          (node, left) ->
              Math.max(0, left - keptOn.getOrDefault(node, 0L))
                  / Math.max(1, takeOn.getOrDefault(node, 0L)));
      for (int i = 0; i < count; i++) {
        Known shard = known.get(i);
        long due = layout.least(i, spare);
        target[i] = Math.max(1, base[i] + (takes[i] ? due : kept[i]));
        crowded[i] =
            shard != null && takes[i] && room(i) < Math.max(evenPart[i] / 2, shard.foreseen());
      }
    }

    /** Negative if it uses more than its share. */
    private long room(int shard) {
      return shares.get(shard).bytes() - base[shard];
    }

    private void measure() {
      for (int i = 0; i < base.length; i++) {
        Known shard = known.get(i);
        // Of a shard that nobody speaks for nothing is taken.
        long used = shard == null ? shares.get(i).bytes() : shard.use.usedBytes();
        base[i] = Math.max(min(i), Math.min(used, budget));
      }
      Map<String, Long> sums = layout.sums(i -> base[i]);
      for (int i = 0; i < base.length; i++) {
        long most = layout.most(i, sums);
        if (most > budget) {
          base[i] = (long) (base[i] * ((double) budget / most));
        }
      }
    }

    long min(int shard) {
      long even = MemoryShares.even(shard, budget, layout);
      return Math.min(even, Math.max(even / MIN_PARTS, MIN_BYTES));
    }

    /** More for the crowded shards, and less for others if that takes it. */
    SortedMap<Integer, Long> relieve() {
      SortedMap<Integer, Long> grants = new TreeMap<>();
      // On each node: what no replica holds, negative while more is held than there is; and what
      // will be free when its replicas have said so.
      Map<String, Long> free = layout.sums(i -> shares.get(i).held());
      free.replaceAll((node, held) -> budget - held);
      Map<String, Long> awaited = layout.sums(i -> shares.get(i).held() - shares.get(i).bytes());
      boolean[] gives = new boolean[shares.size()];
      for (int i = 0; i < shares.size(); i++) {
        MemoryShares.Share share = shares.get(i);
        long wanted = target[i] - share.bytes();
        if (!crowded[i] || wanted < quantum) {
          continue;
        }
        long mostFree = layout.least(i, free);
        long raise = mostFree < 0 ? 0 : Math.min(wanted, share.held() - share.bytes() + mostFree);
        if (raise >= quantum) {
          grants.put(i, share.bytes() + raise);
          long newlyHeld = Math.max(0, share.bytes() + raise - share.held());
          layout.nodesOf(i).forEach(node -> free.merge(node, -newlyHeld, Long::sum));
          wanted -= raise;
        }
        if (wanted >= quantum && wanted > layout.least(i, awaited)) {
          for (String node : layout.nodesOf(i)) {
            layout.shardsByNode().getOrDefault(node, List.of()).forEach(j -> gives[j] = true);
          }
        }
      }
      for (int i = 0; i < gives.length; i++) {
        long excess = shares.get(i).bytes() - target[i];
        if (gives[i] && excess >= Math.max(1, quantum / layout.crowd(i))) {
          grants.put(i, target[i]);
        }
      }
      return grants;
    }
  }
}
