package io.shardwell.raftgroup.replica;

import io.microraft.MembershipChangeMode;
import io.microraft.RaftConfig;
import io.microraft.RaftEndpoint;
import io.microraft.RaftNode;
import io.microraft.RaftNodeStatus;
import io.microraft.executor.RaftNodeExecutor;
import io.microraft.impl.state.RaftGroupMembersState;
import io.microraft.model.RaftModelFactory;
import io.microraft.model.impl.DefaultRaftModelFactory;
import io.microraft.model.log.LogEntry;
import io.microraft.model.log.SnapshotChunk;
import io.microraft.model.message.AppendEntriesFailureResponse;
import io.microraft.model.message.AppendEntriesRequest;
import io.microraft.model.message.AppendEntriesSuccessResponse;
import io.microraft.model.message.InstallSnapshotRequest;
import io.microraft.model.message.InstallSnapshotResponse;
import io.microraft.model.message.PreVoteRequest;
import io.microraft.model.message.PreVoteResponse;
import io.microraft.model.message.RaftMessage;
import io.microraft.model.message.VoteRequest;
import io.microraft.persistence.RestoredRaftState;
import io.microraft.report.RaftNodeReport;
import io.microraft.transport.Transport;
import io.shardwell.raftgroup.EventLoop;
import io.shardwell.raftgroup.Tuning;
import io.shardwell.raftgroup.WireLimits;
import io.shardwell.raftgroup.wire.Outbox;
import io.shardwell.raftgroup.wire.PeerMessage;
import io.shardwell.storage.RecoveredReplica;
import io.shardwell.storage.ReplicaLog;
import io.shardwell.storage.SharedLog;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One group's member on this node: MicroRaft behind the guard (MICRORAFT B).
 *
 * <p>MicroRaft runs on the loop; its executor, transport, store, clock and random are adapters.
 * What comes in passes here before MicroRaft sees it:
 *
 * <ul>
 *   <li>responses of an older term are dropped at the moment of handling (B1);
 *   <li>acknowledgements pass the {@link AcknowledgementGate};
 *   <li>an AppendEntries below our snapshot passes the {@link CompactedPrefixGuard} (B5);
 *   <li>a failure response that names the follower's tail becomes the success it proves, or answers
 *       for it above that tail ({@link NextIndexWalk}, B14);
 *   <li>a pre-vote that a leader of the same term has overtaken is ended ({@link StalePreVote}),
 *       and so is a download that the leader of now cannot complete ({@link StaleDownload}).
 * </ul>
 *
 * <p>What goes out is {@link HeldMessages held until durable}. MicroRaft's own queries are never
 * used (B2, B3). Loop thread only.
 */
public final class Replica {

  private final LoopContext context;
  private final int group;
  private final ReplicaEndpoint self;
  private final SharedLog sharedLog;
  private final ReplicaLog log;
  private final HeldMessages held;
  private final ReplicaSnapshots snapshots;
  private final ReplicaStore store;
  private final DigestBook digests;
  private final ReplicaStateMachine machine;
  private final AcknowledgementGate gate;
  private final CompactedPrefixGuard prefixGuard;
  private final NextIndexWalk walk;
  private final ReplicaTime time;
  private final Standstill standstill = new Standstill();
  private final RaftModelFactory models = new DefaultRaftModelFactory();
  private final RaftNode raft;

  /** The last term in which this replica led and had applied its own first entry; 0 for none. */
  private int establishedTerm;

  /** When that began, in loop time. */
  private long establishedNanos;

  // The leader and term that context.leaderChanged last heard of.
  private @Nullable RaftEndpoint knownLeader;
  private int knownTerm;

  /** What the response to the AppendEntries being handled lacks (MICRORAFT B5). */
  private long responseBase;

  /** Whether the request being handled was answered (MICRORAFT B4: no error passes in silence). */
  private boolean answered;

  /** Set while MicroRaft starts: whether its first pre-vote is to be kept back. */
  private boolean keepPreVoteBack;

  /** Whether the node's disk has no room for proposals. */
  private boolean standsAside;

  /** The leader is gone or silent, and the survivors take turns; null if not, or no longer. */
  private @Nullable Succession succession;

  // Once for each leader that is lost: whoever can send and not receive would otherwise have those
  // behind it in the line stand back for ever.
  private boolean hadSuccession;

  /** Empty before the first one is known. */
  private String lastLeaderNodeId = "";

  /** Set while a snapshot is installed over a change of members that is not committed. */
  private @Nullable RaftGroupMembersState setAside;

  /** Set while this leader gives its office away, and takes no proposals. */
  private @Nullable HandOver handOver;

  private long lastChunkSentNanos = Long.MIN_VALUE;

  Replica(
      LoopContext context,
      int group,
      ReplicaEndpoint self,
      List<ReplicaEndpoint> initialMembers,
      ReplicatedState state,
      @Nullable RecoveredReplica recovered,
      long seed) {
    this.context = context;
    this.group = group;
    this.self = self;
    this.sharedLog = context.storage().log();
    this.log = sharedLog.replica(group);
    this.held = new HeldMessages(sharedLog);
    this.snapshots = new ReplicaSnapshots(context, group, log, held, state);
    this.time = new ReplicaTime(context.loop());
    this.gate = new AcknowledgementGate(this);
    this.prefixGuard = new CompactedPrefixGuard(models, context.faults());
    this.walk = new NextIndexWalk(context.loop(), this::handleIfCurrent, this::refusal);
    this.digests =
        new DigestBook(
            group,
            context.tuning().digestStride(),
            this::voters,
            words -> context.faults().fault(words, null));
    this.machine =
        new ReplicaStateMachine(
            state, snapshots, context.recent(), context.faults(), this::applying, digests);
    RestoredRaftState restored = null;
    if (recovered != null) {
      restored =
          new ReplicaRecovery(context, models, self, log, state, snapshots).restore(recovered);
    }
    long snapshotIndex = snapshots.snapshotIndex();
    this.store =
        new ReplicaStore(
            log, snapshots, state, context.codec(), context.faults(), snapshotIndex, recovered);
    RaftNode.RaftNodeBuilder builder =
        RaftNode.newBuilder()
            .setGroupId(group)
            .setConfig(config())
            .setExecutor(new LoopExecutor())
            .setTransport(new HoldingTransport())
            .setStore(store)
            .setStateMachine(machine)
            .setModelFactory(models)
            .setClock(time)
            .setRandom(
                new ReplicaTime.ElectionRandom(seed, context.tuning(), context.slowestSyncMillis()))
            .setRaftNodeReportListener(this::reported);
    if (restored == null) {
      builder.setLocalEndpoint(self).setInitialGroupMembers(List.copyOf(initialMembers));
    } else {
      builder.setRestoredState(restored);
    }
    this.raft = builder.build();
  }

  /**
   * Opens the replica on what recovery found, or anew.
   *
   * @param initialMembers the group's first members, the same at every start
   * @param recovered null on the first start
   */
  public static Replica open(
      LoopContext context,
      int group,
      ReplicaEndpoint self,
      List<ReplicaEndpoint> initialMembers,
      ReplicatedState state,
      @Nullable RecoveredReplica recovered,
      long seed) {
    return new Replica(context, group, self, initialMembers, state, recovered, seed);
  }

  private RaftConfig config() {
    int scale = Tuning.MICRORAFT_TIME_SCALE;
    return RaftConfig.newBuilder()
        .setLeaderHeartbeatPeriodSecs(1)
        .setLeaderHeartbeatTimeoutSecs(
            -Math.floorDiv(-context.tuning().heartbeatTimeoutMillis() * scale, 1000))
        .setLeaderElectionTimeoutMillis((long) context.tuning().electionTimeoutMillis() * scale)
        .setAppendEntriesRequestBatchSize(1000)
        .setCommitCountToTakeSnapshot(context.commitCountToTakeSnapshot())
        .setMaxPendingLogEntryCount(context.maxPendingEntries())
        // Snapshot indexes differ between replicas (MICRORAFT B10).
        .setTransferSnapshotsFromFollowersEnabled(false)
        .setRaftNodeReportPublishPeriodSecs((int) TimeUnit.DAYS.toSeconds(1))
        .build();
  }

  /**
   * Starts MicroRaft, which at once asks for pre-votes.
   *
   * @param preferred whether this replica should become the first leader; the others' first
   *     pre-vote is lost on the way, so that leaders start out evenly spread
   */
  public void start(boolean preferred) {
    keepPreVoteBack = !preferred;
    var unused = raft.start();
    keepPreVoteBack = false;
  }

  // --- what others ask
  // -----------------------------------------------------------------------------

  public int group() {
    return group;
  }

  public ReplicaEndpoint self() {
    return self;
  }

  public int term() {
    return raft.getTerm().getTerm();
  }

  /** Never while it stands still: it may have been deposed long ago. */
  public boolean isLeader() {
    return self.equals(leader());
  }

  private @Nullable RaftEndpoint leader() {
    return standstill.isStill() ? null : raft.getTerm().getLeaderEndpoint();
  }

  /** Whether this replica leads and has applied an entry of its own term (Raft thesis 6.4). */
  public boolean isEstablishedLeader() {
    return isLeader() && establishedTerm == term();
  }

  /** Whether it has been that for so long. */
  public boolean isEstablishedSince(long nanos) {
    return isEstablishedLeader() && context.loop().nanoTime() - establishedNanos >= nanos;
  }

  /** The node of the leader this replica knows of, or null. */
  public @Nullable String leaderNodeId() {
    RaftEndpoint leader = leader();
    return leader == null ? null : ((ReplicaEndpoint) leader).nodeId();
  }

  /** The voters of the configuration in force, committed or not. */
  public Collection<RaftEndpoint> voters() {
    return raft.getEffectiveMembers().getVotingMembers();
  }

  /** Voters and learners of the configuration in force, committed or not. */
  public Collection<RaftEndpoint> members() {
    return raft.getEffectiveMembers().getMembers();
  }

  /** Whether a configuration is in force that is not committed yet. */
  public boolean isChangingMembers() {
    return raft.getEffectiveMembers().getLogIndex() != raft.getCommittedMembers().getLogIndex();
  }

  /**
   * Asks for one step of a membership change, if this replica leads and no step is under way. What
   * became of it shows in {@link #members}.
   */
  public void changeMembers(ReplicaEndpoint member, MembershipChangeMode step) {
    assert !standstill.isStill() && !isChangingMembers();
    var unused = raft.changeMembership(member, step, raft.getCommittedMembers().getLogIndex());
  }

  /** What this replica knows of the others' states. */
  public DigestBook digests() {
    return digests;
  }

  /** Entries between two digests that are compared. */
  public int digestStride() {
    return digests.stride();
  }

  /** The commit index: after every loop task all that is committed is applied. */
  public long commitIndex() {
    return machine.appliedIndex();
  }

  public long lastIndex() {
    return store.lastIndex();
  }

  public long snapshotIndex() {
    return snapshots.snapshotIndex();
  }

  /** Bytes of log that a snapshot would make superfluous. */
  public long bytesSinceSnapshot() {
    return store.bytesSinceSnapshot();
  }

  public String role() {
    if (isLeader()) {
      return "leader";
    }
    return isVoter() ? "follower" : "learner";
  }

  /** By the configuration in force; a replica of a node taken in again begins without a vote. */
  public boolean isVoter() {
    return voters().contains(self);
  }

  /**
   * Whether this process can no longer lose the entry at the index: by the record that wrote the
   * entry <em>now</em> there, never by a maximum over indexes, for a truncated tail would lie.
   */
  boolean isDurable(long index) {
    return index <= snapshots.snapshotIndex() || positionOf(index) <= sharedLog.syncedPosition();
  }

  private long positionOf(long index) {
    return index < log.firstIndex() ? 0 : log.positionOf(index);
  }

  // --- proposals and replies
  // -----------------------------------------------------------------------

  /**
   * Appends an entry if this replica leads. The listener is called at a turn's end, exactly once.
   */
  public void propose(byte[] proposal, ProposalListener listener) {
    assert proposal.length > 0 && proposal[0] != ReplicaStore.MEMBERS_OP;
    if (standsAside || handOver != null) {
      context.submit().accept(listener::notApplied);
      return;
    }
    var unused =
        raft.replicate(new LogBytes(proposal))
            .whenComplete(
                (ordered, failure) ->
                    context
                        .submit()
                        .accept(
                            () -> {
                              if (failure == null) {
                                listener.applied(
                                    ordered.getCommitIndex(),
                                    Objects.requireNonNull(ordered.getResult()));
                              } else {
                                listener.notApplied();
                              }
                            }));
  }

  /** Runs the action when the entry at the index, and all before it, is durable here. */
  public void whenDurable(String receiver, long index, Runnable action) {
    held.send(receiver, positionOf(index), action);
  }

  /** The last entry that the member has acknowledged in this term, 0 if none. */
  public long acknowledgedBy(ReplicaEndpoint member) {
    return gate.acknowledgedBy(member);
  }

  /**
   * Asks another replica to take over. It does so only if it has everything. Until then, or until
   * it has not done so for too long, proposals are refused ({@link HandOver}).
   */
  public void transferLeadership(ReplicaEndpoint to) {
    assert !standstill.isStill();
    if (handOver == null && isLeader()) {
      handOver =
          new HandOver(
              raft,
              context.loop(),
              to,
              () -> machine.appliedIndex() == store.lastIndex(),
              () -> handOver = null);
      stepHandOver();
    }
  }

  /** Whether this leader gives its office away, and takes no proposals. */
  public boolean isHandingOver() {
    return handOver != null;
  }

  private void stepHandOver() {
    HandOver current = handOver;
    if (current != null) {
      current.step();
    }
  }

  private void endHandOver() {
    HandOver current = handOver;
    if (current != null) {
      current.end();
    }
  }

  /**
   * The node's process is known to be gone: no need to wait for its silence (MICRORAFT B11). The
   * survivors learn it at about the same time; see {@link Succession}.
   */
  public void nodeIsGone(String nodeId) {
    if (isLeader() || !nodeId.equals(leaderNodeId())) {
      return;
    }
    time.jump(context.tuning().heartbeatTimeoutMillis());
    var unused = succeed(nodeId);
  }

  private Succession succeed(String goneNodeId) {
    hadSuccession = true;
    long now = context.loop().nanoTime();
    Succession begun = Succession.of(group, goneNodeId, self, voters(), now, context.tuning());
    succession = begun;
    return begun;
  }

  /** The link to or from the node broke: nothing of before it counts any more (MICRORAFT B1). */
  public void linkBroken(String nodeId) {
    held.drop(nodeId);
    gate.drop(nodeId);
    HandOver current = handOver;
    if (current != null) {
      current.successorIsGone(nodeId);
    }
    digests.forget(nodeId);
  }

  /** Whether a snapshot of this replica is on its way to disk. */
  public boolean takesSnapshot() {
    return snapshots.isTaking();
  }

  /**
   * Takes a snapshot if there is something new, unless one is under way or a follower fetches one.
   *
   * @return whether it did
   */
  public boolean takeSnapshot() {
    if (standsAside) {
      return false;
    }
    long sinceChunk = context.loop().nanoTime() - lastChunkSentNanos;
    boolean fetching =
        lastChunkSentNanos != Long.MIN_VALUE && sinceChunk < TimeUnit.SECONDS.toNanos(5);
    if (snapshots.isBusy() || fetching || machine.appliedIndex() <= snapshots.snapshotIndex()) {
      return false;
    }
    var unused = raft.takeSnapshot();
    return true;
  }

  public void terminate() {
    snapshots.stop();
    var unused = raft.terminate();
  }

  /**
   * The node's disk is nearly full: until {@link #takePart} this replica appends nothing and does
   * not vote; to the others it is as good as stopped ({@link Standstill}).
   *
   * <p>A group's only voter has nobody to make room for. It goes on leading and answers reads; only
   * proposals are refused, and without them it writes nothing: a single voter never loses its
   * leadership, and learners only read from it.
   */
  public void standAside() {
    standsAside = true;
    if (!standstill.isStill() && !isOnlyVoter()) {
      standstill.begin();
      succession = null; // Its turns are timers of our own.
      endHandOver();
      gate.clear();
      context.leaderChanged().accept(this);
    }
  }

  /** There is space again. */
  public void takePart() {
    standsAside = false;
    if (standstill.isStill()) {
      standstill.end();
      context.leaderChanged().accept(this);
    }
  }

  /** Whether proposals are refused for want of disk space. */
  public boolean standsAside() {
    return standsAside;
  }

  private boolean isOnlyVoter() {
    return voters().size() == 1 && isVoter();
  }

  // --- what comes in
  // -------------------------------------------------------------------------------

  /** Handles a message from another replica of this group. */
  public void handle(PeerMessage.Raft received) {
    RaftMessage message = received.message();
    if (!isMeantForThis(received) || standstill.isStill()) {
      return;
    }
    if (isResponseToLeader(message) && message.getTerm() < term()) {
      return;
    }
    if (message instanceof AppendEntriesSuccessResponse success) {
      acknowledged(success);
    } else if (message instanceof AppendEntriesFailureResponse failure) {
      AppendEntriesSuccessResponse proven = proven(failure, received);
      if (proven != null) {
        acknowledged(proven);
      } else {
        walk.refused(failure, received.tailIndex());
      }
    } else if (message instanceof AppendEntriesRequest request && request.getTerm() >= term()) {
      CompactedPrefixGuard.Rewritten rewritten =
          prefixGuard.rewrite(
              request,
              snapshots.snapshotIndex(),
              snapshots.snapshotTerm(),
              store.firstHeld(),
              store.lastIndex());
      responseBase = rewritten.base();
      endStalePreVote(request);
      handleRequest(rewritten.request());
      responseBase = 0;
    } else if (message instanceof AppendEntriesRequest
        || message instanceof VoteRequest
        || message instanceof PreVoteRequest) {
      handleRequest(message);
    } else if (message instanceof PreVoteResponse
        && succession != null
        && succession.standsBack(context.loop().nanoTime())) {
      return;
    } else {
      if (message instanceof PreVoteResponse response) {
        RefusedPreVote.learnTerm(raft, response);
      }
      if (message instanceof InstallSnapshotRequest request) {
        if (!request.isSenderLeader() && raft.getTerm().getLeaderEndpoint() == null) {
          // From a leader of before. MicroRaft asks whether the next chunk's holder is the leader,
          // and fails if there is none (InstallSnapshotRequestHandler).
          return;
        }
        endStalePreVote(message);
        long givenUp = StaleDownload.end(raft, request);
        if (givenUp != StaleDownload.NONE) {
          snapshots.dropDownload(givenUp);
        }
      }
      raft.handle(message);
      RaftGroupMembersState uncommitted = setAside;
      if (uncommitted != null) {
        setAside = null;
        OvertakenMembers.putBack(raft, uncommitted);
      }
    }
  }

  /**
   * A replica that lost its files has another identity (DESIGN 10): what was said to the one before
   * it, an entry or a vote granted, must not reach it, nor may it hear itself.
   */
  private boolean isMeantForThis(PeerMessage.Raft received) {
    return received.targetIncarnation() == self.incarnation()
        && received.targetGeneration() == self.generation()
        && !isThisNode((ReplicaEndpoint) received.message().getSender());
  }

  private boolean isThisNode(ReplicaEndpoint endpoint) {
    return endpoint.nodeId().equals(self.nodeId());
  }

  private void endStalePreVote(RaftMessage ofLeader) {
    if (ofLeader.getTerm() == term()) {
      StalePreVote.end(raft);
    }
  }

  private static boolean isResponseToLeader(RaftMessage message) {
    return message instanceof AppendEntriesSuccessResponse
        || message instanceof AppendEntriesFailureResponse
        || message instanceof InstallSnapshotResponse;
  }

  private void handleRequest(RaftMessage request) {
    answered = false;
    raft.handle(request);
    if (!answered && raft.getStatus() == RaftNodeStatus.ACTIVE) {
      context.faults().fault("group " + group + " left a request unanswered: " + request, null);
    }
  }

  private void acknowledged(AppendEntriesSuccessResponse response) {
    gate.arrived(response, this::handleIfCurrent);
    if (!gate.isEmpty()) {
      gate.recheck(this::handleIfCurrent);
    }
  }

  private void handleIfCurrent(RaftMessage response) {
    if (response.getTerm() >= term()) {
      raft.handle(response);
      stepHandOver();
    }
  }

  /** MICRORAFT B14: by log matching, equal terms at an index mean equal logs up to there. */
  private @Nullable AppendEntriesSuccessResponse proven(
      AppendEntriesFailureResponse failure, PeerMessage.Raft received) {
    long tail = received.tailIndex();
    if (!isLeader() || failure.getTerm() != term() || tail == 0) {
      return null;
    }
    boolean known =
        tail == snapshots.snapshotIndex()
            || (tail >= store.firstHeld() && tail <= store.lastIndex());
    if (!known || termOf(tail) != received.tailTerm()) {
      return null;
    }
    return acknowledgement(failure, tail, failure.getFlowControlSequenceNumber());
  }

  /** The log's durable end moved. */
  public void synced() {
    held.release();
    if (!gate.isEmpty()) {
      gate.recheck(this::handleIfCurrent);
    }
  }

  // --- what MicroRaft tells
  // ------------------------------------------------------------------------

  private void applying(long index, Object operation) {
    assert !isLeader() || voters().size() < 2 || isDurable(index)
        : "leader of group " + group + " applies entry " + index + " before it is durable here";
    if (machine.beganTermWith(operation) && isLeader()) {
      establishedTerm = term();
      establishedNanos = context.loop().nanoTime();
    }
  }

  private void reported(RaftNodeReport report) {
    if (report.getReason() == RaftNodeReport.RaftNodeReportReason.TAKE_SNAPSHOT) {
      RingHead.restore(raft, store.firstHeld());
    } else if (report.getReason() == RaftNodeReport.RaftNodeReportReason.INSTALL_SNAPSHOT) {
      setAside = OvertakenMembers.setAside(raft);
    }
    RaftEndpoint leader = report.getTerm().getLeaderEndpoint();
    int term = report.getTerm().getTerm();
    if (term == knownTerm && Objects.equals(leader, knownLeader)) {
      return;
    }
    knownTerm = term;
    knownLeader = leader;
    if (leader != null) {
      succession = null;
      hadSuccession = false;
      lastLeaderNodeId = ((ReplicaEndpoint) leader).nodeId();
    }
    endHandOver();
    gate.clear();
    context.leaderChanged().accept(this);
  }

  // --- MicroRaft's executor and transport
  // ----------------------------------------------------------

  private final class LoopExecutor implements RaftNodeExecutor {

    @Override
    public void execute(Runnable task) {
      assert context.loop().inLoop();
      task.run();
    }

    @Override
    public void submit(Runnable task) {
      context.submit().accept(() -> standstill.step(task));
    }

    @Override
    public void schedule(Runnable task, long delay, TimeUnit unit) {
      time.schedule(() -> standstill.step(task), delay, unit);
    }
  }

  private final class HoldingTransport implements Transport {

    @Override
    public boolean isReachable(RaftEndpoint endpoint) {
      Outbox outbox = context.outboxes().get(((ReplicaEndpoint) endpoint).nodeId());
      return outbox != null && outbox.isUp();
    }

    /**
     * MicroRaft answers a chunk of a snapshot "to the leader" even where it knows none at that
     * moment (InstallSnapshotRequestHandler). That answer is lost; the next leader's request gets
     * another. And no link leads to an earlier incarnation of this node, which a configuration may
     * still name.
     */
    @Override
    public void send(@Nullable RaftEndpoint target, RaftMessage message) {
      if (target == null || isThisNode((ReplicaEndpoint) target)) {
        return;
      }
      try {
        hold((ReplicaEndpoint) target, message);
      } catch (Throwable failure) {
        context.faults().fault("could not send " + message, failure);
      }
    }
  }

  private void hold(ReplicaEndpoint target, RaftMessage message) {
    if (message instanceof AppendEntriesRequest request && walk.answers(target, request)) {
      return;
    }
    if (asksForVotes(message) && !isVoter()) {
      return;
    }
    if (message instanceof PreVoteRequest request) {
      if (keepPreVoteBack) {
        return;
      }
      Succession current = succession;
      if (current == null && !hadSuccession) {
        current = succeed(lastLeaderNodeId);
      }
      if (current != null) {
        askInTurn(current, target, request, false);
        return;
      }
    } else if (message instanceof PreVoteResponse response
        && response.isGranted()
        && succession != null) {
      succession.granted(target.nodeId(), context.loop().nanoTime());
    }
    sendDurable(target, message);
  }

  /**
   * Requests that only a voter may make: a candidate counts itself, so for one outside of the
   * voters a minority of them would be enough. MicroRaft lets every replica ask for pre-votes when
   * it starts (PreVoteTask), a learner too, and fails when they are granted.
   */
  private static boolean asksForVotes(RaftMessage message) {
    return message instanceof PreVoteRequest || message instanceof VoteRequest;
  }

  /** Asks for a pre-vote when it is this survivor's turn, and again while nobody leads. */
  private void askInTurn(
      Succession current, ReplicaEndpoint target, PreVoteRequest request, boolean asked) {
    long wait = current.nanosToNextAsking(context.loop().nanoTime(), asked);
    if (wait == Succession.OVER) {
      succession = null;
      if (!asked) {
        sendDurable(target, request);
      }
      return;
    }
    EventLoop.Timer unused =
        context
            .loop()
            .schedule(
                () -> {
                  // The request names the term after the one in which it was made.
                  boolean stillWanted =
                      succession == current
                          && raft.getStatus() == RaftNodeStatus.ACTIVE
                          && raft.getTerm().getLeaderEndpoint() == null
                          && term() + 1 == request.getTerm();
                  if (stillWanted && current.standsBack(context.loop().nanoTime())) {
                    askInTurn(current, target, request, false);
                  } else if (stillWanted) {
                    sendDurable(target, request);
                    askInTurn(current, target, request, true);
                  }
                },
                wait);
  }

  private void sendDurable(ReplicaEndpoint target, RaftMessage message) {
    long vouchedFor = log.lastPosition();
    long tailIndex = 0;
    int tailTerm = 0;
    RaftMessage sent = message;
    if (message instanceof AppendEntriesRequest request) {
      vouchedFor = Math.max(store.termRecordPosition(), positionOf(request.getCommitIndex()));
      sent = cut(request);
    } else {
      answered = true;
      if (message instanceof AppendEntriesSuccessResponse success && responseBase > 0) {
        sent =
            acknowledgement(
                success,
                success.getLastLogIndex() + responseBase,
                success.getFlowControlSequenceNumber());
      } else if (message instanceof AppendEntriesFailureResponse) {
        // Synced by the time this leaves, because it is held for the replica's last record.
        tailIndex = store.lastIndex();
        tailTerm = tailIndex == 0 ? 0 : termOf(tailIndex);
      } else if (message instanceof InstallSnapshotRequest request) {
        lastChunkSentNanos = context.loop().nanoTime();
        if (!isWritten(request.getSnapshotChunk())) {
          return;
        }
      }
    }
    Outbox outbox = Objects.requireNonNull(context.outboxes().get(target.nodeId()));
    PeerMessage.Raft out =
        new PeerMessage.Raft(
            group,
            self.generation(),
            target.incarnation(),
            target.generation(),
            tailIndex,
            tailTerm,
            sent);
    held.send(target.nodeId(), vouchedFor, () -> outbox.add(out));
  }

  /**
   * A chunk may be asked for before it is written. Then the answer is lost, as any message may be:
   * MicroRaft offers the snapshot again after its back-off, and the follower asks again.
   */
  private static boolean isWritten(@Nullable SnapshotChunk chunk) {
    return chunk == null || ((ChunkBytes) chunk.getOperation()).isWritten();
  }

  private int termOf(long index) {
    return index == snapshots.snapshotIndex() ? snapshots.snapshotTerm() : log.termOf(index);
  }

  /** What a voter or learner whose log ends before the request's entries answers. */
  private AppendEntriesFailureResponse refusal(RaftEndpoint of, AppendEntriesRequest request) {
    return models
        .createAppendEntriesFailureResponseBuilder()
        .setGroupId(request.getGroupId())
        .setSender(of)
        .setTerm(request.getTerm())
        .setExpectedNextIndex(request.getPreviousLogIndex() + 1)
        .setQuerySequenceNumber(0) // MicroRaft's own queries are never used.
        .setFlowControlSequenceNumber(request.getFlowControlSequenceNumber())
        .build();
  }

  /** The success of the same group, sender and term as the response it stands for. */
  private AppendEntriesSuccessResponse acknowledgement(
      RaftMessage response, long lastLogIndex, long flowControlSequenceNumber) {
    return models
        .createAppendEntriesSuccessResponseBuilder()
        .setGroupId(response.getGroupId())
        .setSender(response.getSender())
        .setTerm(response.getTerm())
        .setLastLogIndex(lastLogIndex)
        .setQuerySequenceNumber(0) // MicroRaft's own queries are never used.
        .setFlowControlSequenceNumber(flowControlSequenceNumber)
        .build();
  }

  /** Cuts the entries to a size; safe, the leader takes matchIndex from the response (B10). */
  private AppendEntriesRequest cut(AppendEntriesRequest request) {
    List<LogEntry> entries = request.getLogEntries();
    long bytes = 0;
    int count = 0;
    while (count < entries.size() && (count == 0 || bytes < WireLimits.MAX_APPEND_BYTES)) {
      bytes += entries.get(count).getOperation() instanceof LogBytes payload ? payload.size() : 64;
      count++;
    }
    if (count > 1 && bytes > WireLimits.MAX_APPEND_BYTES) {
      count--; // The one that crossed the line may be a large one.
    }
    if (count == entries.size()) {
      return request;
    }
    return models
        .createAppendEntriesRequestBuilder()
        .setGroupId(request.getGroupId())
        .setSender(request.getSender())
        .setTerm(request.getTerm())
        .setPreviousLogTerm(request.getPreviousLogTerm())
        .setPreviousLogIndex(request.getPreviousLogIndex())
        .setCommitIndex(request.getCommitIndex())
        .setQuerySequenceNumber(request.getQuerySequenceNumber())
        .setFlowControlSequenceNumber(request.getFlowControlSequenceNumber())
        .setLogEntries(entries.subList(0, count))
        .build();
  }
}
