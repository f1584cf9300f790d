package io.shardwell.raftgroup;

import io.shardwell.raftgroup.cluster.Admission;
import io.shardwell.raftgroup.cluster.ClusterMap;
import io.shardwell.raftgroup.cluster.ClusterTable;
import io.shardwell.raftgroup.cluster.FirstStart;
import io.shardwell.raftgroup.cluster.MemoryChanges;
import io.shardwell.raftgroup.cluster.MetaState;
import io.shardwell.raftgroup.cluster.NodeIdentity;
import io.shardwell.raftgroup.cluster.Placement;
import io.shardwell.raftgroup.reads.FollowerReads;
import io.shardwell.raftgroup.reads.ReadIndex;
import io.shardwell.raftgroup.reads.ShardGroup;
import io.shardwell.raftgroup.replica.LogClock;
import io.shardwell.raftgroup.replica.LoopContext;
import io.shardwell.raftgroup.replica.ProposalListener;
import io.shardwell.raftgroup.replica.RecentEntries;
import io.shardwell.raftgroup.replica.Replica;
import io.shardwell.raftgroup.replica.ReplicaEndpoint;
import io.shardwell.raftgroup.replica.ReplicatedState;
import io.shardwell.raftgroup.replica.ShardReplicatedState;
import io.shardwell.raftgroup.routing.LeaderDirectory;
import io.shardwell.raftgroup.routing.Patience;
import io.shardwell.raftgroup.routing.ReadChannel;
import io.shardwell.raftgroup.routing.Router;
import io.shardwell.raftgroup.routing.ShardScope;
import io.shardwell.raftgroup.routing.SlotOwners;
import io.shardwell.raftgroup.routing.WriteChannel;
import io.shardwell.raftgroup.wire.BatchVerdict;
import io.shardwell.raftgroup.wire.FrameCodec;
import io.shardwell.raftgroup.wire.Outbox;
import io.shardwell.raftgroup.wire.PeerMessage;
import io.shardwell.raftgroup.wire.RaftCodec;
import io.shardwell.statemachine.Limits;
import io.shardwell.statemachine.MemoryLimit;
import io.shardwell.statemachine.Outcome;
import io.shardwell.statemachine.Proposal;
import io.shardwell.statemachine.SessionKey;
import io.shardwell.statemachine.ShardState;
import io.shardwell.statemachine.ShardStats;
import io.shardwell.statemachine.Slots;
import io.shardwell.storage.FaultHandler;
import io.shardwell.storage.NodeStorage;
import io.shardwell.storage.RecoveredReplica;
import io.shardwell.storage.SharedLog;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A whole node but for sockets and threads (DESIGN 4): the loop's replicas with their one log, the
 * sessions to all shards, the cluster map, and the turn that ties them together.
 *
 * <p>The owner of the {@link EventLoop} hands in what happens (frames, commands, timers, finished
 * syncs) and then calls {@link #endTurn()}: what gathered is proposed and asked, the log's buffer
 * goes to the disk if that is idle, as one append and one sync for all shards, and each peer gets
 * one frame. While the disk works the next turns go on; that is the group commit.
 *
 * <p>Loop thread only, the constructor included.
 */
public final class Engine {

  private static final Logger LOGGER = LoggerFactory.getLogger(Engine.class);

  /** Rounds of work in one turn at most; what is left goes into the next. */
  private static final int MAX_PASSES = 32;

  private static final long PATROL_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
  private static final long PULSE_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
  private static final long PIECES_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
  private static final long SETTINGS_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
  private static final long HANDSHAKE_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

  /** A node gets leaderships back after so long a time on the network. */
  private static final long SETTLING_NANOS = TimeUnit.SECONDS.toNanos(5);

  private static final long RESIGN_STEP_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
  private static final long RESIGN_NANOS = TimeUnit.SECONDS.toNanos(2);

  private final EngineConfig config;
  private final EventLoop loop;
  private final NodeStorage storage;
  private final SharedLog log;
  private final FaultHandler faults;
  private final NodeIdentity identity;
  private final FirstStart firstStart;
  private final PeerLinks links;
  private final Random random;
  private final NodeClocks clocks;
  private final LeaderBalance balance;
  private final Placement placement;
  private final ShardUpkeep upkeep;
  private final MemoryChanges memoryChanges;
  private final Admission admission;
  private final Reconfiguration reconfiguration;
  private final SpaceGuard space;
  private final FullDisks fullDisks = new FullDisks();

  /** The nodes that have said so, until their links break. */
  private final Set<String> leaving = new TreeSet<>();

  private final SnapshotTrigger snapshotTrigger;
  private final int shards;
  private final long startNanos;

  // Replicas on this node; filled when the cluster opens.
  private final Map<Integer, ShardGroup> groups = new TreeMap<>();
  private final List<Replica> replicas = new ArrayList<>();
  private @Nullable Replica metaReplica;
  private @Nullable MetaState metaState;
  private @Nullable ClusterMap map;

  private final List<WriteChannel> writes = new ArrayList<>();
  private final List<ReadChannel> reads = new ArrayList<>();
  private final Patience patience;
  private final Router router;
  private final SlotOwners owners;
  private final ReadIndex readIndex;
  private final FollowerReads followerReads;
  private final Post post = new EnginePost();
  private final DigestWatch digestWatch = new DigestWatch(groups, post);

  private final LoopContext context;

  // What this turn still has to do.
  private final ArrayDeque<Runnable> submitted = new ArrayDeque<>();
  private final ArrayDeque<PeerMessage> toSelf = new ArrayDeque<>();

  /** Shards with commands queued or under way on this node. */
  private final BitSet active = new BitSet();

  private boolean patrolScheduled;
  private long patrolDueNanos;
  private boolean piecesScheduled;
  private boolean opened;
  private boolean stopping;
  private boolean stopped;
  private long syncStartNanos;
  private long slowestSyncMillis;

  /** Nothing moves before {@link #start()}. */
  public Engine(
      EngineConfig config, EventLoop loop, PeerBus bus, NodeStorage storage, FaultHandler faults) {
    this.config = config;
    this.loop = loop;
    this.storage = storage;
    this.log = storage.log();
    this.faults = faults;
    this.random = new Random(config.seed());
    this.startNanos = loop.nanoTime();
    this.patience = new Patience(loop, config.tuning().commandPatienceMillis());
    this.identity = NodeIdentity.begin(storage, random, faults);
    this.firstStart = new FirstStart(config, identity, new StartListener());
    this.admission = new Admission(loop, this::announce);
    RaftCodec raftCodec = new RaftCodec();
    this.links =
        new PeerLinks(config, loop, bus, new FrameCodec(raftCodec), firstStart, new LinkListener());
    byte[] table = identity.metadata().clusterTable();
    ClusterTable stored = table.length == 0 ? null : ClusterTable.decode(table);
    this.shards = stored == null ? config.shards() : stored.shards();
    int replicasEach = stored == null ? config.replicas() : stored.replicas();
    this.placement = Placement.of(config.nodes().keySet(), shards, replicasEach);
    this.upkeep = new ShardUpkeep(placement.members());
    this.memoryChanges =
        new MemoryChanges(
            config.nodeId(),
            identity.metadata().incarnation(),
            identity.metadata().bootNumber(),
            loop,
            config.tuning().commandPatienceMillis(),
            this::announce,
            this::isMemoryLimitInForce);
    this.clocks = new NodeClocks(loop, config.tuning().maxClockSkewMillis());
    this.balance =
        new LeaderBalance(
            placement.members(),
            clocks,
            replica ->
                links.reaches(replica)
                    && !fullDisks.contains(replica.nodeId())
                    && !leaving.contains(replica.nodeId()),
            node -> links.hasReachedFor(node, SETTLING_NANOS));
    this.reconfiguration =
        new Reconfiguration(
            replica -> replica == metaReplica ? metaVoters() : members(replica), links::reaches);
    this.owners =
        new SlotOwners(
            config.nodeId(),
            placement.members(),
            loop::nanoTime,
            post::reaches,
            this::clientAddress);
    this.space =
        new SpaceGuard(
            config.tuning().minFreeBytes(),
            loop,
            storage::measureFreeBytes,
            storage::writtenBytes,
            () -> balance.resign(replicas),
            this::spaceChanged);
    this.snapshotTrigger =
        new SnapshotTrigger(config.tuning().snapshotLogBytes(), groups.values(), space::hasRoomFor);
    this.readIndex = new ReadIndex(loop, post, config.tuning(), groups, identity.firstNumber());
    this.context = context(raftCodec);
    LeaderDirectory leaders =
        new LeaderDirectory(groups, placement.members(), post, config.nodeId(), fullDisks);
    SessionKey session =
        new SessionKey(
            config.nodeId(), identity.metadata().incarnation(), identity.metadata().bootNumber());
    for (int shard = 0; shard < shards; shard++) {
      writes.add(
          new WriteChannel(
              shard, loop, post, config.tuning(), patience, leaders, session, identity::nextBoot));
      reads.add(
          new ReadChannel(
              shard,
              loop,
              post,
              config.tuning(),
              patience,
              leaders,
              groups,
              config.nodeId(),
              identity.firstNumber()));
    }
    this.router = new Router(shards, loop, patience, writes, reads, this::activate);
    this.followerReads = new FollowerReads(loop, shards, groups, openSession());
    log.onSynced(this::synced);
  }

  private LoopContext context(RaftCodec raftCodec) {
    int commitCount =
        identity.grown(
            "commitCountToTakeSnapshot", config.tuning().commitCountToTakeSnapshot(), faults);
    int maxPending =
        identity.grown("maxPendingLogEntryCount", config.tuning().maxPendingEntries(), faults);
    return new LoopContext(
        loop,
        storage,
        raftCodec,
        new RecentEntries(config.tuning().recentEntryBytes()),
        faults,
        config.tuning(),
        commitCount,
        maxPending,
        links.outboxes(),
        submitted::add,
        () -> slowestSyncMillis,
        this::leaderChanged);
  }

  /** Dials the peers and, as soon as the cluster allows, opens this node's replicas. */
  public void start() {
    for (String note : storage.recoveryNotes()) {
      LOGGER.warn("recovery: {}", note);
    }
    space.start();
    links.dial();
    firstStart.begin();
    every(HANDSHAKE_NANOS, this::handshake);
    every(PULSE_NANOS, this::pulse);
    every(SETTINGS_NANOS, this::bringSettings);
    if (!config.memory().equals(MemoryLimit.NONE)) {
      memoryChanges.propose(config.memory());
    }
    every(TimeUnit.MILLISECONDS.toNanos(config.tuning().tickMillis()), this::tick);
    every(
        TimeUnit.MILLISECONDS.toNanos(config.tuning().leaderBalanceMillis()), this::balanceLeaders);
  }

  private void every(long periodNanos, Runnable task) {
    EventLoop.Timer unused =
        loop.schedule(
            () -> {
              if (!stopped) {
                task.run();
                every(periodNanos, task);
              }
            },
            periodNanos);
  }

  // --- clients and peers
  // ---------------------------------------------------------------------------

  /** For one client to whom the cluster is one server. */
  public ClientSession openSession() {
    return new ClientSession(router, ShardScope.ALL);
  }

  /** For one client that knows the cluster: its keyless commands cover what this node owns. */
  public ClientSession openClusterSession() {
    return new ClientSession(router, owners);
  }

  /** For clients that would rather have a read from here than a newer one from the leader. */
  public FollowerReads followerReads() {
    return followerReads;
  }

  /** What clients that know the cluster are told; always up to date. */
  public SlotOwners owners() {
    return owners;
  }

  /**
   * For one link that a peer has dialled.
   *
   * @param closeLink closes it, because of what came over it
   */
  public InboundLink accept(Runnable closeLink) {
    return links.accept(closeLink);
  }

  private void activate(int shard) {
    active.set(shard);
    schedulePatrol();
  }

  private void schedulePatrol() {
    if (!patrolScheduled) {
      patrolScheduled = true;
      patrolDueNanos = loop.nanoTime() + PATROL_NANOS;
      EventLoop.Timer unused = loop.schedule(this::patrol, PATROL_NANOS);
    }
  }

  private void patrol() {
    patrolScheduled = false;
    if (stopped) {
      return;
    }
    patience.loopWasLate(loop.nanoTime() - patrolDueNanos);
    readIndex.patrol();
    for (int shard = active.nextSetBit(0); shard >= 0; shard = active.nextSetBit(shard + 1)) {
      writes.get(shard).patrol();
      reads.get(shard).patrol();
    }
    if (!active.isEmpty() || !readIndex.isIdle()) {
      schedulePatrol();
    }
  }

  // --- the turn
  // ------------------------------------------------------------------------------------

  /** Ends a turn; see the class comment. */
  public void endTurn() {
    if (stopped) {
      return;
    }
    boolean progress = true;
    for (int pass = 0; progress && pass < MAX_PASSES; pass++) {
      progress = runSubmitted();
      progress |= handleToSelf();
      progress |= pump();
      progress |= readIndex.startRound();
    }
    if (progress) {
      loop.execute(() -> {}); // Another turn follows at once.
    }
    space.endTurn();
    if (!log.syncInFlight() && log.hasUnsynced()) {
      syncStartNanos = loop.nanoTime();
      boolean started = log.startSync();
      assert started;
    }
    if (links.flush()) {
      schedulePieces();
    }
  }

  /** The sockets have taken a piece of a snapshot chunk by then, most of the time. */
  private void schedulePieces() {
    if (!piecesScheduled) {
      piecesScheduled = true;
      EventLoop.Timer unused = loop.schedule(() -> piecesScheduled = false, PIECES_NANOS);
    }
  }

  private boolean runSubmitted() {
    boolean any = false;
    for (int i = submitted.size(); i > 0; i--) {
      submitted.remove().run();
      any = true;
    }
    return any;
  }

  private boolean handleToSelf() {
    boolean any = false;
    for (int i = toSelf.size(); i > 0; i--) {
      received(config.nodeId(), identity.metadata().incarnation(), toSelf.remove());
      any = true;
    }
    return any;
  }

  private boolean pump() {
    boolean any = false;
    for (int shard = active.nextSetBit(0); shard >= 0; shard = active.nextSetBit(shard + 1)) {
      any |= writes.get(shard).pump();
      any |= reads.get(shard).pump();
      if (writes.get(shard).isIdle() && reads.get(shard).isIdle()) {
        active.clear(shard);
      }
    }
    return any;
  }

  private void synced() {
    long millis = TimeUnit.NANOSECONDS.toMillis(loop.nanoTime() - syncStartNanos);
    slowestSyncMillis = Math.max(millis, slowestSyncMillis * 15 / 16);
    for (Replica replica : replicas) {
      replica.synced();
    }
  }

  // --- opening
  // -------------------------------------------------------------------------------------

  private final class StartListener implements FirstStart.Listener {

    @Override
    public void helloChanged() {
      links.hello();
      if (!firstStart.refusal().isEmpty()) {
        LOGGER.error("this node takes no part in the cluster: {}", firstStart.refusal());
      }
    }

    @Override
    public void open() {
      Engine.this.open();
    }

    @Override
    public void mapHeard(ClusterMap shown) {
      if (opened) {
        learnMap(shown);
      }
    }

    @Override
    public void wantsBack(String nodeId, long incarnation) {
      if (opened) {
        learnMapOfMeta();
        admission.wantsBack(nodeId, incarnation, Objects.requireNonNull(map));
      }
    }
  }

  private void handshake() {
    if (firstStart.stage() != FirstStart.Stage.OPENED) {
      links.hello();
    }
  }

  private void open() {
    ClusterTable table = Objects.requireNonNull(firstStart.table());
    LOGGER.info(
        "cluster {}: {} nodes, {} shards, opening",
        table.clusterId(),
        table.incarnations().size(),
        table.shards());
    map = ClusterMap.first(table);
    firstStart.learned(map);
    List<String> metaVoters = metaVoters();
    if (metaVoters.contains(config.nodeId())) {
      metaState = new MetaState(table);
      metaReplica = openReplica(MetaState.GROUP, table, metaVoters, metaState);
    }
    for (int shard = 0; shard < shards; shard++) {
      List<String> members = placement.members().get(shard);
      if (members.contains(config.nodeId())) {
        ShardReplicatedState state =
            new ShardReplicatedState(new LogClock(loop), clocks::boundedMillis);
        groups.put(shard, new ShardGroup(shard, openReplica(shard, table, members, state), state));
      }
    }
    storage.releaseRecovered();
    opened = true;
    for (Replica replica : replicas) {
      List<String> members = replica == metaReplica ? metaVoters : members(replica);
      replica.start(members.get(0).equals(config.nodeId()));
    }
    if (space.isLow()) {
      spaceChanged();
    }
  }

  private List<String> metaVoters() {
    return Objects.requireNonNull(firstStart.table()).incarnations().keySet().stream()
        .limit(MetaState.MAX_VOTERS)
        .toList();
  }

  private List<String> members(Replica ofShard) {
    return placement.members().get(ofShard.group());
  }

  private Replica openReplica(
      int group, ClusterTable table, List<String> members, ReplicatedState state) {
    List<ReplicaEndpoint> endpoints = new ArrayList<>();
    for (String node : members) {
      endpoints.add(
          new ReplicaEndpoint(node, Objects.requireNonNull(table.incarnations().get(node)), 0));
    }
    ReplicaEndpoint self =
        new ReplicaEndpoint(config.nodeId(), identity.metadata().incarnation(), 0);
    RecoveredReplica recovered = storage.recovered().get(group);
    Replica replica =
        Replica.open(context, group, self, endpoints, state, recovered, random.nextLong());
    replicas.add(replica);
    return replica;
  }

  // --- what nodes tell each other
  // ------------------------------------------------------------------

  private void received(String from, long incarnation, PeerMessage message) {
    if (!opened) {
      return;
    }
    if (message instanceof PeerMessage.Raft raft) {
      Replica replica = replica(raft.group());
      if (replica != null) {
        replica.handle(raft);
      }
    } else if (message instanceof PeerMessage.Batch batch) {
      onBatch(from, batch);
    } else if (message instanceof PeerMessage.BatchAnswer answer) {
      if (answer.shard() < shards) {
        writes.get(answer.shard()).onAnswer(from, answer);
      }
    } else if (message instanceof PeerMessage.Read read) {
      readIndex.onRead(from, incarnation, read);
      schedulePatrol();
    } else if (message instanceof PeerMessage.ReadAnswer answer) {
      if (answer.shard() < shards) {
        reads.get(answer.shard()).onAnswer(from, answer);
      }
    } else if (message instanceof PeerMessage.ReadRefused refused) {
      if (refused.shard() < shards) {
        reads.get(refused.shard()).onRefused(from, refused);
      }
    } else if (message instanceof PeerMessage.ReadIndex question) {
      readIndex.onQuestion(from, question);
    } else if (message instanceof PeerMessage.ReadIndexAnswer answer) {
      readIndex.onAnswer(from, incarnation, answer);
    } else if (message instanceof PeerMessage.Pulse pulse) {
      onPulse(from, pulse);
    } else if (message instanceof PeerMessage.Digests digests) {
      digestWatch.heard(from, incarnation, digests);
    } else if (message instanceof PeerMessage.MapChange change) {
      onMapChange(change);
    } else if (message instanceof PeerMessage.MapCopy copy) {
      learnMap(ClusterMap.decode(copy.map()));
    }
  }

  private @Nullable Replica replica(int group) {
    if (group == MetaState.GROUP) {
      return metaReplica;
    }
    ShardGroup shardGroup = groups.get(group);
    return shardGroup == null ? null : shardGroup.replica();
  }

  /**
   * Proposes a batch if this node leads its shard. Whether the session knows it is decided by
   * apply, never beforehand (DESIGN 5).
   */
  private void onBatch(String origin, PeerMessage.Batch batch) {
    ShardGroup group = groups.get(batch.shard());
    if (group == null || !group.replica().isLeader()) {
      answer(origin, batch, refusal(group));
      return;
    }
    group
        .replica()
        .propose(
            Proposal.batch(group.state().stampMillis(), batch.batch()),
            new ProposalListener() {
              @Override
              public void applied(long index, Object result) {
                group
                    .replica()
                    .whenDurable(
                        origin,
                        index,
                        () -> answer(origin, batch, new BatchVerdict.Decided((Outcome) result)));
              }

              @Override
              public void notApplied() {
                answer(origin, batch, refusal(group));
              }
            });
  }

  private static BatchVerdict refusal(@Nullable ShardGroup group) {
    String leader = group == null ? null : group.replica().leaderNodeId();
    return new BatchVerdict.Refused(leader == null ? "" : leader);
  }

  private void answer(String origin, PeerMessage.Batch batch, BatchVerdict verdict) {
    post.tell(
        origin,
        new PeerMessage.BatchAnswer(batch.shard(), batch.boot(), batch.sequence(), verdict));
  }

  private void leaderChanged(Replica replica) {
    if (replica != metaReplica) {
      owners.replicaKnows(replica.group(), replica.leaderNodeId(), replica.term());
      submitted.add(() -> resend(replica.group()));
    }
  }

  private void resend(int shard) {
    writes.get(shard).leaderChanged();
    reads.get(shard).leaderChanged();
  }

  private final class EnginePost implements Post {

    @Override
    public void tell(String nodeId, PeerMessage message) {
      if (nodeId.equals(config.nodeId())) {
        toSelf.add(message);
      } else {
        Objects.requireNonNull(links.outboxes().get(nodeId)).add(message);
      }
    }

    @Override
    public boolean reaches(String nodeId) {
      return opened && (nodeId.equals(config.nodeId()) || links.reaches(nodeId));
    }
  }

  private final class LinkListener implements PeerLinks.Listener {

    @Override
    public void linkUp(String nodeId) {
      linkChanged(nodeId);
    }

    @Override
    public void linkBroken(String nodeId, boolean nodeIsGone) {
      clocks.forget(nodeId);
      fullDisks.heard(nodeId, false);
      leaving.remove(nodeId);
      for (Replica replica : replicas) {
        replica.linkBroken(nodeId);
        if (nodeIsGone) {
          replica.nodeIsGone(nodeId);
        }
      }
      linkChanged(nodeId);
    }

    private void linkChanged(String nodeId) {
      for (ShardGroup group : groups.values()) {
        if (nodeId.equals(group.replica().leaderNodeId())) {
          resend(group.shard());
        }
      }
    }

    @Override
    public void received(String nodeId, long incarnation, PeerMessage message) {
      Engine.this.received(nodeId, incarnation, message);
    }
  }

  // --- now and then
  // --------------------------------------------------------------------------------

  private void tick() {
    if (opened) {
      learnMapOfMeta();
      ClusterMap known = Objects.requireNonNull(map);
      upkeep.run(groups.values(), known);
      reconfiguration.run(replicas, known);
    }
    snapshotTrigger.check(replicas);
  }

  private void balanceLeaders() {
    if (!stopping) {
      balance.balance(groups.values().stream().map(ShardGroup::replica).toList());
    }
  }

  private void pulse() {
    if (!opened) {
      return;
    }
    digestWatch.tell();
    learnMapOfMeta();
    ClusterMap known = Objects.requireNonNull(map);
    for (String nodeId : links.outboxes().keySet()) {
      post.tell(
          nodeId,
          new PeerMessage.Pulse(
              loop.wallClockMillis(), known.epoch(), leads(), space.isLow(), stopping));
    }
    ClusterMap.Node self =
        new ClusterMap.Node(
            identity.metadata().incarnation(),
            Objects.requireNonNull(config.nodes().get(config.nodeId())),
            config.advertised());
    if (!self.equals(known.nodes().get(config.nodeId()))) {
      boolean unused = announce(MetaState.announcement(config.nodeId(), self));
    }
    if (!log.hasUnsynced() && !log.syncInFlight()) {
      boolean unused = log.startIdleMark();
    }
  }

  private List<PeerMessage.GroupTerm> leads() {
    List<PeerMessage.GroupTerm> leads = new ArrayList<>();
    groups.forEach(
        (shard, group) -> {
          if (group.replica().isEstablishedLeader()) {
            leads.add(new PeerMessage.GroupTerm(shard, group.replica().term()));
          }
        });
    return leads;
  }

  private void bringSettings() {
    if (!memoryChanges.isIdle()) {
      learnMapOfMeta();
      memoryChanges.patrol(opened ? map : null);
    }
  }

  /**
   * What each node may use for data, as far as this node knows: its own changes as soon as they are
   * answered, those of others within a second while `meta` is reached.
   */
  public MemoryLimit memory() {
    learnMapOfMeta();
    ClusterMap known = map;
    return known == null ? MemoryLimit.NONE : known.memory();
  }

  private boolean isMemoryLimitInForce(long revision) {
    return groups.values().stream()
        .allMatch(group -> group.state().shard().memoryLimit().revision() >= revision);
  }

  /**
   * Whether by what this node knows nothing more can be stored: the limit is too small for any
   * entry or below what this node holds, and nothing may be evicted. A hint: shards decide.
   */
  public boolean isOutOfMemory() {
    MemoryLimit limit = memory();
    if (!limit.isOn() || limit.evicts()) {
      return false;
    }
    long used =
        groups.values().stream()
            .mapToLong(group -> group.state().shard().stats().logicalBytes())
            .sum();
    return limit.bytes() < Limits.ENTRY_OVERHEAD_BYTES || used > limit.bytes();
  }

  /** To change that, for the whole cluster. */
  public MemoryChanges memoryChanges() {
    return memoryChanges;
  }

  /** Sends a change to whoever leads `meta`; false if that is not known. */
  private boolean announce(byte[] change) {
    Replica meta = metaReplica;
    if (meta == null) {
      // Whoever of them leads takes it, the others do not.
      metaVoters().forEach(node -> post.tell(node, new PeerMessage.MapChange(change)));
      return true;
    }
    String leader = meta.leaderNodeId();
    if (leader != null) {
      post.tell(leader, new PeerMessage.MapChange(change));
    }
    return leader != null;
  }

  private void onMapChange(PeerMessage.MapChange change) {
    Replica meta = metaReplica;
    if (meta != null && meta.isLeader() && MetaState.isChange(change.change())) {
      meta.propose(change.change(), ProposalListener.INDIFFERENT);
    }
  }

  private void onPulse(String from, PeerMessage.Pulse pulse) {
    clocks.heard(from, pulse.wallClockMillis());
    for (PeerMessage.GroupTerm led : pulse.leads()) {
      owners.heard(led.shard(), from, led.term());
    }
    fullDisks.heard(from, pulse.diskIsLow());
    if (pulse.isLeaving()) {
      leaving.add(from);
    } else {
      leaving.remove(from);
    }
    ClusterMap known = Objects.requireNonNull(map);
    if (pulse.mapEpoch() < known.epoch()) {
      post.tell(from, new PeerMessage.MapCopy(known.encode()));
    }
  }

  /** What this node's replica of `meta` has applied, if it has one. */
  private void learnMapOfMeta() {
    MetaState meta = metaState;
    if (opened && meta != null) {
      learnMap(meta.map());
    }
  }

  private void learnMap(ClusterMap newer) {
    if (newer.epoch() > Objects.requireNonNull(map).epoch()) {
      map = newer;
      firstStart.learned(newer);
    }
  }

  /** The disk is nearly full, or no longer. */
  private void spaceChanged() {
    fullDisks.heard(config.nodeId(), space.isLow());
    if (!opened) {
      return; // Looks again when it is.
    }
    switch (space.stage()) {
      case TAKING_PART -> replicas.forEach(Replica::takePart);
      case HANDING_OVER -> {}
      case STANDING_ASIDE -> replicas.forEach(Replica::standAside);
    }
    pulse(); // So that the others know at once.
  }

  // --- stopping and looking
  // ------------------------------------------------------------------------

  /**
   * Stops gracefully: hands leaderships over, syncs what is appended, marks the log's end. Commands
   * still under way get no reply.
   *
   * @param done runs on the loop, after at most a few seconds
   */
  public void stop(Runnable done) {
    if (stopping) {
      return;
    }
    stopping = true;
    space.stop();
    pulse(); // So that nobody hands anything to this node any more.
    resign(loop.nanoTime() + RESIGN_NANOS, done);
  }

  private void resign(long deadlineNanos, Runnable done) {
    boolean leads = balance.resign(replicas) && balance.hasHeirs(replicas);
    boolean inOffice = leads || balance.isElectionUnderWay(replicas);
    if (inOffice && loop.nanoTime() < deadlineNanos) {
      EventLoop.Timer unused = loop.schedule(() -> resign(deadlineNanos, done), RESIGN_STEP_NANOS);
      return;
    }
    // Before the wait for the disk: followers under load are never done with writing.
    replicas.forEach(Replica::terminate);
    drain(done);
  }

  /** What has been appended, acknowledgements and votes among it, leaves before the node does. */
  private void drain(Runnable done) {
    if (!log.hasUnsynced() && !log.syncInFlight()) {
      stopped = true;
      done.run();
      return;
    }
    EventLoop.Timer unused = loop.schedule(() -> drain(done), RESIGN_STEP_NANOS);
  }

  /** Whether every replica on this node knows a leader, so that commands are served. */
  public boolean isReady() {
    return notReadyReason().isEmpty();
  }

  private String notReadyReason() {
    if (stopping) {
      return "stopping";
    }
    if (!firstStart.refusal().isEmpty()) {
      return firstStart.refusal();
    }
    if (space.isLow()) {
      return space.reason();
    }
    if (!opened) {
      return "waiting for the other nodes of the first start";
    }
    for (Replica replica : replicas) {
      if (replica.leaderNodeId() == null) {
        return "group " + name(replica) + " has no leader";
      }
    }
    return joining();
  }

  /** A node that was taken in again votes nowhere until it has fetched everything. */
  private String joining() {
    int voting = 0;
    for (Replica replica : replicas) {
      voting += replica.isVoter() ? 1 : 0;
    }
    return voting == replicas.size()
        ? ""
        : "joining: " + voting + " of " + replicas.size() + " replicas have fetched all and vote";
  }

  private static String name(Replica replica) {
    return replica.group() == MetaState.GROUP ? "meta" : Integer.toString(replica.group());
  }

  /** What this node knows now. */
  public NodeStatus status() {
    List<NodeStatus.PeerStatus> nodes = new ArrayList<>();
    config
        .nodes()
        .forEach(
            (id, peer) -> {
              ClientAddress client = clientAddress(id);
              Outbox outbox = links.outboxes().get(id);
              nodes.add(
                  new NodeStatus.PeerStatus(
                      id,
                      peer.host(),
                      peer.port(),
                      client.host(),
                      client.respPort(),
                      client.textPort(),
                      client.httpPort(),
                      client.clusterPort(),
                      id.equals(config.nodeId()) || links.reaches(id),
                      TimeUnit.NANOSECONDS.toMillis(links.upNanos(id)),
                      outbox == null ? 0 : outbox.droppedFrames(),
                      outbox == null ? 0 : outbox.droppedMessages()));
            });
    List<NodeStatus.ReplicaStatus> all = new ArrayList<>();
    Replica meta = metaReplica;
    if (meta != null) {
      all.add(replicaStatus(-1, meta, null));
    }
    groups.forEach(
        (shard, group) -> all.add(replicaStatus(shard, group.replica(), group.state().shard())));
    ClusterTable table = firstStart.table();
    return new NodeStatus(
        config.nodeId(),
        identity.metadata().incarnation(),
        table == null ? "" : table.clusterId(),
        isReady(),
        notReadyReason(),
        TimeUnit.NANOSECONDS.toMillis(loop.nanoTime() - startNanos),
        map == null ? 0 : map.epoch(),
        shards,
        nodes,
        all,
        log.logBytes(),
        space.status());
  }

  private ClientAddress clientAddress(String nodeId) {
    if (nodeId.equals(config.nodeId())) {
      return config.advertised();
    }
    ClusterMap.Node announced = map == null ? null : map.nodes().get(nodeId);
    return announced == null ? ClientAddress.UNKNOWN : announced.client();
  }

  private NodeStatus.ReplicaStatus replicaStatus(
      int shard, Replica replica, @Nullable ShardState data) {
    String leader = replica.leaderNodeId();
    ShardStats stats = data == null ? null : data.stats();
    return new NodeStatus.ReplicaStatus(
        shard,
        data == null ? -1 : Slots.firstSlot(shard, shards),
        data == null ? -1 : Slots.lastSlot(shard, shards),
        replica.role(),
        leader == null ? "" : leader,
        replica.term(),
        replica.commitIndex(),
        replica.commitIndex(),
        replica.lastIndex(),
        replica.snapshotIndex(),
        stats == null ? 0 : stats.keys(),
        stats == null ? 0 : stats.logicalBytes(),
        stats == null ? 0 : stats.expiredKeys(),
        stats == null ? 0 : stats.evictedKeys(),
        data == null ? 0 : data.logTimeMillis(),
        data == null ? 0 : data.digest(),
        replica.digests().difference());
  }
}
