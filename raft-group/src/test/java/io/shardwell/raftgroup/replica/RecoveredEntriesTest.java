package io.shardwell.raftgroup.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.microraft.impl.RaftNodeImpl;
import io.microraft.model.log.LogEntry;
import io.microraft.model.message.AppendEntriesRequest;
import io.shardwell.statemachine.Proposal;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * What a start finds in the log stays there until it is needed, and is then what was written: one
 * replica whose peers are played by the test is restarted, and its entries are looked at.
 */
class RecoveredEntriesTest {

  private final ReplicaFixture it = new ReplicaFixture("a", "b");

  @AfterEach
  void nothingBroke() {
    assertThat(it.faults).isEmpty();
  }

  /** The log may be as large as the data: with both in memory, no start fits in the same heap. */
  @Test
  void theirBytesAreNotInMemory() {
    List<LogEntry> entries = ticks(1, 40, 1);
    it.append("a", 1, 0, 0, 0, entries);
    it.syncAll();
    assertThat(bytesInMemory(1, 40)).isEqualTo(size(entries));
    it.restart();
    assertThat(bytesInMemory(1, 40)).as("before they are applied").isZero();
    it.append("a", 1, 40, 1, 40);
    it.loop.run(10); // Some are applied in a slice.
    assertThat(it.replica.commitIndex()).isEqualTo(40);
    assertThat(it.state.shard().logTimeMillis())
        .isEqualTo(Proposal.stampOf(((LogBytes) operation(entries.get(39))).bytes()));
    assertThat(bytesInMemory(1, 40)).as("afterwards").isZero();
  }

  /**
   * For each that is applied one is received: all that the leader still has, which may be as much,
   * would take the place of what was on disk.
   */
  @Test
  void whatIsReceivedBehindManyIsNotInMemoryEither() {
    int many = 4000;
    int more = 2000;
    it.commitCountToTakeSnapshot = 2 * (many + more);
    it.restart();
    it.append("a", 1, 0, 0, 0, ticks(1, many, 1));
    it.syncAll();
    it.restart();
    List<LogEntry> received = ticks(many + 1, many + more, 1);
    List<byte[]> written = new ArrayList<>();
    received.forEach(entry -> written.add(((LogBytes) operation(entry)).bytes()));
    for (int i = 0; i < more; i += 100) {
      it.append("a", 1, many + i, 1, many + i, received.subList(i, i + 100));
    }
    assertThat(it.replica.isBehind()).isTrue();
    assertThat(bytesInMemory(1, many + more)).isZero();
    for (int i = 0; i < more; i++) {
      assertThat(((LogBytes) operation(received.get(i))).bytes()).isEqualTo(written.get(i));
    }
    it.append("a", 1, many + more, 1, many + more);
    it.loop.run(100);
    assertThat(it.replica.appliedIndex()).isEqualTo(many + more);
    List<LogEntry> next = ticks(many + more + 1, many + more + 10, 1);
    it.append("a", 1, many + more, 1, many + more, next);
    assertThat(bytesInMemory(many + more + 1, many + more + 10)).isEqualTo(size(next));
  }

  /** Another leader replaces what was left to the log: what it was must still be known. */
  @Test
  void whatIsReceivedBehindManyMayBeReplaced() {
    int many = 2000;
    it.commitCountToTakeSnapshot = 4 * many;
    it.restart();
    it.append("a", 1, 0, 0, 0, ticks(1, many, 1));
    it.syncAll();
    it.restart();
    LogEntry received = it.tick(many + 1, 1);
    byte[] written = ((LogBytes) operation(received)).bytes();
    it.append("a", 1, many, 1, 0, List.of(received));
    assertThat(bytesInMemory(1, many + 1)).isZero();
    it.append("b", 2, many, 1, 0, 2, 2);
    assertThat(((LogBytes) operation(received)).bytes()).isEqualTo(written);
    assertThat(it.replica.lastIndex()).isEqualTo(many + 2);
    assertThat(bytesInMemory(many + 1, many + 2)).as("behind as many as before").isZero();
    it.append("b", 2, many + 2, 2, many + 2);
    it.loop.run(100);
    assertThat(it.replica.appliedIndex()).isEqualTo(many + 2);
  }

  /** So are those that a snapshot does not cover, which were applied when it was taken. */
  @Test
  void norAreThoseBehindASnapshot() {
    it.append("a", 1, 0, 0, 0, ticks(1, 5, 1));
    it.append("a", 1, 5, 1, 5);
    it.replica.takeSnapshot();
    it.syncAll();
    it.loop.run(10);
    List<LogEntry> behind = ticks(6, 30, 1);
    it.append("a", 1, 5, 1, 5, behind);
    it.syncAll();
    it.restart();
    assertThat(it.replica.snapshotIndex()).isEqualTo(5);
    assertThat(bytesInMemory(6, 30)).isZero();
    it.append("a", 1, 30, 1, 30);
    assertThat(it.replica.commitIndex()).isEqualTo(30);
  }

  /** A stamp in a log that nobody has applied yet counts as seen. */
  @Test
  void theirStampsCount() {
    List<LogEntry> entries = ticks(1, 3, 1);
    it.append("a", 1, 0, 0, 0, entries);
    it.syncAll();
    it.loop.wallOffsetMillis -= 3_600_000;
    it.restart();
    long largest = Proposal.stampOf(((LogBytes) operation(entries.get(2))).bytes());
    assertThat(Proposal.stampOf(it.state.newTermProposal())).isGreaterThanOrEqualTo(largest);
  }

  /**
   * An answer waits for the disk, and behind it a request with recovered entries; then another
   * leader replaces them. What leaves when the disk is done still has the bytes of the old ones.
   */
  @Test
  void aRequestThatWaitsKeepsWhatIsCutMeanwhile() {
    List<LogEntry> old = ticks(1, 3, 1);
    it.append("a", 1, 0, 0, 0, old);
    it.syncAll();
    it.restart();
    it.elect("a");
    int term = it.replica.term();
    assertThat(it.storage.log().hasUnsynced()).isTrue();
    it.requestVote("b", term);
    it.receive(
        it.models
            .createAppendEntriesFailureResponseBuilder()
            .setGroupId(ReplicaFixture.GROUP)
            .setSender(ReplicaFixture.endpoint("b"))
            .setTerm(term)
            .setExpectedNextIndex(
                Objects.requireNonNull(it.last("b", AppendEntriesRequest.class))
                        .getPreviousLogIndex()
                    + 1)
            .setQuerySequenceNumber(0)
            .setFlowControlSequenceNumber(
                Objects.requireNonNull(it.last("b", AppendEntriesRequest.class))
                    .getFlowControlSequenceNumber())
            .build(),
        0,
        0);
    long before = it.count("b", AppendEntriesRequest.class);
    it.append("a", term + 1, 0, 0, 0, ticks(1, 3, term + 1));
    assertThat(it.storage.log().replica(ReplicaFixture.GROUP).termOf(3)).isEqualTo(term + 1);
    assertThat(it.count("b", AppendEntriesRequest.class)).as("it waits").isEqualTo(before);
    it.syncAll();
    AppendEntriesRequest sent = Objects.requireNonNull(it.last("b", AppendEntriesRequest.class));
    assertThat(sent.getTerm()).isEqualTo(term);
    assertThat(sent.getPreviousLogIndex()).isZero();
    for (int i = 0; i < old.size(); i++) {
      LogEntry entry = sent.getLogEntries().get(i);
      assertThat(entry.getTerm()).isEqualTo(1);
      assertThat(((LogBytes) operation(entry)).bytes())
          .isEqualTo(((LogBytes) operation(old.get(i))).bytes());
    }
  }

  private List<LogEntry> ticks(long from, long to, int term) {
    List<LogEntry> entries = new ArrayList<>();
    for (long index = from; index <= to; index++) {
      entries.add(it.tick(index, term));
    }
    return entries;
  }

  private static long size(List<LogEntry> entries) {
    return entries.stream().mapToLong(entry -> ((LogBytes) operation(entry)).size()).sum();
  }

  private long bytesInMemory(long from, long to) {
    long bytes = 0;
    for (long index = from; index <= to; index++) {
      LogEntry entry = ((RaftNodeImpl) it.replica.raft()).state().log().getLogEntry(index);
      LogBytes payload = (LogBytes) operation(Objects.requireNonNull(entry));
      bytes += payload.isInMemory() ? payload.size() : 0;
    }
    return bytes;
  }

  private static Object operation(LogEntry entry) {
    return Objects.requireNonNull(entry.getOperation());
  }
}
