package io.shardwell.raftgroup.routing;

import io.shardwell.raftgroup.ClientAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Which node owns which slots, as clients of the cluster face are told: the owner of a shard is its
 * leader (DESIGN 11).
 *
 * <p><b>Never a hole.</b> While a shard elects, the last known leader stays its owner. Commands for
 * such a shard are not redirected: they wait here, as on the single image, and go to the new leader
 * from here. So a client is only ever sent to a node that this one reaches and knows to lead.
 *
 * <p><b>Leaders without a cluster face</b> cannot be owners. The shard's first member with a face
 * is then, or else this node; an owner that does not lead forwards.
 *
 * <p>A node without a replica of a shard knows its leader from the leaders' pulses. Loop thread
 * only.
 */
public final class SlotOwners implements ShardScope {

  /** A SCAN or FLUSHALL over all nodes that takes no longer misses no shard that moves. */
  public static final int OVERLAP_SECONDS = 300;

  private static final long NEVER = Long.MIN_VALUE;

  private final String self;
  private final List<List<String>> members;
  private final LongSupplier nanoTime;
  private final Predicate<String> reaches;
  private final Function<String, ClientAddress> addresses;

  /** By shard; the preferred leader before one is known. */
  private final String[] leaders;

  private final int[] terms;

  // Loop time since which the replica on this node knows no leader, NEVER while it knows one. Stays
  // NEVER without a replica.
  private final long[] leaderlessSince;

  // Loop time at which this node last ceased to lead, NEVER if it never has.
  private final long[] ledUntil;

  /**
   * @param members by shard, the nodes with a replica, the preferred leader first
   * @param reaches whether messages can go to a node now; true for this one
   * @param addresses where clients reach a node, {@link ClientAddress#UNKNOWN} before it has told
   */
  public SlotOwners(
      String self,
      List<List<String>> members,
      LongSupplier nanoTime,
      Predicate<String> reaches,
      Function<String, ClientAddress> addresses) {
    this.self = self;
    this.members = members;
    this.nanoTime = nanoTime;
    this.reaches = reaches;
    this.addresses = addresses;
    int shards = members.size();
    this.leaders = new String[shards];
    this.terms = new int[shards];
    this.leaderlessSince = new long[shards];
    this.ledUntil = new long[shards];
    for (int shard = 0; shard < shards; shard++) {
      leaders[shard] = members.get(shard).get(0);
      boolean local = members.get(shard).contains(self);
      leaderlessSince[shard] = local ? nanoTime.getAsLong() : NEVER;
      ledUntil[shard] = NEVER;
    }
  }

  /**
   * The replica on this node knows this leader, or none.
   *
   * @param leader a node, null for none
   */
  public void replicaKnows(int shard, @Nullable String leader, int term) {
    if (leader == null) {
      if (leaderlessSince[shard] == NEVER) {
        leaderlessSince[shard] = nanoTime.getAsLong();
      }
      return;
    }
    leaderlessSince[shard] = NEVER;
    lead(shard, leader, term);
  }

  /** A node says that it leads the shard; a replica on this node knows better by itself. */
  public void heard(int shard, String leader, int term) {
    if (shard < members.size() && !members.get(shard).contains(self) && term >= terms[shard]) {
      lead(shard, leader, term);
    }
  }

  private void lead(int shard, String leader, int term) {
    if (leaders[shard].equals(self) && !leader.equals(self)) {
      ledUntil[shard] = nanoTime.getAsLong();
    }
    leaders[shard] = leader;
    terms[shard] = term;
  }

  /** This node's name. */
  public String self() {
    return self;
  }

  /** How many shards there are. */
  public int shards() {
    return members.size();
  }

  /** How many replicas each shard has, its leader included. */
  public int replicas() {
    return members.get(0).size();
  }

  /** Where clients reach a node. */
  public ClientAddress address(String nodeId) {
    return addresses.apply(nodeId);
  }

  /** Whether messages can go to the node now. */
  public boolean reaches(String nodeId) {
    return reaches.test(nodeId);
  }

  /** The node that clients are told to ask for the shard. */
  public String owner(int shard) {
    if (hasFace(leaders[shard])) {
      return leaders[shard];
    }
    for (String member : members.get(shard)) {
      if (hasFace(member)) {
        return member;
      }
    }
    return self;
  }

  /** The owner, and then the other members that clients can be told of. */
  public List<String> ownerFirst(int shard) {
    List<String> nodes = new ArrayList<>();
    String owner = owner(shard);
    nodes.add(owner);
    for (String member : members.get(shard)) {
      if (!member.equals(owner) && hasFace(member)) {
        nodes.add(member);
      }
    }
    return nodes;
  }

  /** The term of the shard's last known leader. */
  public int term(int shard) {
    return terms[shard];
  }

  /** Where a command for the shard should be sent instead, or null if it is well placed here. */
  public @Nullable ClientAddress elsewhere(int shard) {
    String owner = owner(shard);
    boolean stays = owner.equals(self) || leaderlessSince[shard] != NEVER || !reaches.test(owner);
    return stays ? null : addresses.apply(owner);
  }

  /** For how long this node knows no leader of the shard, in milliseconds; 0 while it knows one. */
  public long leaderlessMillis(int shard) {
    long since = leaderlessSince[shard];
    return since == NEVER
        ? 0
        : Math.max(1, TimeUnit.NANOSECONDS.toMillis(nanoTime.getAsLong() - since));
  }

  @Override
  public boolean counts(int shard) {
    return owner(shard).equals(self);
  }

  /**
   * Besides the shards owned now those that were led here a while ago: a client that asks one node
   * after the other would miss a shard that moves from a node not yet asked to one that is done.
   */
  @Override
  public boolean covers(int shard) {
    return counts(shard)
        || (ledUntil[shard] != NEVER
            && nanoTime.getAsLong() - ledUntil[shard] < TimeUnit.SECONDS.toNanos(OVERLAP_SECONDS));
  }

  private boolean hasFace(String nodeId) {
    return addresses.apply(nodeId).hasClusterPort();
  }
}
