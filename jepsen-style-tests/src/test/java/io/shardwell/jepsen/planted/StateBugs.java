package io.shardwell.jepsen.planted;

import io.shardwell.jepsen.simulation.Fault;
import io.shardwell.statemachine.Command;
import io.shardwell.statemachine.Invocation;
import io.shardwell.statemachine.Outcome;
import java.util.List;
import java.util.Objects;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Bugs in sessions, snapshots, shares of memory and walks over all keys: what state machines hold.
 */
final class StateBugs {
  private static final String STATE = "io.shardwell.statemachine.";
  private static final String SHARES = "io.shardwell.raftgroup.cluster.MemoryShares$";

  private StateBugs() {}

  static List<PlantedBug> all() {
    return List.of(
        PlantedBug.of(
                "no-deduplication", "the session table lets a repeated batch pass", "DESIGN 5")
            .in(STATE + "SessionTable", "refuse", call -> pass(call, Outcome.Repeated.class)),
        PlantedBug.of(
                "repeated-takes-effect",
                "a repeated batch gets the remembered replies, but takes effect again",
                "DESIGN 5")
            .in(STATE + "ShardState", "applyBatch", StateBugs::executeAgain),
        PlantedBug.of("gap-accepted", "a batch is applied without the one before it", "DESIGN 5")
            .in(STATE + "SessionTable", "refuse", call -> pass(call, Outcome.Gap.class))
            .withClients(20)
            .under(Fault.HAND_OVER),
        PlantedBug.of("sessions-not-in-snapshot", "a snapshot holds no sessions", "DESIGN 5")
            .in(STATE + "SnapshotWriter", "session", Call::skip)
            .withSnapshots()
            .under(Fault.KILL, Fault.ISOLATE)
            .quickly(),
        PlantedBug.of(
                "replies-not-in-snapshot",
                "an installed or restored snapshot forgets its sessions, digest and all",
                "DESIGN 5")
            .in(STATE + "ShardState", "installShadow", StateBugs::forgetSessions)
            .withSnapshots()
            .under(Fault.KILL, Fault.ISOLATE)
            .quickly(),
        PlantedBug.of("expires-early", "the deadline of a SET is 3 s too early", "DESIGN 7")
            .in(STATE + "ExpiryOption", "deadline", call -> call.replaceResult(StateBugs::early))
            .quickly(),
        PlantedBug.of("watch-forgets", "EXEC does not look at the watched keys", "docs/commands.md")
            .in(STATE + "Keyspace", "hasChanged", call -> call.replaceResult(changed -> false)),
        PlantedBug.of("recency-not-in-snapshot", "a snapshot holds no recency", "DESIGN 8")
            .in(
                STATE + "FrozenTable",
                "recency",
                call -> call.replaceResult(r -> ALL_EQUALLY_RECENT))
            .withSnapshots()
            .under(Fault.KILL, Fault.ISOLATE)
            .quickly(),
        PlantedBug.of(
                "flush-of-one-shard", "FLUSHALL reaches the first shard only", "docs/commands.md")
            .in("io.shardwell.raftgroup.routing.FanOut", "toAll", StateBugs::flushOne)
            .withShards(3),
        PlantedBug.of(
                "scan-skips",
                "SCAN goes on behind the key that the step before has stopped at",
                "docs/commands.md")
            .in(STATE + "Keyspace", "scan", call -> call.replaceResult(StateBugs::behind)),
        PlantedBug.of(
                "share-given-twice",
                "what a shard gives up is granted to others before its replicas go by less",
                "decision 0026, rule 3")
            .in(SHARES + "Share", "regranted", call -> call.replaceResult(StateBugs::freeAtOnce))
            .withMemoryChanges()
            .withShards(3));
  }

  private static final long TOO_EARLY_MILLIS = 3_000;

  private static @Nullable Object early(@Nullable Object deadline) {
    return deadline instanceof Long millis && millis > TOO_EARLY_MILLIS
        ? Long.valueOf(millis - TOO_EARLY_MILLIS)
        : deadline;
  }

  private static void flushOne(Call call) {
    List<?> shards = call.argument(1, List.class);
    if (call.argument(2, Invocation.class).command() == Command.FLUSHALL && shards.size() > 1) {
      call.pass(1, shards.subList(0, 1));
    }
  }

  private static @Nullable Object behind(@Nullable Object cursor) {
    return cursor instanceof Long next && next != 0 ? Long.valueOf(next + 1) : cursor;
  }

  /** Whatever replicas may have still, no more is held than is granted. */
  private static Object freeAtOnce(@Nullable Object share) {
    Object granted = Objects.requireNonNull(share);
    long revision = Inside.get(granted, "revision", Long.class);
    long bytes = Inside.get(granted, "bytes", Long.class);
    return bytes == Inside.get(granted, "held", Long.class)
        ? granted
        : Inside.make(SHARES + "Share", revision, bytes, bytes, new TreeSet<String>());
  }

  /** Later than any version, which a recency is written as a difference to. */
  private static final long ALL_EQUALLY_RECENT = 1L << 62;

  private static void pass(Call call, Class<? extends Outcome> refusal) {
    call.replaceResult(refused -> refusal.isInstance(refused) ? null : refused);
  }

  private static void executeAgain(Call call) {
    Object state = call.self();
    Object batch = call.argument(0, Object.class);
    Object sessions = Inside.get(state, "sessions", Object.class);
    Object refused =
        Inside.call(
            sessions,
            "refuse",
            Inside.get(batch, "key", Object.class),
            Inside.get(batch, "sequence", Long.class));
    if (refused instanceof Outcome.Repeated) {
      List<?> calls = Inside.get(batch, "calls", List.class);
      for (int i = 0; i < calls.size(); i++) {
        Object unused = Inside.call(state, "answer", calls.get(i), i);
      }
      call.meddled();
    }
  }

  private static void forgetSessions(Call call) {
    Object state = call.self();
    call.replaceResult(
        result -> {
          Inside.set(state, "sessions", Inside.make(STATE + "SessionTable"));
          call.meddled();
          return result;
        });
  }
}
