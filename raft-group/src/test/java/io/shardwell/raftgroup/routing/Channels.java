package io.shardwell.raftgroup.routing;

import io.shardwell.raftgroup.FullDisks;
import io.shardwell.raftgroup.Post;
import io.shardwell.raftgroup.Tuning;
import io.shardwell.raftgroup.VirtualLoop;
import io.shardwell.statemachine.SessionKey;
import java.util.HashMap;
import java.util.List;

/** Channels of node "me", which has no replica, to shard 0, whose only node is "leader". */
final class Channels {

  private Channels() {}

  static Patience patience(VirtualLoop loop) {
    return new Patience(loop, Tuning.DEFAULT.commandPatienceMillis());
  }

  static ReadChannel reads(VirtualLoop loop, Post post, Patience patience, long firstReadId) {
    return new ReadChannel(
        0,
        loop,
        post,
        Tuning.DEFAULT,
        patience,
        directory(post),
        new HashMap<>(),
        "me",
        firstReadId);
  }

  static WriteChannel writes(
      VirtualLoop loop,
      Post post,
      Patience patience,
      SessionKey session,
      WriteChannel.NewBoot newBoot) {
    return new WriteChannel(
        0, loop, post, Tuning.DEFAULT, patience, directory(post), session, newBoot);
  }

  private static LeaderDirectory directory(Post post) {
    return new LeaderDirectory(
        new HashMap<>(), List.of(List.of("leader")), post, "me", new FullDisks());
  }
}
