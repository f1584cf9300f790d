package io.shardwell.jepsen.planted;

import io.shardwell.jepsen.simulation.Fault;
import io.shardwell.raftgroup.reads.ShardGroup;
import io.shardwell.raftgroup.wire.PeerMessage;
import io.shardwell.statemachine.Invocation;
import java.util.List;
import java.util.Map;

/** Bugs in linearizable reads and in the time that keys live by. */
final class ReadBugs {
  private static final String GROUP = "io.shardwell.raftgroup.";
  private static final String READS = GROUP + "reads.ReadIndex";

  private ReadBugs() {}

  static List<PlantedBug> all() {
    return List.of(
        PlantedBug.of("read-without-majority", "a leader answers reads without asking", "DESIGN 6")
            .in(READS, "isMajority", call -> call.answer(true))
            .withClients(20)
            .under(Fault.HAND_OVER),
        PlantedBug.of(
                "read-joins-round",
                "a round serves reads that arrived after it was sent",
                "MICRORAFT B2")
            .in(READS, "onRead", ReadBugs::joinRound)
            .withClients(12)
            .under(Fault.HAND_OVER),
        PlantedBug.of(
                "read-before-own-entry",
                "a new leader answers reads before it has applied its term's first entry",
                "DESIGN 6")
            .in(
                GROUP + "replica.Leadership",
                "isEstablished",
                call -> {
                  Object leads =
                      Inside.call(Inside.get(call.self(), "view", Object.class), "isLeader");
                  call.replaceResult(established -> leads);
                })
            .under(Fault.KILL, Fault.ISOLATE, Fault.RESTART),
        PlantedBug.of(
                "claim-of-any-term",
                "a voter's claim counts for another term than the leader's",
                "DESIGN 6")
            .in(READS, "onRead", ReadBugs::anyClaim)
            .withClients(12)
            .under(Fault.HAND_OVER),
        PlantedBug.of(
                "read-overtakes-writes",
                "a read does not wait for the unfinished writes of its connection",
                "DESIGN 6")
            .in(GROUP + "routing.ShardOrder", "submit", ReadBugs::overtake)
            .under(Fault.SLOW_DISK, Fault.SLOW_LINK, Fault.KILL),
        PlantedBug.of(
                "no-ticks",
                "deadlines move log time neither before reads nor by themselves",
                "DESIGN 7")
            .in(READS, "needsTick", call -> falseInstead(call))
            .in(GROUP + "Engine", "tick", Call::skip)
            .withShards(16)
            .withClients(1)
            .under(Fault.SLOW_LINK),
        PlantedBug.of(
                "local-time",
                "a replica takes its own clock for log time when it applies an entry",
                "DESIGN 7")
            .in(GROUP + "replica.ShardReplicatedState", "apply", ReadBugs::stampLocally)
            .quickly(),
        PlantedBug.of(
                "time-runs-back",
                "a new leader's stamps do not follow those in the log, and log time follows them",
                "DESIGN 7")
            .in(GROUP + "replica.LogClock", "seen", Call::skip)
            .in(
                "io.shardwell.statemachine.ShardState",
                "apply",
                call -> {
                  Inside.set(call.self(), "logTime", 0L);
                  call.meddled();
                })
            .under(Fault.CLOCK_JUMP, Fault.KILL),
        PlantedBug.of(
                "clock-believed",
                "a node goes by its own clock, however far that is from the others'",
                "DESIGN 7")
            .in(GROUP + "NodeClocks", "median", call -> call.answer(call.argument(0, Long.class)))
            .withShards(1)
            .withClients(12)
            .lasting(20)
            .under(Fault.CLOCK_WRONG, Fault.ISOLATE, Fault.PAUSE));
  }

  private static void falseInstead(Call call) {
    call.replaceResult(needed -> false);
  }

  /** Reads that have just arrived join the last round that is under way, if there is one. */
  private static void joinRound(Call call) {
    Object readIndex = call.self();
    int shard = call.argument(2, PeerMessage.Read.class).shard();
    call.replaceResult(
        nothing -> {
          Object question = null;
          for (Object round : Inside.get(readIndex, "rounds", Map.class).values()) {
            Object open = Inside.get(round, "open", Map.class).get(shard);
            question = open == null ? question : open;
          }
          Object late = Inside.get(readIndex, "waiting", Map.class).remove(shard);
          if (late != null && question != null) {
            moveAll((List<?>) late, Inside.get(question, "reads", List.class));
            call.meddled();
          } else if (late != null) {
            putBack(readIndex, shard, late);
          }
          return nothing;
        });
  }

  @SuppressWarnings("unchecked") // Its values are lists of ReadIndex.Waiting, which is private.
  private static void putBack(Object readIndex, int shard, Object late) {
    ((Map<Object, Object>) Inside.get(readIndex, "waiting", Map.class)).put(shard, late);
  }

  @SuppressWarnings("unchecked") // Both hold ReadIndex.Waiting, which is private.
  private static void moveAll(List<?> from, List<?> to) {
    ((List<Object>) to).addAll(from);
    from.clear();
  }

  private static void anyClaim(Call call) {
    PeerMessage.Read read = call.argument(2, PeerMessage.Read.class);
    Object group = Inside.get(call.self(), "groups", Map.class).get(read.shard());
    if (group instanceof ShardGroup led && read.claimedTerm() != 0) {
      int term = led.replica().term();
      if (read.claimedTerm() != term) {
        call.pass(
            2,
            new PeerMessage.Read(
                read.shard(), read.readId(), term, read.generation(), read.invocations()));
      }
    }
  }

  private static void overtake(Call call) {
    Object[] lanes = Inside.get(call.self(), "lanes", Object[].class);
    Object lane = lanes[call.argument(0, Integer.class)];
    boolean write = call.argument(1, Invocation.class).command().isWrite();
    if (lane != null && !write && Inside.get(lane, "writing", Boolean.class)) {
      Inside.set(lane, "writing", false);
      call.meddled();
    }
  }

  private static void stampLocally(Call call) {
    Object clock = Inside.get(call.self(), "clock", Object.class);
    Object loop = Inside.get(clock, "loop", Object.class);
    byte[] proposal = call.argument(1, byte[].class).clone();
    long now = ((io.shardwell.raftgroup.EventLoop) loop).wallClockMillis();
    java.nio.ByteBuffer.wrap(proposal).putLong(1, now);
    call.pass(1, proposal);
  }
}
