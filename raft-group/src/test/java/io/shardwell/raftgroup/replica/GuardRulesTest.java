package io.shardwell.raftgroup.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.microraft.QueryPolicy;
import io.microraft.RaftNode;
import io.microraft.RaftRole;
import io.microraft.impl.RaftNodeImpl;
import io.microraft.model.impl.persistence.DefaultRaftEndpointPersistentStateOrBuilder;
import io.microraft.model.log.LogEntry;
import io.microraft.model.message.AppendEntriesFailureResponse;
import io.microraft.model.message.AppendEntriesRequest;
import io.microraft.model.message.PreVoteRequest;
import io.microraft.model.message.RaftMessage;
import io.microraft.model.message.VoteRequest;
import io.microraft.model.message.VoteResponse;
import io.shardwell.raftgroup.Post;
import io.shardwell.raftgroup.Tuning;
import io.shardwell.raftgroup.WireLimits;
import io.shardwell.raftgroup.cluster.NodeIdentity;
import io.shardwell.raftgroup.reads.ReadIndex;
import io.shardwell.raftgroup.reads.ShardGroup;
import io.shardwell.raftgroup.wire.PeerMessage;
import io.shardwell.statemachine.BatchBuilder;
import io.shardwell.statemachine.Command;
import io.shardwell.statemachine.Invocation;
import io.shardwell.statemachine.Proposal;
import io.shardwell.statemachine.SessionKey;
import io.shardwell.storage.DamagedStorageException;
import io.shardwell.storage.ReplicaLog;
import io.shardwell.storage.SnapshotManifest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Shows for each rule around MicroRaft (MICRORAFT B) both halves: without the rule the fault shows,
 * with it it does not, in the same story told by the same messages. A rule whose method was renamed
 * fails. The stories are told to one replica; docs/guard-rules.md says where the others are.
 */
class GuardRulesTest {

  /**
   * A rule.
   *
   * @param off takes it away
   * @param faultShows tells the story
   */
  record Rule(String name, Consumer<RuleOff> off, BooleanSupplier faultShows) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Rule> rules() {
    return Stream.of(
        new Rule(
            "B1: an acknowledgement of an older term commits",
            rule ->
                rule.in(FollowerResponses.class, "isResponseToLeader", (self, arguments) -> false)
                    .in(
                        FollowerResponses.class,
                        "handleIfCurrent",
                        (self, arguments) -> {
                          raft(notNull(self)).handle((RaftMessage) notNull(arguments[0]));
                          return null;
                        }),
            GuardRulesTest::oldTermCommits),
        new Rule(
            "B2: a read is served by a round that was sent before it arrived",
            rule -> rule.in(ReadIndex.class, "close", GuardRulesTest::joinRound),
            GuardRulesTest::readJoinsRound),
        new Rule(
            "B3: a leader without an entry of its own term serves a read",
            rule ->
                rule.in(
                    Leadership.class,
                    "isEstablished",
                    (self, arguments) -> ((GroupView) field(notNull(self), "view")).isLeader()),
            GuardRulesTest::readBeforeOwnEntry),
        new Rule(
            "B4: an append that failed is passed over in silence",
            rule ->
                rule.in(
                        ReplicaStore.class,
                        "guarded",
                        (self, arguments) -> {
                          ((Runnable) notNull(arguments[1])).run();
                          return null;
                        })
                    // Which notices that the request is left without an answer.
                    .in(
                        IncomingGuard.class,
                        "handleRequest",
                        (self, arguments) -> {
                          raft(notNull(self)).handle((RaftMessage) notNull(arguments[0]));
                          return null;
                        }),
            GuardRulesTest::failedAppendIsSilent),
        new Rule(
            "B4: an entry that could not be applied is passed over in silence",
            rule ->
                rule.in(
                    ReplicaStateMachine.class,
                    "runOperation",
                    (self, arguments) -> {
                      throw new IllegalStateException("as the state does");
                    }),
            GuardRulesTest::failedApplyIsSilent),
        new Rule(
            "B5: a follower never matches a request below its snapshot",
            rule ->
                rule.in(
                    CompactedPrefixGuard.class,
                    "rewrite",
                    (self, arguments) ->
                        new CompactedPrefixGuard.Rewritten(
                            (AppendEntriesRequest) notNull(arguments[0]), 0)),
            GuardRulesTest::compactedPrefixDoesNotMatch),
        new Rule(
            "B6: a leader whose flush fails goes on, and what it appends is never committed",
            rule ->
                rule.in(
                    ReplicaStore.class,
                    "flush",
                    (self, arguments) -> {
                      throw new UncheckedIOException(new IOException("the disk is gone"));
                    }),
            GuardRulesTest::zombieLeads),
        new Rule(
            "B7: a leader that reaches a learner only believes that it leads",
            rule ->
                rule.in(
                    ReadIndex.class,
                    "isMajority",
                    (self, arguments) -> !((java.util.Set<?>) notNull(arguments[1])).isEmpty()),
            GuardRulesTest::learnerConfirms),
        new Rule(
            "B8: a smaller commitCountToTakeSnapshot drops restored entries",
            rule -> rule.in(NodeIdentity.class, "grown", (self, arguments) -> arguments[1]),
            GuardRulesTest::restartDropsEntries),
        new Rule(
            "B9: the log is cut before the snapshot that replaces it is on disk",
            rule -> rule.in(ReplicaSnapshots.class, "replaceLog", GuardRulesTest::cutAtOnce),
            GuardRulesTest::snapshotIsLostWithItsLog),
        new Rule(
            "B10: an AppendEntries has no limit in bytes",
            rule -> rule.in(ReplicaTransport.class, "cut", (self, arguments) -> arguments[0]),
            GuardRulesTest::appendIsTooLarge),
        new Rule(
            "B11: an election times out before a slow disk can have voted",
            rule -> rule.in(ReplicaTime.ElectionRandom.class, "nextInt", (self, arguments) -> 0),
            GuardRulesTest::slowElectionTimesOut),
        new Rule(
            "B11: a leader that is known to be gone is waited for",
            rule -> rule.in(Replica.class, "nodeIsGone", (self, arguments) -> null),
            GuardRulesTest::goneLeaderIsWaitedFor),
        new Rule(
            "B12: a read waits until the followers' disks have what was written before",
            rule ->
                rule.in(ReadIndex.class, "onRead", GuardRulesTest::askMicroRaft)
                    .in(
                        ReplicaStateMachine.class,
                        "runOperation",
                        (self, arguments) -> arguments[1] == QUERY ? QUERY : RuleOff.PROCEED),
            GuardRulesTest::readWaitsForDisks),
        new Rule(
            "B13: one random generator for all, so that a run does not repeat itself",
            rule ->
                rule.in(
                    ReplicaTime.ElectionRandom.class,
                    "nextInt",
                    (self, arguments) -> OF_ALL.nextInt(ELECTION_SPREAD)),
            GuardRulesTest::electionsDiffer),
        new Rule(
            "B14: the way back to a follower's tail takes a round trip for each entry",
            rule ->
                rule.in(FollowerResponses.class, "proven", (self, arguments) -> null)
                    .in(NextIndexWalk.class, "answers", (self, arguments) -> false),
            GuardRulesTest::wayBackIsLong),
        new Rule(
            "B15: a stored voting flag is believed",
            rule ->
                rule.in(
                    DefaultRaftEndpointPersistentStateOrBuilder.class,
                    "isVoting",
                    (self, arguments) -> true),
            GuardRulesTest::learnerIsRestoredAsVoter),
        new Rule(
            "B16: a vote that was asked of an earlier incarnation is given",
            rule -> rule.in(IncomingGuard.class, "isMeantForThis", (self, arguments) -> true),
            GuardRulesTest::votesForItsFormerSelf),
        new Rule(
            "B17: with four voters two acknowledgements commit",
            rule ->
                rule.in(
                    AcknowledgementGate.class,
                    "passes",
                    (self, arguments) ->
                        ((LogPositions) field(notNull(self), "positions"))
                            .isDurable((Long) notNull(arguments[0]))),
            GuardRulesTest::halfCommits),
        new Rule(
            "B7, B17: a leader that half of four voters cannot answer leads on",
            rule -> rule.in(SilentVoters.class, "hearsMajority", (self, arguments) -> true),
            GuardRulesTest::halfKeepsInOffice),
        new Rule(
            "of two changes of members in a row the later is not in force",
            rule -> rule.in(EarlierChange.class, "settle", (self, arguments) -> arguments[0]),
            GuardRulesTest::laterChangeIsNotInForce),
        new Rule(
            "B11: a voter stands for office while the one that it has voted for is being elected",
            rule -> rule.in(Candidacy.class, "voted", (self, arguments) -> null),
            GuardRulesTest::voterStandsAgainstItsCandidate),
        new Rule(
            "B11: a shorter log asks in vain until the longer one's election timeout",
            rule -> rule.in(Candidacy.class, "refusedShorterLog", (self, arguments) -> null),
            GuardRulesTest::shorterLogAsksInVain));
  }

  @ParameterizedTest
  @MethodSource("rules")
  void withTheRuleTheFaultDoesNotShow(Rule rule) {
    assertThat(rule.faultShows.getAsBoolean()).isFalse();
  }

  @ParameterizedTest
  @MethodSource("rules")
  void withoutTheRuleItDoes(Rule rule) {
    try (RuleOff off = new RuleOff()) {
      rule.off.accept(off);
      assertThat(rule.faultShows.getAsBoolean()).isTrue();
    }
  }

  // --- the stories
  // ---------------------------------------------------------------------------------

  /** Leads in term 1, is deposed, leads again: then come the acknowledgements of term 1. */
  private static boolean oldTermCommits() {
    ReplicaFixture it = new ReplicaFixture("a", "b");
    it.elect("a");
    int oldTerm = it.replica.term();
    it.syncAll();
    it.requestVote("b", oldTerm + 1);
    it.syncAll();
    it.elect("a");
    it.syncAll();
    it.acknowledge("a", oldTerm, it.replica.lastIndex());
    it.acknowledge("b", oldTerm, it.replica.lastIndex());
    return it.replica.commitIndex() > 0;
  }

  /** Each in a request of its own, from a leader that has yet to learn what is committed. */
  private static boolean laterChangeIsNotInForce() {
    ReplicaFixture it = new ReplicaFixture("a", "b", "c", "d");
    it.append("a", 1, 0, 0, 0, 1, 1);
    it.remove("d", "a", 1, 2, 1);
    it.remove("c", "a", 1, 3, 1);
    return it.replica.voters().size() > 3;
  }

  private static boolean readJoinsRound() {
    ReadIndexFixture reads = new ReadIndexFixture(leader());
    reads.read(1);
    long round = reads.lastRound();
    // So that the second read finds a round under way and waits for its own.
    reads.arrive(2);
    reads.confirm("a", round);
    assertThat(reads.isAnswered(1)).isTrue();
    return reads.isAnswered(2);
  }

  private static boolean readBeforeOwnEntry() {
    ReplicaFixture it = new ReplicaFixture("a", "b");
    it.elect("a");
    it.syncAll();
    ReadIndexFixture reads = new ReadIndexFixture(it);
    reads.read(1);
    reads.confirm("a", 1);
    return reads.isAnswered(1);
  }

  /** MicroRaft writes what it catches to its log and goes on. */
  private static boolean failedAppendIsSilent() {
    ReplicaFixture it = new ReplicaFixture("a", "b");
    it.append("a", 1, 0, 0, new byte[] {1}); // Shorter than a stamp.
    it.syncAll();
    return it.faults.isEmpty();
  }

  /** An entry that no state machine knows. */
  private static boolean failedApplyIsSilent() {
    ReplicaFixture it = new ReplicaFixture("a", "b");
    it.append("a", 1, 0, 0, 0, 1);
    it.append("a", 1, 1, 1, new byte[] {99, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0});
    it.append("a", 1, 2, 1, 2);
    it.syncAll();
    return it.faults.isEmpty();
  }

  private static boolean compactedPrefixDoesNotMatch() {
    ReplicaFixture it = new ReplicaFixture("a", "b");
    it.append("a", 1, 0, 0, 0, 1, 1, 1, 1, 1);
    it.append("a", 1, 5, 1, 5);
    it.replica.takeSnapshot();
    it.syncAll();
    it.append("a", 1, 5, 1, 5, 1, 1);
    it.syncAll();
    it.loop.run(10); // Until the snapshot's files are complete.
    it.restart();
    assertThat(it.replica.snapshotIndex()).isEqualTo(5);
    // The leader heard of entry 2 only: it sends 3 to 7 again.
    it.append("a", 1, 2, 1, 5, 1, 1, 1, 1, 1);
    it.syncAll();
    return it.count("a", AppendEntriesFailureResponse.class) > 0;
  }

  /** One follower has it, and the leader: a majority, if only the leader counted itself. */
  private static boolean zombieLeads() {
    ReplicaFixture it = new ReplicaFixture("a", "b");
    it.elect("a");
    it.syncAll();
    it.acknowledge("a", it.replica.term(), 1);
    it.loop.run(500);
    return it.replica.isLeader() && it.replica.commitIndex() == 0;
  }

  private static boolean learnerConfirms() {
    ReadIndexFixture reads = new ReadIndexFixture(leader());
    reads.read(1);
    reads.confirm("learner", reads.lastRound());
    boolean answered = reads.isAnswered(1);
    reads.waitForHeartbeatTimeout();
    assertThat(reads.isRefused(1)).as("asked elsewhere").isEqualTo(!answered);
    return answered;
  }

  private static boolean restartDropsEntries() {
    ReplicaFixture it = new ReplicaFixture("a", "b");
    int[] terms = new int[500];
    java.util.Arrays.fill(terms, 1);
    it.append("a", 1, 0, 0, 0, terms);
    it.syncAll();
    it.commitCountToTakeSnapshot = 20;
    it.restart();
    return !raftNode(it.replica).state().log().containsLogEntry(1);
  }

  /** Killed when the record of the intended snapshot is on disk and its files are not. */
  private static boolean snapshotIsLostWithItsLog() {
    ReplicaFixture it = new ReplicaFixture("a", "b");
    it.append("a", 1, 0, 0, 0, 1, 1, 1, 1);
    it.append("a", 1, 4, 1, 4);
    it.syncAll();
    assertThat(it.replica.commitIndex()).isEqualTo(4);
    long logTime = it.state.shard().logTimeMillis();
    it.diskBehaviour.latency(1_000_000_000L, 1_000_000_000L);
    it.replica.takeSnapshot();
    boolean unused = it.storage.log().startSync();
    it.loop.run(1_100);
    it.diskBehaviour.latency(0, 0);
    try {
      it.restart();
    } catch (AssertionError cannotOpen) {
      assertThat(cannotOpen).hasCauseInstanceOf(DamagedStorageException.class);
      return true;
    }
    assertThat(it.replica.commitIndex()).isEqualTo(4);
    assertThat(it.state.shard().logTimeMillis()).isEqualTo(logTime);
    return false;
  }

  /** What gathers while a follower is away, in entries of 100 kB. */
  private static boolean appendIsTooLarge() {
    ReplicaFixture it = leader();
    for (int i = 1; i <= 40; i++) {
      it.replica.propose(Proposal.batch(it.state.stampMillis(), batch(i)), SILENT);
    }
    it.syncAll();
    it.acknowledge("a", it.replica.term(), 2);
    it.syncAll();
    AppendEntriesRequest all = Objects.requireNonNull(it.last("a", AppendEntriesRequest.class));
    long bytes = 0;
    for (LogEntry entry : all.getLogEntries()) {
      bytes += ((LogBytes) Objects.requireNonNull(entry.getOperation())).size();
    }
    assertThat(bytes).isPositive();
    return bytes > WireLimits.MAX_APPEND_BYTES + ENTRY_BYTES;
  }

  /** A sync takes 200 ms, so four of them in a row are more than an election timeout. */
  private static boolean slowElectionTimesOut() {
    ReplicaFixture it = new ReplicaFixture("a", "b");
    it.slowestSyncMillis = 200;
    it.loop.until(() -> it.last("a", PreVoteRequest.class) != null, 20_000);
    int term = Objects.requireNonNull(it.last("a", PreVoteRequest.class)).getTerm();
    it.grantPreVote("a", term);
    it.syncAll();
    assertThat(it.lastVoteRequest("a").getTerm()).isEqualTo(term);
    it.loop.run(4 * it.slowestSyncMillis);
    it.syncAll();
    return it.count("a", VoteRequest.class) > 1 || it.count("a", PreVoteRequest.class) > 1;
  }

  private static boolean goneLeaderIsWaitedFor() {
    ReplicaFixture it = new ReplicaFixture("a", "b");
    it.append("a", 1, 0, 0, 0, 1);
    it.syncAll();
    long asked = it.count("b", PreVoteRequest.class);
    it.replica.nodeIsGone("a");
    it.loop.run(300);
    return it.count("b", PreVoteRequest.class) == asked;
  }

  /** It has no turns any more, so whatever MicroRaft asks for leaves at once. */
  private static boolean voterStandsAgainstItsCandidate() {
    ReplicaFixture it = new ReplicaFixture("a", "b");
    it.loop.run(3_000);
    it.requestVote("a", it.replica.term() + 1);
    it.syncAll();
    int next = it.replica.term() + 1;
    it.loop.run(110); // A heartbeat's look comes every 100 ms.
    return Objects.requireNonNull(it.last("b", PreVoteRequest.class)).getTerm() == next;
  }

  private static boolean shorterLogAsksInVain() {
    ReplicaFixture it = new ReplicaFixture("a", "b");
    it.append("a", 1, 0, 0, 0, 1, 1);
    it.syncAll();
    it.loop.run(3_000);
    long before = it.count("b", PreVoteRequest.class);
    assertThat(it.loop.until(() -> it.count("b", PreVoteRequest.class) > before, 2_000)).isTrue();
    long asked = it.count("b", PreVoteRequest.class);
    it.requestPreVote("b", 2, 1, 1);
    it.loop.run(150);
    return it.count("b", PreVoteRequest.class) == asked;
  }

  /** Both followers' disks work at an entry; they acknowledge it later. */
  private static boolean readWaitsForDisks() {
    ReplicaFixture it = leader();
    it.replica.propose(Proposal.tick(it.state.stampMillis()), SILENT);
    it.syncAll();
    ReadIndexFixture reads = new ReadIndexFixture(it);
    reads.read(1);
    reads.confirm("a", reads.lastRound());
    boolean waits = !reads.isAnswered(1);
    it.acknowledge("a", it.replica.term(), 2);
    it.receive(
        it.models
            .createAppendEntriesSuccessResponseBuilder()
            .setGroupId(ReplicaFixture.GROUP)
            .setSender(ReplicaFixture.endpoint("a"))
            .setTerm(it.replica.term())
            .setLastLogIndex(2)
            .setQuerySequenceNumber(1) // The first of MicroRaft's queries.
            .setFlowControlSequenceNumber(0)
            .build());
    assertThat(reads.isAnswered(1)).as("in the end").isTrue();
    return waits;
  }

  /** A silent group, twice with the same seed: when does it ask for votes? */
  private static boolean electionsDiffer() {
    return !timesOfElections().equals(timesOfElections());
  }

  private static List<Long> timesOfElections() {
    ReplicaFixture it = new ReplicaFixture("a", "b");
    List<Long> times = new ArrayList<>();
    while (times.size() < 8) {
      long asked = it.count("a", PreVoteRequest.class);
      assertThat(it.loop.until(() -> it.count("a", PreVoteRequest.class) > asked, 20_000)).isTrue();
      times.add(it.loop.nanoTime());
    }
    return times;
  }

  /** A new leader, forty entries ahead of a follower that has only the first. */
  private static boolean wayBackIsLong() {
    ReplicaFixture it = leader();
    int tailTerm = it.replica.term();
    for (int i = 0; i < 40; i++) {
      it.replica.propose(Proposal.tick(it.state.stampMillis()), SILENT);
    }
    it.syncAll();
    it.restart();
    it.elect("a");
    it.syncAll();
    int term = it.replica.term();
    AppendEntriesRequest before = Objects.requireNonNull(it.last("b", AppendEntriesRequest.class));
    it.receive(
        it.models
            .createAppendEntriesFailureResponseBuilder()
            .setGroupId(ReplicaFixture.GROUP)
            .setSender(ReplicaFixture.endpoint("b"))
            .setTerm(term)
            .setExpectedNextIndex(before.getPreviousLogIndex() + 1)
            .setQuerySequenceNumber(0)
            .setFlowControlSequenceNumber(before.getFlowControlSequenceNumber())
            .build(),
        1,
        tailTerm);
    AppendEntriesRequest next = Objects.requireNonNull(it.last("b", AppendEntriesRequest.class));
    assertThat(before.getPreviousLogIndex()).isGreaterThan(1);
    return next.getPreviousLogIndex() > 1;
  }

  /** Known to its group under an earlier incarnation only: it does not vote. */
  private static boolean learnerIsRestoredAsVoter() {
    ReplicaFixture it = new ReplicaFixture(new ReplicaEndpoint("me", 6, 0), "a", "b");
    it.append("a", 1, 0, 0, 0, 1);
    it.syncAll();
    it.restart();
    return raftNode(it.replica).state().role() != RaftRole.LEARNER;
  }

  private static boolean votesForItsFormerSelf() {
    ReplicaFixture it = new ReplicaFixture("a", "b");
    it.requestVote(ReplicaFixture.endpoint("a"), new ReplicaEndpoint("me", 6, 0), 5);
    it.syncAll();
    return it.count("a", VoteResponse.class) > 0;
  }

  private static boolean halfCommits() {
    ReplicaFixture it = new ReplicaFixture("a", "b", "c");
    it.elect("a", "b");
    it.syncAll();
    assertThat(it.replica.isLeader()).isTrue();
    it.acknowledge("a", it.replica.term(), 1);
    boolean half = it.replica.commitIndex() > 0;
    it.acknowledge("b", it.replica.term(), 1);
    assertThat(it.replica.commitIndex()).as("three of four").isEqualTo(1);
    return half;
  }

  private static boolean halfKeepsInOffice() {
    ReplicaFixture it = new ReplicaFixture("a", "b", "c");
    it.elect("a", "b");
    it.syncAll();
    for (int i = 0; i < 30; i++) {
      it.acknowledge("a", it.replica.term(), 0);
      it.loop.run(100);
    }
    return it.replica.isLeader();
  }

  // --- what they share
  // -----------------------------------------------------------------------------

  private static final int ENTRY_BYTES = 100_000;

  /** A query of MicroRaft's own. */
  private static final String QUERY = "query";

  /** A random generator without a seed of the replica's own, as Java's global one. */
  private static final Random OF_ALL = new Random(1);

  private static final int ELECTION_SPREAD =
      Tuning.DEFAULT.electionSpreadMillis() * Tuning.MICRORAFT_TIME_SCALE;

  private static final ProposalListener SILENT = ProposalListener.INDIFFERENT;

  private static ReplicaFixture leader() {
    ReplicaFixture it = new ReplicaFixture("a", "b");
    it.elect("a");
    it.syncAll();
    it.acknowledge("a", it.replica.term(), 1);
    assertThat(it.replica.isEstablishedLeader()).isTrue();
    return it;
  }

  private static byte[] batch(long sequence) {
    BatchBuilder builder = new BatchBuilder();
    builder.add(
        Invocation.of(Command.SET, "k".getBytes(StandardCharsets.UTF_8), new byte[ENTRY_BYTES]));
    return builder.build(new SessionKey("a", 7, 1), sequence, sequence - 1);
  }

  /** Reads in the waiting room are served with the round that ends now. */
  private static Object joinRound(@Nullable Object self, @Nullable Object[] arguments) {
    Object round = ((Map<?, ?>) field(notNull(self), "rounds")).get((Long) notNull(arguments[0]));
    Object question =
        ((Map<?, ?>) field(notNull(round), "open")).get((Integer) notNull(arguments[1]));
    Object late =
        ((Map<?, ?>) field(notNull(self), "waiting")).get((Integer) notNull(arguments[1]));
    if (question != null && late != null) {
      moveAll((List<?>) late, (List<?>) field(question, "reads"));
    }
    return RuleOff.PROCEED;
  }

  /** As ReplicaSnapshots does when the files are durable, which they are not. */
  private static @Nullable Object cutAtOnce(@Nullable Object self, @Nullable Object[] arguments) {
    ReplicaLog log = (ReplicaLog) field(notNull(self), "log");
    SnapshotManifest manifest =
        notNull(((TakenSnapshot) field(notNull(self), "taking")).manifest());
    setField(log, "durableSnapshotIndex", manifest.index());
    log.truncateUntil((Long) notNull(arguments[0]));
    setField(notNull(self), "snapshotIndex", manifest.index());
    setField(notNull(self), "snapshotTerm", manifest.term());
    return null;
  }

  /** The read as a query of MicroRaft's, of which it decides when it may be answered. */
  private static @Nullable Object askMicroRaft(
      @Nullable Object self, @Nullable Object[] arguments) {
    PeerMessage.Read read = (PeerMessage.Read) notNull(arguments[2]);
    Object group = notNull(((Map<?, ?>) field(notNull(self), "groups")).get(read.shard()));
    Post post = (Post) field(notNull(self), "post");
    var unused =
        raft(((ShardGroup) group).replica())
            .query(QUERY, QueryPolicy.LINEARIZABLE, Optional.empty(), Optional.empty())
            .thenRun(
                () ->
                    post.tell(
                        (String) notNull(arguments[0]),
                        new PeerMessage.ReadAnswer(read.shard(), read.readId(), new byte[0])));
    return null;
  }

  @SuppressWarnings("unchecked") // Both hold ReadIndex.Waiting, which is private.
  private static void moveAll(List<?> from, List<?> to) {
    ((List<Object>) to).addAll(from);
    from.clear();
  }

  private static RaftNode raft(Object owner) {
    return (RaftNode) field(owner, "raft");
  }

  private static RaftNodeImpl raftNode(Replica replica) {
    return (RaftNodeImpl) raft(replica);
  }

  private static Object field(Object owner, String name) {
    try {
      Field field = owner.getClass().getDeclaredField(name);
      field.setAccessible(true);
      return notNull(field.get(owner));
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(owner.getClass() + "." + name, e);
    }
  }

  private static void setField(Object owner, String name, Object value) {
    try {
      Field field = owner.getClass().getDeclaredField(name);
      field.setAccessible(true);
      field.set(owner, value);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(owner.getClass() + "." + name, e);
    }
  }

  private static <T> T notNull(@Nullable T value) {
    return Objects.requireNonNull(value);
  }
}
