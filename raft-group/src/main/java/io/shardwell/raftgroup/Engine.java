package io.shardwell.raftgroup;

import io.shardwell.raftgroup.cluster.Admission;
import io.shardwell.raftgroup.cluster.ClusterMap;
import io.shardwell.raftgroup.cluster.ClusterTable;
import io.shardwell.raftgroup.cluster.FirstStart;
import io.shardwell.raftgroup.cluster.LimitReports;
import io.shardwell.raftgroup.cluster.MemoryChanges;
import io.shardwell.raftgroup.cluster.MemoryDealer;
import io.shardwell.raftgroup.cluster.MetaState;
import io.shardwell.raftgroup.cluster.NodeIdentity;
import io.shardwell.raftgroup.cluster.Placement;
import io.shardwell.raftgroup.reads.FollowerReads;
import io.shardwell.raftgroup.reads.ReadIndex;
import io.shardwell.raftgroup.reads.ShardGroup;
import io.shardwell.raftgroup.replica.DownloadRoom;
import io.shardwell.raftgroup.replica.LoopContext;
import io.shardwell.raftgroup.replica.RecentEntries;
import io.shardwell.raftgroup.replica.Replica;
import io.shardwell.raftgroup.replica.ReplicaEndpoint;
import io.shardwell.raftgroup.replica.SliceQueue;
import io.shardwell.raftgroup.routing.LeaderDirectory;
import io.shardwell.raftgroup.routing.Patience;
import io.shardwell.raftgroup.routing.ReadChannel;
import io.shardwell.raftgroup.routing.Router;
import io.shardwell.raftgroup.routing.ShardChannels;
import io.shardwell.raftgroup.routing.ShardScope;
import io.shardwell.raftgroup.routing.SlotOwners;
import io.shardwell.raftgroup.routing.WriteChannel;
import io.shardwell.raftgroup.wire.FrameCodec;
import io.shardwell.raftgroup.wire.PeerMessage;
import io.shardwell.raftgroup.wire.RaftCodec;
import io.shardwell.statemachine.MemoryLimit;
import io.shardwell.statemachine.SessionKey;
import io.shardwell.storage.FaultHandler;
import io.shardwell.storage.NodeStorage;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A whole node but for sockets and threads (DESIGN 4): puts its parts together, and drives them by
 * turns and by timers.
 *
 * <p>The owner of the {@link EventLoop} hands in what happens (frames, commands, timers, finished
 * syncs) and then calls {@link #endTurn()}: what gathered is proposed and asked, the log's buffer
 * goes to the disk if that is idle, as one append and one sync for all shards, and each peer gets
 * one frame. While the disk works the next turns go on; that is the {@link GroupCommit}.
 *
 * <p>A client's command goes through a {@link ClientSession} and the {@link ShardChannels} to the
 * node that leads its shard, which may be this one. What nodes say comes in through the {@link
 * PeerLinks} and the {@link PeerInbox}, which knows who is to hear it: one of the {@link
 * LocalReplicas}, the {@link BatchProposer} and the {@link ReadIndex} where this node leads, the
 * channels where it has asked, or those who keep track of the other nodes ({@link Pulses}, {@link
 * ClusterMapCopy}).
 *
 * <p>Loop thread only, the constructor included.
 */
public final class Engine {

  private static final Logger LOGGER = LoggerFactory.getLogger(Engine.class);

  /** Rounds of work in one turn at most; what is left goes into the next. */
  private static final int MAX_PASSES = 32;

  private static final long PULSE_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  /** Nodes that run and reach this one have said something within this time. */
  private static final long SILENT_NANOS = 4 * PULSE_NANOS;

  private static final long PIECES_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
  private static final long SETTINGS_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
  private static final long HANDSHAKE_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

  /** A node gets leaderships back after so long a time on the network. */
  private static final long SETTLING_NANOS = TimeUnit.SECONDS.toNanos(5);

  private final EngineConfig config;
  private final EventLoop loop;
  private final NodeStorage storage;
  private final NodeIdentity identity;
  private final Random random;
  private final long startNanos;

  // This node and the others.
  private final FirstStart firstStart;
  private final PeerLinks links;
  private final NodePost post;
  private final PeerInbox inbox;
  private final Pulses pulses;
  private final NodeClocks clocks;
  private final FullDisks fullDisks = new FullDisks();
  private final DigestWatch digestWatch;
  private final ClusterMapCopy mapCopy;
  private final MemoryInForce memory;
  private final MemoryChanges memoryChanges;
  private final MemoryDealing memoryDealing;
  private final Admission admission;

  // Its replicas.
  private final LocalReplicas replicas;
  private final LoopContext context;
  private final GroupCommit commit;
  private final ReadIndex readIndex;
  private final ShardUpkeep upkeep = new ShardUpkeep();
  private final LeaderBalance balance;
  private final Reconfiguration reconfiguration;
  private final SpaceGuard space;
  private final SnapshotTrigger snapshotTrigger;

  // Its clients.
  private final ShardChannels channels;
  private final Router router;
  private final SlotOwners owners;
  private final FollowerReads followerReads;

  private final GracefulStop stop;
  private final Readiness readiness;

  /** What this turn still has to do. */
  private final ArrayDeque<Runnable> submitted = new ArrayDeque<>();

  private boolean piecesScheduled;

  /** Nothing moves before {@link #start()}. */
  public Engine(
      EngineConfig config, EventLoop loop, PeerBus bus, NodeStorage storage, FaultHandler faults) {
    this.config = config;
    this.loop = loop;
    this.storage = storage;
    this.random = new Random(config.seed());
    this.startNanos = loop.nanoTime();
    this.identity = NodeIdentity.begin(storage, random, loop::wallClockMillis, faults);
    long incarnation = identity.metadata().incarnation();
    long bootNumber = identity.metadata().bootNumber();
    byte[] table = identity.metadata().clusterTable();
    ClusterTable stored = table.length == 0 ? null : ClusterTable.decode(table);
    int shards = stored == null ? config.shards() : stored.shards();
    int replicasEach = stored == null ? config.replicas() : stored.replicas();
    Placement placement = Placement.of(config.nodes().keySet(), shards, replicasEach);
    RaftCodec raftCodec = new RaftCodec();

    this.firstStart = new FirstStart(config, identity, new StartListener());
    this.links =
        new PeerLinks(config, loop, bus, new FrameCodec(raftCodec), firstStart, new LinkListener());
    this.replicas = new LocalReplicas(config.nodeId(), incarnation, placement);
    this.post = new NodePost(config.nodeId(), links, replicas);
    this.digestWatch = new DigestWatch(replicas.groups(), post);
    this.mapCopy =
        new ClusterMapCopy(
            config.nodeId(),
            new ClusterMap.Node(
                incarnation,
                Objects.requireNonNull(config.nodes().get(config.nodeId())),
                config.advertised()),
            replicas,
            firstStart,
            post);
    this.admission = new Admission(loop, mapCopy::announce);
    this.memory = new MemoryInForce(replicas, mapCopy);
    this.memoryChanges =
        new MemoryChanges(
            config.nodeId(),
            incarnation,
            bootNumber,
            loop,
            config.tuning().commandPatienceMillis(),
            mapCopy::announce,
            memory::isInForce);
    this.memoryDealing =
        new MemoryDealing(
            loop,
            post,
            replicas,
            new MemoryDealer(placement.members()),
            new LimitReports(config.nodeId(), incarnation),
            mapCopy::announce);
    this.clocks = new NodeClocks(loop, config.tuning().maxClockSkewMillis());
    this.owners =
        new SlotOwners(
            config.nodeId(),
            placement.members(),
            loop::nanoTime,
            post::reaches,
            mapCopy::clientAddress);
    this.pulses =
        new Pulses(
            loop, post, links.outboxes().keySet(), replicas, mapCopy, owners, clocks, fullDisks);

    this.commit = new GroupCommit(loop, storage.log(), this::synced);
    this.context = context(raftCodec, faults);
    Predicate<ReplicaEndpoint> takesPart =
        replica -> links.reaches(replica) && !fullDisks.contains(replica.nodeId());
    this.balance =
        new LeaderBalance(
            placement.members(),
            clocks,
            takesPart.and(replica -> pulses.takesOffice(replica.nodeId())),
            node -> links.hasReachedFor(node, SETTLING_NANOS));
    this.reconfiguration = new Reconfiguration(replicas::placement, takesPart);
    this.space =
        new SpaceGuard(
            config.tuning().minFreeBytes(),
            loop,
            storage::measureFreeBytes,
            storage::writtenBytes,
            () -> balance.resign(replicas.all()),
            this::spaceChanged);
    this.snapshotTrigger =
        new SnapshotTrigger(
            config.tuning().snapshotLogBytes(), replicas.groups().values(), space::hasRoomFor);
    this.readIndex =
        new ReadIndex(loop, post, config.tuning(), replicas.groups(), identity.firstNumber());

    this.channels = channels(placement, new SessionKey(config.nodeId(), incarnation, bootNumber));
    this.router = channels.router();
    this.followerReads = new FollowerReads(loop, shards, replicas.groups(), openSession());
    this.inbox =
        new PeerInbox(
            replicas,
            new BatchProposer(replicas.groups(), post),
            readIndex,
            channels,
            pulses,
            digestWatch,
            memoryDealing,
            mapCopy);
    this.stop =
        new GracefulStop(
            loop,
            balance,
            replicas.all(),
            commit,
            nanos -> links.hasHeardFromAllSince(nanos, node -> !pulses.isLeaving(node)));
    this.readiness = new Readiness(stop, firstStart, space, replicas);
  }

  private LoopContext context(RaftCodec raftCodec, FaultHandler faults) {
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
        new DownloadRoom(config.tuning().replacedStateBytes(), loop),
        new SliceQueue(loop),
        faults,
        config.tuning(),
        commitCount,
        maxPending,
        links.outboxes(),
        submitted::add,
        commit::slowestSyncMillis,
        this::leaderChanged);
  }

  private ShardChannels channels(Placement placement, SessionKey session) {
    Patience patience = new Patience(loop, config.tuning().commandPatienceMillis());
    LeaderDirectory leaders =
        new LeaderDirectory(
            replicas.groups(), placement.members(), post, config.nodeId(), fullDisks);
    List<WriteChannel> writes = new ArrayList<>();
    List<ReadChannel> reads = new ArrayList<>();
    for (int shard = 0; shard < replicas.shards(); shard++) {
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
              replicas.groups(),
              config.nodeId(),
              identity.firstNumber()));
    }
    return new ShardChannels(loop, patience, writes, reads, readIndex);
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
              if (!stop.isDone()) {
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

  /** What each node may use for data, as far as this node knows. */
  public MemoryLimit memory() {
    return memory.limit();
  }

  /** Whether by what this node knows nothing more can be stored. A hint: shards decide. */
  public boolean isOutOfMemory() {
    return memory.isUsedUp();
  }

  /** To change what each node may use, for the whole cluster. */
  public MemoryChanges memoryChanges() {
    return memoryChanges;
  }

  // --- the turn
  // ------------------------------------------------------------------------------------

  /** Ends a turn; see the class comment. */
  public void endTurn() {
    if (stop.isDone()) {
      return;
    }
    boolean progress = true;
    for (int pass = 0; progress && pass < MAX_PASSES; pass++) {
      progress = runSubmitted();
      progress |= post.deliverToSelf(this::receivedFromSelf);
      progress |= channels.pump();
      progress |= readIndex.startRound();
    }
    if (progress) {
      loop.execute(() -> {}); // Another turn follows at once.
    }
    space.endTurn();
    commit.endTurn();
    if (links.flush()) {
      schedulePieces();
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

  private void receivedFromSelf(PeerMessage message) {
    inbox.received(config.nodeId(), identity.metadata().incarnation(), message);
  }

  /** The sockets have taken a piece of a snapshot chunk by then, most of the time. */
  private void schedulePieces() {
    if (!piecesScheduled) {
      piecesScheduled = true;
      EventLoop.Timer unused = loop.schedule(() -> piecesScheduled = false, PIECES_NANOS);
    }
  }

  // --- what the parts tell
  // -------------------------------------------------------------------------

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
      if (replicas.isOpen()) {
        mapCopy.learn(shown);
      }
    }

    @Override
    public void wantsBack(String nodeId, long incarnation) {
      // Whoever says to have given up a node's data, while that node speaks, is not that node.
      if (replicas.isOpen() && !links.hasHeardWithin(nodeId, SILENT_NANOS)) {
        admission.wantsBack(nodeId, incarnation, latestMap());
      }
    }
  }

  private void open() {
    ClusterTable table = Objects.requireNonNull(firstStart.table());
    LOGGER.info(
        "cluster {}: {} nodes, {} shards, opening",
        table.clusterId(),
        table.incarnations().size(),
        table.shards());
    mapCopy.begin(table);
    replicas.open(table, context, random, clocks);
    if (space.isLow()) {
      spaceChanged();
    }
  }

  private final class LinkListener implements PeerLinks.Listener {

    @Override
    public void linkUp(String nodeId) {
      if (replicas.isOpen()) {
        pulses.tell(nodeId, space.isLow(), stop.isBegun());
      }
      channels.linkChanged(nodeId);
    }

    @Override
    public void linkBroken(String nodeId, boolean nodeIsGone) {
      pulses.forget(nodeId);
      for (Replica replica : replicas.all()) {
        replica.linkBroken(nodeId);
        if (nodeIsGone) {
          replica.nodeIsGone(nodeId);
        }
      }
      channels.linkChanged(nodeId);
    }

    @Override
    public void received(String nodeId, long incarnation, PeerMessage message) {
      inbox.received(nodeId, incarnation, message);
    }

    @Override
    public void signOfLife(String nodeId, long incarnation) {
      for (Replica replica : replicas.all()) {
        replica.signOfLife(nodeId, incarnation);
      }
    }

    @Override
    public void answersLater(String nodeId, long incarnation) {
      for (Replica replica : replicas.all()) {
        replica.answersLater(nodeId, incarnation);
      }
    }
  }

  private void leaderChanged(Replica replica) {
    if (replica.group() != MetaState.GROUP) {
      owners.replicaKnows(replica.group(), replica.leaderNodeId(), replica.term());
      submitted.add(() -> channels.leaderChanged(replica.group()));
    }
  }

  private void synced() {
    for (Replica replica : replicas.all()) {
      replica.synced();
    }
  }

  /** The disk is nearly full, or no longer. */
  private void spaceChanged() {
    fullDisks.heard(config.nodeId(), space.isLow());
    if (!replicas.isOpen()) {
      return; // Looks again when they are.
    }
    switch (space.stage()) {
      case TAKING_PART -> replicas.all().forEach(Replica::takePart);
      case HANDING_OVER -> {}
      case STANDING_ASIDE -> replicas.all().forEach(Replica::standAside);
    }
    pulse(); // So that the others know at once.
  }

  // --- now and then
  // --------------------------------------------------------------------------------

  private void handshake() {
    if (firstStart.stage() != FirstStart.Stage.OPENED) {
      links.hello();
    }
  }

  private void tick() {
    if (replicas.isOpen()) {
      ClusterMap known = latestMap();
      upkeep.run(replicas.groups().values(), known);
      memoryDealing.run(known);
      reconfiguration.run(replicas.all(), known);
    }
    snapshotTrigger.check(replicas.all());
  }

  private ClusterMap latestMap() {
    return Objects.requireNonNull(mapCopy.latest());
  }

  private void balanceLeaders() {
    if (!stop.isBegun()) {
      balance.balance(replicas.groups().values().stream().map(ShardGroup::replica).toList());
    }
  }

  private void pulse() {
    if (replicas.isOpen()) {
      digestWatch.tell();
      pulses.tell(space.isLow(), stop.isBegun());
      mapCopy.announceSelf();
      commit.markIdle();
    }
  }

  private void bringSettings() {
    if (!memoryChanges.isIdle()) {
      memoryChanges.patrol(mapCopy.latest());
    }
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
    stop.begin(
        () -> {
          space.stop();
          pulse(); // So that nobody hands anything to this node any more.
        },
        () -> {
          channels.stop();
          done.run();
        });
  }

  /** Whether every replica on this node knows a leader, so that commands are served. */
  public boolean isReady() {
    return readiness.isReady();
  }

  /** What this node knows now. */
  public NodeStatus status() {
    ClusterTable table = firstStart.table();
    ClusterMap map = mapCopy.map();
    return new NodeStatus(
        config.nodeId(),
        identity.metadata().incarnation(),
        table == null ? "" : table.clusterId(),
        readiness.isReady(),
        readiness.reasonAgainst(),
        TimeUnit.NANOSECONDS.toMillis(loop.nanoTime() - startNanos),
        map == null ? 0 : map.epoch(),
        replicas.shards(),
        links.status(mapCopy::clientAddress),
        replicas.status(),
        storage.log().logBytes(),
        space.status(),
        map == null ? 0 : map.memory().bytes(),
        map == null ? 0 : map.memory().revision());
  }
}
