package io.shardwell.jepsen.planted;

import io.shardwell.jepsen.simulation.Fault;
import io.shardwell.statemachine.Outcome;
import java.util.List;
import java.util.Objects;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Bugs in sessions, snapshots and shares of memory: what state machines remember. */
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
                "share-given-twice",
                "what a shard gives up is granted to others before its replicas go by less",
                "decision 0026, rule 3")
            .in(SHARES + "Share", "regranted", call -> call.replaceResult(StateBugs::freeAtOnce))
            .withMemoryChanges()
            .withShards(3));
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
