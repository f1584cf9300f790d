package io.shardwell.raftgroup.replica;

import io.shardwell.storage.SharedLog;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.TreeMap;

/**
 * "Held until durable" (DESIGN 4): what a replica says leaves only when the log is durable up to
 * what it vouches for.
 *
 * <p>The argument, with the {@link AcknowledgementGate}: a message that says "I have appended", "I
 * vote", "my term is" carries the position of the replica's last record, so a crash of this process
 * can only take back what nobody has been told. An AppendEntries vouches for less, its term and its
 * commit index, so a leader's entries leave before its own disk has them; they count for nothing
 * until a majority's disks do. Messages of one replica to one receiver keep their order.
 *
 * <p>Loop thread only.
 */
final class HeldMessages {

  private record Held(long position, Runnable send) {}

  private final SharedLog log;
  private final Map<String, ArrayDeque<Held>> byReceiver = new TreeMap<>();

  // Number of messages in byReceiver.
  private int held;

  /**
   * While a foreign snapshot is being installed nothing below protects the replica's state:
   * everything waits until its files are durable (DESIGN 9).
   */
  private boolean installing;

  HeldMessages(SharedLog log) {
    this.log = log;
  }

  /** Sends now or as soon as the log is durable up to the position. */
  void send(String receiver, long position, Runnable send) {
    ArrayDeque<Held> queue = held == 0 ? null : byReceiver.get(receiver);
    boolean mustQueue = queue != null && !queue.isEmpty();
    if (!mustQueue && !installing && position <= log.syncedPosition()) {
      send.run();
      return;
    }
    byReceiver
        .computeIfAbsent(receiver, unused -> new ArrayDeque<>())
        .add(new Held(position, send));
    held++;
  }

  /** The log's durable end moved, or an install ended. */
  void release() {
    if (held == 0 || installing) {
      return;
    }
    long synced = log.syncedPosition();
    for (ArrayDeque<Held> queue : byReceiver.values()) {
      for (Held head = queue.peek(); head != null && head.position <= synced; head = queue.peek()) {
        queue.remove();
        held--;
        head.send.run();
      }
    }
  }

  void installing(boolean now) {
    installing = now;
    release();
  }

  /** The link to this receiver broke: what was meant for it is lost with it (MICRORAFT B1). */
  void drop(String receiver) {
    ArrayDeque<Held> queue = byReceiver.remove(receiver);
    if (queue != null) {
      held -= queue.size();
    }
  }
}
