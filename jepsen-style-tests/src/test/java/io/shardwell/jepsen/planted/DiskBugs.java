package io.shardwell.jepsen.planted;

import io.shardwell.jepsen.simulation.Fault;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Objects;

/** Bugs in what is durable, and when. */
final class DiskBugs {
  private static final String STORAGE = "io.shardwell.storage.";
  private static final String REPLICA = "io.shardwell.raftgroup.replica.";

  private DiskBugs() {}

  static List<PlantedBug> all() {
    return List.of(
        PlantedBug.of("sync-does-nothing", "fdatasync returns at once", "DESIGN 4")
            .in(STORAGE + "MemoryDisk$OpenFile", "sync", Call::skip)
            .under(Fault.POWER_CUT, Fault.POWER_CUT_ALL),
        PlantedBug.of("names-not-synced", "a new file's folder is not synced", "DESIGN 9")
            .in(STORAGE + "MemoryDisk", "syncFolder", Call::skip)
            .under(Fault.POWER_CUT, Fault.POWER_CUT_ALL)
            .quickly(),
        PlantedBug.of(
                "chunks-not-synced",
                "a snapshot's manifest is durable before its chunks",
                "DESIGN 9")
            .in(
                STORAGE + "MemoryDisk$OpenFile",
                "sync",
                call -> {
                  if (Inside.get(call.self(), "name", String.class)
                      .matches("snapshots?/[0-9a-f]+-[0-9a-f]+-.*")) {
                    call.skip();
                  }
                })
            .withSnapshots()
            .under(Fault.POWER_CUT, Fault.POWER_CUT_ALL)
            .quickly(),
        PlantedBug.of(
                "ack-before-own-sync",
                "a leader counts acknowledgements before its own log is durable",
                "DESIGN 4, the gate")
            .in(REPLICA + "AcknowledgementGate", "passes", call -> call.answer(true))
            .quickly(),
        PlantedBug.of(
                "told-before-sync",
                "a replica's messages leave before the sync they vouch for",
                "DESIGN 4, held until durable")
            .in(REPLICA + "HeldMessages", "send", call -> call.pass(1, 0L))
            .under(Fault.POWER_CUT, Fault.SLOW_DISK, Fault.ISOLATE),
        PlantedBug.of(
                "install-not-held",
                "messages leave while an installed snapshot is not durable",
                "DESIGN 9")
            .in(REPLICA + "HeldMessages", "installing", call -> call.pass(0, false))
            .withSnapshots()
            .under(Fault.LAGGARD),
        PlantedBug.of("vote-not-stored", "the vote is not written to the log", "MICRORAFT A")
            .in(
                STORAGE + "ReplicaLog",
                "writeTerm",
                call -> {
                  if (!call.isNull(1)) {
                    call.pass(1, null);
                  }
                })
            .under(Fault.KILL, Fault.RESTART, Fault.POWER_CUT, Fault.SLOW_DISK, Fault.SLOW_LINK)
            .quickly(),
        PlantedBug.of("term-not-stored", "term and vote are not written to the log", "MICRORAFT A")
            .in(STORAGE + "ReplicaLog", "writeTerm", Call::skip)
            .under(Fault.KILL, Fault.RESTART, Fault.POWER_CUT, Fault.SLOW_DISK, Fault.SLOW_LINK)
            .quickly(),
        PlantedBug.of(
                "tail-cut-short",
                "the record of a dropped tail names the entry behind the first one dropped",
                "DESIGN 9")
            .in(STORAGE + "SharedLog", "append", call -> oneMore(call, "TRUNCATE_FROM"))
            .under(Fault.KILL, Fault.ISOLATE, Fault.PARTIAL_CUT),
        PlantedBug.of(
                "head-cut-long",
                "the record of a dropped head takes one entry too many",
                "DESIGN 9")
            .in(STORAGE + "SharedLog", "append", call -> oneMore(call, "TRUNCATE_UNTIL"))
            .withSnapshots()
            .under(Fault.KILL, Fault.RESTART)
            .quickly(),
        PlantedBug.of(
                "torn-turn-accepted", "recovery does not look at a turn's checksum", "DESIGN 9")
            .in(STORAGE + "LogFormat", "batchAt", DiskBugs::withoutChecksum)
            .under(Fault.POWER_CUT, Fault.POWER_CUT_ALL),
        PlantedBug.of("recovery-not-synced", "recovery does not sync what it has read", "DESIGN 9")
            .in(STORAGE + "LogScan", "makeDurable", Call::skip)
            .under(Fault.KILL_ALL, Fault.POWER_CUT_ALL),
        PlantedBug.of(
                "log-cut-too-early",
                "the log is cut before the snapshot that replaces it is durable",
                "DESIGN 9")
            .in(REPLICA + "ReplicaSnapshots", "replaceLog", DiskBugs::cutAtOnce)
            .withSnapshots()
            .under(Fault.KILL, Fault.POWER_CUT, Fault.SLOW_DISK)
            .quickly(),
        PlantedBug.of("boot-number-stands", "a start does not count the boot number up", "DESIGN 5")
            .in(
                STORAGE + "NodeMetadata",
                "withBootNumber",
                call -> {
                  if (DiskBugs.boot(call.self()) > 0) {
                    call.answer(call.self());
                  }
                })
            .under(Fault.KILL, Fault.RESTART));
  }

  private static long boot(Object metadata) {
    return (Long) Objects.requireNonNull(Inside.call(metadata, "bootNumber"));
  }

  private static void oneMore(Call call, String recordType) {
    if (call.argument(0, Object.class).toString().equals(recordType)) {
      call.pass(3, call.argument(3, Long.class) + 1);
    }
  }

  /** As LogFormat.batchAt, but for the comparison of checksums. */
  private static void withoutChecksum(Call call) {
    ByteBuffer segment = call.argument(0, ByteBuffer.class);
    int offset = call.argument(1, Integer.class);
    int room = segment.limit() - offset - 32;
    if (room < 0 || segment.getLong(offset) != call.argument(3, Long.class)) {
      return;
    }
    int length = segment.getInt(offset + 24);
    long turn = segment.getLong(offset + 8);
    long syncedTurn = segment.getLong(offset + 16);
    if (length < 0 || length > room || syncedTurn >= turn) {
      return;
    }
    call.replaceResult(
        whole ->
            whole != null
                ? whole
                : Inside.make(STORAGE + "LogFormat$Batch", offset, turn, syncedTurn, length));
  }

  private static void cutAtOnce(Call call) {
    Object snapshots = call.self();
    Object course = Inside.peek(snapshots, "taking");
    call.replaceResult(
        result -> {
          if (course != null && course == Inside.peek(snapshots, "taking")) {
            Object log = Inside.get(snapshots, "log", Object.class);
            Inside.call(log, "snapshotDurable", Inside.get(course, "manifest", Object.class));
            Inside.call(snapshots, "truncate");
            call.meddled();
          }
          return result;
        });
  }
}
