package io.shardwell.jepsen.simulation;

import io.shardwell.raftgroup.Engine;
import io.shardwell.raftgroup.NodeStatus;
import io.shardwell.raftgroup.Post;
import io.shardwell.raftgroup.reads.ReadIndex;
import io.shardwell.raftgroup.replica.Replica;
import io.shardwell.raftgroup.routing.ReadChannel;
import io.shardwell.raftgroup.routing.ShardChannels;
import io.shardwell.raftgroup.wire.PeerMessage;
import java.lang.reflect.Field;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A linearizable read sees all that was committed anywhere when it was asked: whoever serves it has
 * applied at least the entry that was the last one committed in its group, over all nodes, when the
 * node of its client sent it on its way. Neither an asker nor a server can know that.
 *
 * <p>A stale read shows in the history only if the newer leader has acknowledged a write of the
 * same key meanwhile, and the value tells; this notices it if there was any newer entry at all, a
 * term's first included. It is sound because a read is served on the word of a majority that was
 * given after it was asked (DESIGN 6): had a later term committed anything before, one of them
 * would have known that term. Reads of followers ({@code READONLY}) take another way and are not
 * looked at.
 *
 * <p>It listens where a node's parts talk to each other, at the {@link Post} of the asking and of
 * the serving one. An answer may be held until it is durable; what is compared is what is applied
 * when it leaves, so that a wait hides something rather than that it alarms for nothing.
 */
final class ReadFreshness {
  private static final Field CHANNELS = LogMatching.field(Engine.class, "channels");
  private static final Field READS = LogMatching.field(ShardChannels.class, "reads");
  private static final Field READ_INDEX = LogMatching.field(Engine.class, "readIndex");
  private static final Field POST_OF_CHANNEL = LogMatching.field(ReadChannel.class, "post");
  private static final Field POST_OF_INDEX = LogMatching.field(ReadIndex.class, "post");

  /** Told of a read that was answered from a state that is too old. */
  interface Alarm {
    void stale(String what);
  }

  private record Asked(int shard, long readId) {}

  private final Alarm alarm;

  /** By shard: the last entry that any replica, of whatever life, has known to be committed. */
  private final Map<Integer, Long> committed = new HashMap<>();

  /** By the asking node's life of now: what had been committed when it asked. */
  private final Map<String, Map<Asked, Long>> floors = new HashMap<>();

  private final Map<String, Engine> watched = new HashMap<>();

  ReadFreshness(Alarm alarm) {
    this.alarm = alarm;
  }

  /** After a turn of the node; listens to it from its first one on. */
  void turnEnded(Engine engine, NodeStatus status) {
    if (watched.put(status.nodeId(), engine) != engine) {
      // A former life's answers are for nobody, and its numbers say nothing about this one's.
      floors.put(status.nodeId(), new HashMap<>());
      listen(status.nodeId(), engine);
    }
    for (NodeStatus.ReplicaStatus replica : status.replicas()) {
      committed.merge(replica.shard(), replica.commitIndex(), Math::max);
    }
  }

  private void listen(String nodeId, Engine engine) {
    for (Object channel : (List<?>) LogMatching.read(READS, LogMatching.read(CHANNELS, engine))) {
      replace(POST_OF_CHANNEL, channel, (to, message) -> asks(nodeId, engine, message));
    }
    Object index = LogMatching.read(READ_INDEX, engine);
    replace(POST_OF_INDEX, index, (to, message) -> answers(nodeId, engine, to, message));
  }

  private void asks(String nodeId, Engine engine, PeerMessage message) {
    Map<Asked, Long> mine = floors.get(nodeId);
    if (message instanceof PeerMessage.Read read && mine != null && isLifeOfNow(nodeId, engine)) {
      // Sent again, it is still the question of the first time: an answer to that is right.
      mine.putIfAbsent(
          new Asked(read.shard(), read.readId()), committed.getOrDefault(read.shard(), 0L));
    }
  }

  private void answers(String nodeId, Engine server, String to, PeerMessage message) {
    Map<Asked, Long> theirs = floors.get(to);
    if (!(message instanceof PeerMessage.ReadAnswer answer) || theirs == null) {
      return;
    }
    Long floor = theirs.remove(new Asked(answer.shard(), answer.readId()));
    Replica replica = replica(server, answer.shard());
    if (floor != null && replica != null && replica.appliedIndex() < floor) {
      alarm.stale(
          "shard "
              + answer.shard()
              + ": "
              + nodeId
              + ", leader of term "
              + replica.term()
              + ", answers a read of "
              + to
              + " from the state at entry "
              + replica.appliedIndex()
              + ", although entry "
              + floor
              + " was committed when it was asked");
    }
  }

  private boolean isLifeOfNow(String nodeId, Engine engine) {
    return watched.get(nodeId) == engine;
  }

  private static @Nullable Replica replica(Engine engine, int shard) {
    for (Object each : LogMatching.replicas(engine)) {
      if (((Replica) each).group() == shard) {
        return (Replica) each;
      }
    }
    return null;
  }

  /** Hears what passes there before it is told. */
  private interface Listener {
    void hears(String to, PeerMessage message);
  }

  private static void replace(Field field, Object owner, Listener listener) {
    Post original = (Post) LogMatching.read(field, owner);
    Post listened =
        new Post() {
          @Override
          public void tell(String nodeId, PeerMessage message) {
            listener.hears(nodeId, message);
            original.tell(nodeId, message);
          }

          @Override
          public boolean reaches(String nodeId) {
            return original.reaches(nodeId);
          }
        };
    try {
      field.set(owner, listened);
    } catch (IllegalAccessException impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}
