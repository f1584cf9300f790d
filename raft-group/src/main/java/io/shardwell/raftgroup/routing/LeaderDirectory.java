package io.shardwell.raftgroup.routing;

import io.shardwell.raftgroup.FullDisks;
import io.shardwell.raftgroup.Post;
import io.shardwell.raftgroup.reads.ShardGroup;
import io.shardwell.raftgroup.replica.Replica;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Whom to ask for a shard: the leader that the replica on this node knows of, or, where this node
 * has no replica or stands aside, the last hint. Loop thread only.
 */
public final class LeaderDirectory {

  private final Map<Integer, ShardGroup> groups;
  private final List<List<String>> members;
  private final Post post;
  private final String self;
  private final FullDisks fullDisks;
  private final @Nullable String[] hints;
  private final int[] nextGuess;

  /**
   * @param members by shard, the nodes that hold a replica
   */
  public LeaderDirectory(
      Map<Integer, ShardGroup> groups,
      List<List<String>> members,
      Post post,
      String self,
      FullDisks fullDisks) {
    this.groups = groups;
    this.members = members;
    this.post = post;
    this.self = self;
    this.fullDisks = fullDisks;
    this.hints = new String[members.size()];
    this.nextGuess = new int[members.size()];
  }

  /** The node to ask now, or null if no leader is known or it cannot be reached. */
  public @Nullable String leaderOf(int shard) {
    ShardGroup group = groups.get(shard);
    String leader = group == null ? null : group.replica().leaderNodeId();
    if (group == null || (leader == null && isOutside(group.replica()))) {
      leader = hint(shard);
    }
    return leader != null && post.reaches(leader) ? leader : null;
  }

  /** Whether a replica may hear of no leader although there is one. */
  private static boolean isOutside(Replica replica) {
    return replica.standsAside() || !replica.isVoter();
  }

  /**
   * The same for a write: null also if the leader refuses proposals because of its disk. That is a
   * group's only voter; elsewhere such a node does not lead.
   */
  @Nullable String proposerOf(int shard) {
    String leader = leaderOf(shard);
    if (leader == null) {
      return null;
    }
    ShardGroup group = groups.get(shard);
    boolean refuses =
        leader.equals(self)
            ? group != null && group.replica().standsAside()
            : members.get(shard).size() == 1 && fullDisks.contains(leader);
    return refuses ? null : leader;
  }

  /** What this node knows about why there is no leader, to be added to an error's text. */
  String whyNone() {
    return fullDisks.clause();
  }

  /** Never this node: where it is asked for, it leads nothing. */
  private @Nullable String hint(int shard) {
    String hint = hints[shard];
    if (hint != null && !hint.equals(self) && post.reaches(hint)) {
      return hint;
    }
    List<String> candidates = members.get(shard);
    for (int i = candidates.size(); i > 0; i--) {
      String candidate = candidates.get(Math.floorMod(nextGuess[shard]++, candidates.size()));
      if (!candidate.equals(self)) {
        return candidate;
      }
    }
    return null;
  }

  /** A node said that it does not lead the shard, and perhaps who does. */
  public void corrected(int shard, String asked, String leaderHint) {
    if (!leaderHint.isEmpty() && !leaderHint.equals(asked)) {
      hints[shard] = leaderHint;
    } else if (asked.equals(hints[shard])) {
      hints[shard] = null;
    }
  }

  /** A node answered as the shard's leader. */
  public void confirmed(int shard, String leader) {
    hints[shard] = leader;
  }
}
