package io.shardwell.raftgroup.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.microraft.RaftEndpoint;
import io.microraft.impl.RaftNodeImpl;
import io.microraft.model.log.RaftGroupMembersView;
import io.microraft.model.log.SnapshotChunk;
import io.microraft.model.message.InstallSnapshotRequest;
import io.microraft.model.message.InstallSnapshotResponse;
import io.shardwell.statemachine.BatchBuilder;
import io.shardwell.statemachine.Command;
import io.shardwell.statemachine.Invocation;
import io.shardwell.statemachine.Proposal;
import io.shardwell.statemachine.SessionKey;
import io.shardwell.statemachine.ShardState;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Snapshots that take their time: what happens to a replica while its own is being written or a
 * foreign one arrives, on a simulated disk.
 */
class ReplicaSnapshotsTest {
  private static final int OTHER_GROUP = ReplicaFixture.GROUP + 1;

  private final ReplicaFixture it = new ReplicaFixture("a", "b");
  private final Collection<RaftEndpoint> everybody = List.copyOf(it.replica.voters());

  @AfterEach
  void nothingWentWrong() {
    assertThat(it.faults).isEmpty();
  }

  /** Found by simulation, seed 1057: both had the same files. */
  @Test
  void anOwnSnapshotTakesThePlaceOfADownloadAtTheSameIndex() {
    install("a", 1, 4, null, 2);
    install("a", 1, 4, snapshotAt(4).get(0), 2);
    assertThat(it.count("a", InstallSnapshotResponse.class)).isEqualTo(2);
    it.append("b", 2, 0, 0, 4, 1, 1, 1, 1, 2);
    it.append("b", 2, 5, 2, 4);
    assertThat(it.replica.commitIndex()).isEqualTo(4);
    assertThat(it.replica.takeSnapshot()).isTrue();
    it.syncAll();
    it.loop.run(100);
    assertThat(it.replica.takesSnapshot()).isFalse();
    assertThat(it.replica.snapshotIndex()).isEqualTo(4);
    long digest = it.state.shard().digest();
    it.restart();
    assertThat(it.state.shard().lastAppliedIndex()).isEqualTo(4);
    assertThat(it.state.shard().digest()).isEqualTo(digest);
  }

  /**
   * Its chunks are not there yet: the answer comes when they are, without a second question. Found
   * by simulation, seed 24810: lost answers made a download take longer than the log takes to the
   * next snapshot.
   */
  @Test
  void aChunkIsSentWhenItIsWritten() {
    leadAndTakeASnapshot();
    ask("b", 1);
    it.syncAll();
    assertThat(it.replica.takesSnapshot()).isTrue();
    assertThat(chunksSentTo("b")).as("not written").isEmpty();
    finishTheSnapshot();
    SnapshotChunk chunk = chunksSentTo("b").get(0);
    ShardState fetched = new ShardState();
    fetched.installSnapshot(List.of(((ChunkBytes) chunk.getOperation()).bytes()));
    assertThat(fetched.digest()).isEqualTo(it.state.shard().digest());
    assertThat(chunksSentTo("a")).as("not asked for").isEmpty();
  }

  /** Asked for twice before it is written: the follower has lost the first question's answer. */
  @Test
  void aChunkThatIsAwaitedTwiceIsSentOnce() {
    leadAndTakeASnapshot();
    ask("b", 1);
    ask("b", 1);
    finishTheSnapshot();
    assertThat(chunksSentTo("b")).hasSize(1);
  }

  /** A chunk is a leader's word; of a leader that has been it is not to be heard. */
  @Test
  void aChunkIsNotSentByALeaderThatHasBeen() {
    leadAndTakeASnapshot();
    ask("b", 1);
    it.append("a", it.replica.term() + 1, 0, 0, 0);
    assertThat(it.replica.isLeader()).isFalse();
    finishTheSnapshot();
    assertThat(chunksSentTo("b")).isEmpty();
  }

  /** What was asked for over a link that broke is not answered over the next one (B1). */
  @Test
  void aChunkIsNotSentOverTheNextLink() {
    leadAndTakeASnapshot();
    ask("b", 1);
    it.replica.linkBroken("b");
    finishTheSnapshot();
    assertThat(chunksSentTo("b")).isEmpty();
    ask("b", 1);
    it.syncAll();
    assertThat(chunksSentTo("b")).hasSize(1);
  }

  private void leadAndTakeASnapshot() {
    it.elect("a");
    it.syncAll();
    it.acknowledge("a", it.replica.term(), 1);
    assertThat(it.replica.takeSnapshot()).isTrue();
  }

  private void finishTheSnapshot() {
    it.syncAll();
    boolean taken =
        it.loop.until(
            () -> {
              it.syncAll();
              return !it.replica.takesSnapshot();
            },
            100);
    assertThat(taken).isTrue();
    it.syncAll();
  }

  /** The offers of a snapshot, which name no chunk, aside. */
  private List<SnapshotChunk> chunksSentTo(String follower) {
    return it.all(follower, InstallSnapshotRequest.class).stream()
        .map(InstallSnapshotRequest::getSnapshotChunk)
        .filter(Objects::nonNull)
        .toList();
  }

  /**
   * Found by simulation, seed 5109: MicroRaft compares the sender with a leader it does not know.
   */
  @Test
  void aChunkOfAFormerLeaderIsIgnoredWhileNobodyLeads() {
    install("a", 1, 4, null, 2);
    assertThat(it.loop.until(() -> it.replica.leaderNodeId() == null, 20_000)).isTrue();
    receive("a", 1, 4, snapshotAt(4).get(0), 2, false);
    install("b", 2, 4, null, 2);
    assertThat(it.replica.leaderNodeId()).isEqualTo("b");
  }

  /**
   * Found by simulation, seed 110118 of a storm: the follower went on waiting for the snapshot of
   * the leader that had been, which is newer, and never took that of the leader that is.
   */
  @Test
  void anOlderSnapshotOfTheNextLeaderTakesThePlaceOfAHalfDoneDownload() {
    install("a", 1, 9, null, 2);
    install("a", 1, 9, snapshotAt(4).get(0), 2);
    install("b", 2, 4, null, 1);
    assertThat(it.count("b", InstallSnapshotResponse.class)).isEqualTo(1);
    install("b", 2, 4, snapshotAt(4).get(0), 1);
    assertThat(it.replica.snapshotIndex()).isEqualTo(4);
    assertThat(it.replica.commitIndex()).isEqualTo(4);
  }

  /** Chunks are long, and the offer of the next snapshot overtakes them. */
  @Test
  void aLateChunkOfTheSameLeadersFormerSnapshotEndsNoDownload() {
    install("a", 1, 4, null, 2);
    install("a", 1, 9, null, 2);
    assertThat(downloadIndex()).isEqualTo(9);
    install("a", 1, 4, snapshotAt(4).get(0), 2);
    assertThat(downloadIndex()).isEqualTo(9);
  }

  /**
   * Found by simulation, seed 120106 of a storm: the next leader's snapshot knows nothing of a
   * change of members that the former one had appended only here.
   */
  @Test
  void aSnapshotTakesAnUncommittedChangeOfMembersWithTheLog() {
    it.append("a", 1, 0, 0, 0, 1, 1);
    it.remove("b", "a", 1, 2, 1);
    assertThat(it.replica.isChangingMembers()).isTrue();
    install("b", 2, 4, null, 1);
    install("b", 2, 4, snapshotAt(4).get(0), 1);
    assertThat(it.replica.snapshotIndex()).isEqualTo(4);
    assertThat(it.replica.isChangingMembers()).isFalse();
    assertThat(it.replica.voters()).hasSize(3);
  }

  /** The entry is behind the snapshot: it stays, and what it says stays in force. */
  @Test
  void aSnapshotBelowAnUncommittedChangeOfMembersLeavesIt() {
    it.append("a", 1, 0, 0, 0, 1, 1, 1, 1);
    it.remove("b", "a", 1, 4, 1);
    install("a", 1, 3, null, 1);
    install("a", 1, 3, snapshotAt(3).get(0), 1);
    assertThat(it.replica.snapshotIndex()).isEqualTo(3);
    assertThat(it.replica.lastIndex()).isEqualTo(5);
    assertThat(it.replica.isChangingMembers()).isTrue();
    assertThat(it.replica.voters()).hasSize(2);
    it.append("a", 1, 5, 1, 5);
    assertThat(it.replica.commitIndex()).isEqualTo(5);
    assertThat(it.replica.isChangingMembers()).isFalse();
    assertThat(it.faults).isEmpty();
  }

  /** The log is cut when the files are durable, not when MicroRaft says so. */
  @Test
  void whatIsAppendedWhileASnapshotIsWrittenIsNotInIt() {
    it.append("a", 1, 0, 0, 0, 1, 1, 1, 1);
    it.append("a", 1, 4, 1, 4);
    it.syncAll();
    long then = it.state.shard().digest();
    assertThat(it.replica.takeSnapshot()).isTrue();
    it.append("a", 1, 4, 1, 4, 1, 1, 1);
    it.append("a", 1, 7, 1, 7);
    assertThat(it.replica.takesSnapshot()).isTrue();
    assertThat(it.storage.log().replica(ReplicaFixture.GROUP).firstIndex()).isEqualTo(1);
    it.syncAll();
    it.loop.run(100);
    assertThat(it.replica.takesSnapshot()).isFalse();
    assertThat(it.storage.log().replica(ReplicaFixture.GROUP).firstIndex()).isGreaterThan(1);
    it.restart();
    assertThat(it.replica.snapshotIndex()).isEqualTo(4);
    assertThat(it.state.shard().digest()).isEqualTo(then);
  }

  /** A crash would take the state back to before; reports to `meta` go by this answer. */
  @Test
  void whatASnapshotBringsIsNotDurableBeforeItsFilesAre() {
    install("a", 1, 4, null, 1);
    install("a", 1, 4, snapshotAt(4).get(0), 1);
    assertThat(it.state.shard().lastAppliedIndex()).isEqualTo(4);
    assertThat(it.replica.isDurable(4)).isFalse();
    it.syncAll();
    it.loop.run(100);
    assertThat(it.replica.isDurable(4)).isTrue();
  }

  /**
   * It says so now and then, or its leader would believe it gone; and it asks for the first chunk
   * when the other has left.
   */
  @Test
  void aReplicaWaitsWhileAnotherOfItsNodeFetches() {
    assertThat(it.downloads.enter(OTHER_GROUP, 1)).isTrue();
    holdAKey();
    for (int millis = 0; millis < 1000; millis += 50) {
      install("a", 1, 4, null, 1);
      it.loop.run(50);
    }
    assertThat(snapshotsAskedOf("a")).containsOnly(-1L).hasSizeBetween(9, 11);
    it.downloads.leave(OTHER_GROUP);
    install("a", 1, 4, null, 1);
    assertThat(snapshotsAskedOf("a")).endsWith(4L).containsOnlyOnce(4L);
    install("a", 1, 4, snapshotAt(4).get(0), 1);
    assertThat(it.replica.snapshotIndex()).isEqualTo(4);
  }

  @Test
  void whoHasReplacedItsStateMakesRoomForTheNext() {
    holdAKey();
    install("a", 1, 4, null, 1);
    assertThat(it.downloads.enter(OTHER_GROUP, 1)).isFalse();
    install("a", 1, 4, snapshotAt(4).get(0), 1);
    assertThat(it.downloads.enter(OTHER_GROUP, 1)).isTrue();
  }

  @Test
  void whoStopsMakesRoomForTheNext() {
    holdAKey();
    install("a", 1, 4, null, 2);
    install("a", 1, 4, snapshotAt(4).get(0), 2);
    it.replica.terminate();
    assertThat(it.downloads.enter(OTHER_GROUP, 1)).isTrue();
  }

  /** The next leader still has the entries; MicroRaft kept what it had fetched for ever. */
  @Test
  void aDownloadEndsWhenEntriesHaveOvertakenIt() {
    holdAKey();
    install("a", 1, 4, null, 2);
    install("a", 1, 4, snapshotAt(4).get(0), 2);
    it.append("b", 2, 1, 1, 1, 1, 1, 1, 2);
    assertThat(it.downloads.enter(OTHER_GROUP, 1)).as("not committed").isFalse();
    it.append("b", 2, 5, 2, 4);
    assertThat(it.replica.commitIndex()).isEqualTo(4);
    assertThat(it.downloads.enter(OTHER_GROUP, 1)).isTrue();
    it.downloads.leave(OTHER_GROUP);
    it.append("b", 2, 5, 2, 5);
    install("b", 2, 9, null, 1);
    install("b", 2, 9, snapshotAt(9).get(0), 1);
    assertThat(it.replica.snapshotIndex()).isEqualTo(9);
  }

  /** Not its own either: it has the entries, and only a follower fetches. */
  @Test
  void aDownloadEndsWhenItsReplicaLeads() {
    holdAKey();
    install("a", 1, 4, null, 2);
    install("a", 1, 4, snapshotAt(4).get(0), 2);
    it.append("b", 2, 1, 1, 1, 1, 1, 1, 2);
    assertThat(isDownloading()).as("not committed").isTrue();
    it.syncAll();
    it.elect("a");
    it.syncAll();
    assertThat(it.replica.isLeader()).isTrue();
    assertThat(isDownloading()).isTrue();
    it.acknowledge("a", it.replica.term(), 5);
    it.acknowledge("a", it.replica.term(), 6);
    assertThat(isDownloading()).isFalse();
  }

  private long downloadIndex() {
    return Objects.requireNonNull(
            ((RaftNodeImpl) it.replica.raft()).state().snapshotChunkCollector())
        .getSnapshotIndex();
  }

  private boolean isDownloading() {
    return ((RaftNodeImpl) it.replica.raft()).state().snapshotChunkCollector() != null;
  }

  /** Whoever keeps nothing need not wait. */
  private void holdAKey() {
    BatchBuilder batch = new BatchBuilder();
    batch.add(Invocation.of(Command.SET, "k".getBytes(StandardCharsets.UTF_8), new byte[1]));
    byte[] set = batch.build(new SessionKey("n", 5, 1), 1, 0);
    it.append("a", 1, 0, 0, Proposal.batch(it.loop.wallClockMillis(), set));
    it.append("a", 1, 1, 1, 1);
    it.syncAll();
    assertThat(it.state.logicalBytes()).isPositive();
  }

  private List<Long> snapshotsAskedOf(String leader) {
    return it.all(leader, InstallSnapshotResponse.class).stream()
        .map(InstallSnapshotResponse::getSnapshotIndex)
        .toList();
  }

  private void ask(String follower, int term) {
    it.receive(
        it.models
            .createInstallSnapshotResponseBuilder()
            .setGroupId(ReplicaFixture.GROUP)
            .setSender(ReplicaFixture.endpoint(follower))
            .setTerm(term)
            .setSnapshotIndex(1)
            .setRequestedSnapshotChunkIndex(0)
            .setQuerySequenceNumber(0)
            .setFlowControlSequenceNumber(0)
            .build());
  }

  /** A snapshot of ticks, in two chunks: the second one is never sent. */
  private static List<byte[]> snapshotAt(long index) {
    ShardState state = new ShardState();
    for (long i = 1; i <= index; i++) {
      var unused = state.apply(i, Proposal.tick(i));
    }
    return state.takeSnapshot();
  }

  private void install(String leader, int term, long index, byte @Nullable [] bytes, int count) {
    receive(leader, term, index, bytes, count, true);
  }

  private void receive(
      String sender, int term, long index, byte @Nullable [] bytes, int count, boolean isLeader) {
    RaftGroupMembersView view =
        it.models
            .createRaftGroupMembersViewBuilder()
            .setLogIndex(0)
            .setMembers(everybody)
            .setVotingMembers(everybody)
            .build();
    SnapshotChunk chunk =
        bytes == null
            ? null
            : it.models
                .createSnapshotChunkBuilder()
                .setIndex(index)
                .setTerm(term)
                .setSnapshotChunkIndex(0)
                .setSnapshotChunkCount(count)
                .setGroupMembersView(view)
                .setOperation(new ChunkBytes(0, bytes))
                .build();
    it.receive(
        it.models
            .createInstallSnapshotRequestBuilder()
            .setGroupId(ReplicaFixture.GROUP)
            .setSender(ReplicaFixture.endpoint(sender))
            .setTerm(term)
            .setSenderLeader(isLeader)
            .setSnapshotTerm(term)
            .setSnapshotIndex(index)
            .setTotalSnapshotChunkCount(count)
            .setFlowControlSequenceNumber(1)
            .setQuerySequenceNumber(0)
            .setSnapshottedMembers(isLeader ? List.of(ReplicaFixture.endpoint(sender)) : List.of())
            .setGroupMembersView(view)
            .setSnapshotChunk(chunk)
            .build());
    it.syncAll();
  }
}
