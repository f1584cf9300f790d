package io.shardwell.raftgroup.replica;

import io.microraft.MembershipChangeMode;
import io.microraft.RaftConfig;
import io.microraft.RaftEndpoint;
import io.microraft.RaftNode;
import io.microraft.executor.RaftNodeExecutor;
import io.microraft.impl.RaftNodeImpl;
import io.microraft.impl.task.HeartbeatTask;
import io.microraft.model.RaftModelFactory;
import io.microraft.model.impl.DefaultRaftModelFactory;
import io.microraft.model.message.RaftMessage;
import io.microraft.persistence.RestoredRaftState;
import io.microraft.report.RaftNodeReport;
import io.shardwell.raftgroup.Tuning;
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
 * What comes in passes the {@link IncomingGuard}, and what followers answer the {@link
 * FollowerResponses}; what goes out passes the {@link ReplicaTransport}, and requests for votes the
 * {@link Candidacy}. The {@link Leadership} is the office, the {@link GroupView} what MicroRaft
 * says. MicroRaft's own queries are never used (B2, B3). Loop thread only.
 */
public final class Replica {

  /** A follower that has not asked for a chunk for so long fetches no snapshot any more. */
  private static final long FETCHING_NANOS = TimeUnit.SECONDS.toNanos(5);

  /** More that is in the log and not applied is not what is on its way to being committed. */
  private static final long MAX_UNAPPLIED_ENTRIES = 1024;

  private final LoopContext context;
  private final int group;
  private final Standstill standstill = new Standstill();
  private final GroupView view;
  private final HeldMessages held;
  private final ReplicaSnapshots snapshots;
  private final LogPositions positions;
  private final ReplicaStore store;
  private final DigestBook digests;
  private final ReplicaStateMachine machine;
  private final ReplicaTime time;
  private final Candidacy candidacy;
  private final ReplicaTransport transport;
  private final RaftNode raft;

  // Around MicroRaft, and so made after it.
  private final Leadership leadership;
  private final FollowerResponses followers;
  private final OvertakenMembers overtaken;
  private final StaleDownload staleDownload;
  private final SilentVoters silence;
  private final SignsOfLife signs;
  private final IncomingGuard guard;

  // The leader and term that context.leaderChanged last heard of.
  private @Nullable RaftEndpoint knownLeader;
  private int knownTerm;

  /** Whether the node's disk has no room for proposals. */
  private boolean standsAside;

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
    RaftModelFactory models = new DefaultRaftModelFactory();
    StandInResponses standIns = new StandInResponses(models);
    SharedLog sharedLog = context.storage().log();
    ReplicaLog log = sharedLog.replica(group);
    this.view = new GroupView(self, standstill, this::raft);
    this.held = new HeldMessages(sharedLog);
    this.snapshots = new ReplicaSnapshots(context, group, log, held, state);
    this.positions = new LogPositions(sharedLog, log, snapshots);
    this.time = new ReplicaTime(context.loop());
    this.digests =
        new DigestBook(
            group,
            context.tuning().digestStride(),
            view::voters,
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
            log,
            snapshots,
            state,
            context.codec(),
            context.faults(),
            machine::appliedIndex,
            snapshotIndex,
            recovered,
            restored == null ? List.of() : restored.getLogEntries());
    this.candidacy = new Candidacy(context, group, view);
    NextIndexWalk walk =
        new NextIndexWalk(context.loop(), this::handleIfCurrent, standIns::refusal);
    this.transport =
        new ReplicaTransport(
            context, group, view, store, snapshots, positions, held, candidacy, walk, models,
            standIns);
    RaftNode.RaftNodeBuilder builder =
        RaftNode.newBuilder()
            .setGroupId(group)
            .setConfig(config())
            .setExecutor(new LoopExecutor())
            .setTransport(transport)
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
    this.leadership = new Leadership(raft, context.loop(), view, new LeaderLog());
    this.followers =
        new FollowerResponses(
            raft,
            view,
            store,
            snapshots,
            positions,
            new AcknowledgementGate(view, positions, machine::appliedIndex),
            walk,
            standIns,
            leadership);
    this.overtaken = new OvertakenMembers(raft);
    this.staleDownload = new StaleDownload(raft, snapshots);
    this.silence = new SilentVoters(raft, view);
    this.signs = new SignsOfLife(context, raft, time, silence);
    this.guard =
        new IncomingGuard(
            group,
            raft,
            view,
            store,
            snapshots,
            new CompactedPrefixGuard(models, context.faults()),
            new EarlierChange(raft, models),
            staleDownload,
            new CommitSlices(
                raft,
                models,
                context.loop(),
                context.slices(),
                standstill,
                context.tuning().applySliceEntries()),
            this::isBehind,
            followers,
            candidacy,
            overtaken,
            signs,
            transport,
            context.faults());
  }

  RaftNode raft() {
    return raft;
  }

  private void handleIfCurrent(RaftMessage response) {
    followers.handleIfCurrent(response);
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
    candidacy.keepBack(!preferred);
    var unused = raft.start();
    candidacy.keepBack(false);
  }

  // --- what others ask
  // -----------------------------------------------------------------------------

  public int group() {
    return group;
  }

  public ReplicaEndpoint self() {
    return view.self();
  }

  public int term() {
    return view.term();
  }

  /** Never while it stands still: it may have been deposed long ago. */
  public boolean isLeader() {
    return view.isLeader();
  }

  /** Whether this replica leads and has applied an entry of its own term (Raft thesis 6.4). */
  public boolean isEstablishedLeader() {
    return leadership.isEstablished();
  }

  /** Whether it has been that for so long. */
  public boolean isEstablishedSince(long nanos) {
    return leadership.isEstablishedSince(nanos);
  }

  /** The node of the leader this replica knows of, or null. */
  public @Nullable String leaderNodeId() {
    return view.leaderNodeId();
  }

  /** The voters of the configuration in force, committed or not. */
  public Collection<RaftEndpoint> voters() {
    return view.voters();
  }

  /** Voters and learners of the configuration in force, committed or not. */
  public Collection<RaftEndpoint> members() {
    return view.members();
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

  /** Whether a log entry is one of a membership change, and none of the group's state. */
  public static boolean isMembersChange(byte[] entry) {
    return entry.length > 0 && entry[0] == ReplicaStore.MEMBERS_OP;
  }

  /** What this replica knows of the others' states. */
  public DigestBook digests() {
    return digests;
  }

  /** Entries between two digests that are compared. */
  public int digestStride() {
    return digests.stride();
  }

  /**
   * Raft's commit index. After every loop task it is the applied one, unless something is wrong.
   */
  public long commitIndex() {
    return ((RaftNodeImpl) raft).state().commitIndex();
  }

  /**
   * The entry up to which the state machine has come; all that is told of its state is of there.
   */
  public long appliedIndex() {
    return machine.appliedIndex();
  }

  public long lastIndex() {
    return store.lastIndex();
  }

  /**
   * Whether so much of the log is not applied that it would take a while: after a restart, for the
   * most part, when nobody has said yet what of it is committed.
   */
  public boolean isBehind() {
    return store.lastIndex() - machine.appliedIndex() > MAX_UNAPPLIED_ENTRIES;
  }

  /**
   * Whether it is behind and somebody leads. Where nobody does nobody knows what is committed, for
   * as long as no majority is there: that must not keep the node from leading others.
   */
  public boolean isCatchingUp() {
    return isBehind() && leaderNodeId() != null;
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
    return view.isVoter();
  }

  /** Whether this process can no longer lose the entry at the index. */
  public boolean isDurable(long index) {
    return positions.isDurable(index);
  }

  // --- proposals and replies
  // -----------------------------------------------------------------------

  /**
   * Appends an entry if this replica leads. The listener is called at a turn's end, exactly once.
   */
  public void propose(byte[] proposal, ProposalListener listener) {
    assert proposal.length > 0 && !isMembersChange(proposal);
    if (standsAside || leadership.isHandingOver()) {
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
    held.send(receiver, positions.of(index), action);
  }

  /** The last entry that the member has acknowledged in this term, 0 if none. */
  public long acknowledgedBy(ReplicaEndpoint member) {
    return followers.acknowledgedBy(member);
  }

  /**
   * Asks another replica to take over. It does so only if it has everything. Until then, or until
   * it has not done so for too long, proposals are refused ({@link HandOver}).
   *
   * @param heirs of whom one is asked, the preferred first
   * @param substitutes of whom one is asked if that one does not come
   */
  public void transferLeadership(List<ReplicaEndpoint> heirs, List<ReplicaEndpoint> substitutes) {
    assert !standstill.isStill();
    leadership.handOver(heirs, substitutes);
  }

  private final class LeaderLog implements HandOver.Log {

    @Override
    public long lastIndex() {
      return store.lastIndex();
    }

    @Override
    public long committedIndex() {
      return machine.appliedIndex();
    }

    @Override
    public long acknowledgedBy(ReplicaEndpoint member) {
      return followers.acknowledgedBy(member);
    }
  }

  /** Whether this leader gives its office away, and takes no proposals. */
  public boolean isHandingOver() {
    return leadership.isHandingOver();
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
    candidacy.leaderIsGone(nodeId);
  }

  /**
   * Bytes of a frame keep coming from the node, and none has been complete for a while ({@link
   * SignsOfLife}).
   */
  public void signOfLife(String nodeId, long incarnation) {
    if (!standstill.isStill()) {
      signs.seen(nodeId, incarnation);
    }
  }

  /** The node speaks, but what its replicas are to answer has not left for it yet. */
  public void answersLater(String nodeId, long incarnation) {
    if (!standstill.isStill() && isLeader()) {
      signs.seen(nodeId, incarnation);
    }
  }

  /** The link to or from the node broke: nothing of before it counts any more (MICRORAFT B1). */
  public void linkBroken(String nodeId) {
    held.drop(nodeId);
    transport.linkBroken(nodeId);
    followers.linkBroken(nodeId);
    leadership.linkBroken(nodeId);
    digests.forget(nodeId);
    signs.linkBroken(nodeId);
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
    // One of the middle of what is to be applied would leave the other half to the next replay.
    if (standsAside || isBehind()) {
      return false;
    }
    boolean fetching = transport.hasSentChunkWithin(FETCHING_NANOS);
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
    if (!standstill.isStill() && !view.isOnlyVoter()) {
      standstill.begin();
      candidacy.withdraw();
      leadership.end();
      followers.forget();
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

  // --- what comes in
  // -------------------------------------------------------------------------------

  /** Handles a message from another replica of this group. */
  public void handle(PeerMessage.Raft received) {
    if (!standstill.isStill()) {
      guard.handle(received);
    }
  }

  /** The log's durable end moved. */
  public void synced() {
    held.release();
    followers.recheck();
  }

  // --- what MicroRaft tells
  // ------------------------------------------------------------------------

  private void applying(long index, Object operation) {
    assert !isLeader() || voters().size() < 2 || positions.isDurable(index)
        : "leader of group " + group + " applies entry " + index + " before it is durable here";
    if (machine.beganTermWith(operation) && isLeader()) {
      leadership.establish();
      staleDownload.endOvertaken();
    }
  }

  private void reported(RaftNodeReport report) {
    if (report.getReason() == RaftNodeReport.RaftNodeReportReason.TAKE_SNAPSHOT) {
      RingHead.restore(raft, store.firstHeld());
    } else if (report.getReason() == RaftNodeReport.RaftNodeReportReason.INSTALL_SNAPSHOT) {
      overtaken.setAside();
    }
    RaftEndpoint leader = report.getTerm().getLeaderEndpoint();
    int term = report.getTerm().getTerm();
    if (term == knownTerm && Objects.equals(leader, knownLeader)) {
      return;
    }
    knownTerm = term;
    knownLeader = leader;
    if (leader != null) {
      candidacy.leaderKnown(((ReplicaEndpoint) leader).nodeId());
    }
    leadership.end();
    followers.forget();
    context.leaderChanged().accept(this);
  }

  // --- MicroRaft's executor
  // ------------------------------------------------------------------------

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
      Runnable step = task instanceof HeartbeatTask ? () -> heartbeat(task) : task;
      time.schedule(() -> standstill.step(step), delay, unit);
    }

    /** MicroRaft's look at its leader or its followers, and what it does not see. */
    private void heartbeat(Runnable task) {
      if (UnknownLeader.isHeard((RaftNodeImpl) raft)) {
        schedule(task, raft.getConfig().getLeaderHeartbeatPeriodSecs(), TimeUnit.SECONDS);
      } else {
        task.run();
      }
      silence.look();
    }
  }
}
