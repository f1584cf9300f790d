package io.shardwell.raftgroup.routing;

import io.shardwell.raftgroup.Post;
import io.shardwell.raftgroup.reads.ShardGroup;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Whom to ask for a shard: the leader that the replica on this node knows of, or, where this node
 * has no replica, the last hint. Loop thread only.
 */
public final class LeaderDirectory {

  private final Map<Integer, ShardGroup> groups;
  private final List<List<String>> members;
  private final Post post;
  private final @Nullable String[] hints;
  private final int[] nextGuess;

  /**
   * @param members by shard, the nodes that hold a replica
   */
  public LeaderDirectory(Map<Integer, ShardGroup> groups, List<List<String>> members, Post post) {
    this.groups = groups;
    this.members = members;
    this.post = post;
    this.hints = new String[members.size()];
    this.nextGuess = new int[members.size()];
  }

  /** The node to ask now, or null if no leader is known or it cannot be reached. */
  public @Nullable String leaderOf(int shard) {
    ShardGroup group = groups.get(shard);
    String leader = group != null ? group.replica().leaderNodeId() : hint(shard);
    return leader != null && post.reaches(leader) ? leader : null;
  }

  private String hint(int shard) {
    String hint = hints[shard];
    if (hint != null && post.reaches(hint)) {
      return hint;
    }
    List<String> candidates = members.get(shard);
    return candidates.get(nextGuess[shard]++ % candidates.size());
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
