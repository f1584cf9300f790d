package io.shardwell.raftgroup.replica;

import io.microraft.MembershipChangeMode;
import io.microraft.RaftEndpoint;
import io.microraft.model.RaftModelFactory;
import io.microraft.model.impl.DefaultRaftModelFactory;
import io.microraft.model.log.LogEntry;
import io.microraft.model.message.AppendEntriesRequest;
import io.microraft.model.message.PreVoteRequest;
import io.microraft.model.message.RaftMessage;
import io.microraft.model.message.VoteRequest;
import io.shardwell.raftgroup.DialledLinkListener;
import io.shardwell.raftgroup.PeerAddress;
import io.shardwell.raftgroup.PeerBus;
import io.shardwell.raftgroup.Tuning;
import io.shardwell.raftgroup.VirtualLoop;
import io.shardwell.raftgroup.cluster.NodeIdentity;
import io.shardwell.raftgroup.wire.FrameCodec;
import io.shardwell.raftgroup.wire.Outbox;
import io.shardwell.raftgroup.wire.PeerMessage;
import io.shardwell.raftgroup.wire.PieceAssembly;
import io.shardwell.raftgroup.wire.RaftCodec;
import io.shardwell.statemachine.Proposal;
import io.shardwell.storage.MemoryDisk;
import io.shardwell.storage.NodeMetadata;
import io.shardwell.storage.NodeStorage;
import io.shardwell.storage.StorageLimits;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * One replica, node {@code me}, whose peers are played by the test: it hands in messages and sees
 * what leaves. The disk syncs when the test says so.
 */
final class ReplicaFixture implements PeerBus {

  static final int GROUP = 3;

  final VirtualLoop loop = new VirtualLoop();
  final RaftModelFactory models = new DefaultRaftModelFactory();
  final MemoryDisk.Behaviour diskBehaviour = new MemoryDisk.Behaviour();
  final List<ReplicaEndpoint> members = new ArrayList<>();
  final List<String> faults = new ArrayList<>();

  private final ArrayDeque<Runnable> submitted = new ArrayDeque<>();
  private final Map<String, List<RaftMessage>> sent = new TreeMap<>();
  private final Map<String, Outbox> outboxes = new TreeMap<>();
  private final RaftCodec codec = new RaftCodec();

  /** What the configuration asks for; a directory keeps the largest (MICRORAFT B8). */
  int commitCountToTakeSnapshot = 1000;

  /** Shared with groups that are not here; one whole state at a time. */
  final DownloadRoom downloads = new DownloadRoom(0, loop);

  /** What the loop has measured. */
  long slowestSyncMillis;

  MemoryDisk disk;
  NodeStorage storage;
  ShardReplicatedState state;
  Replica replica;
  private long flow;

  /** Members are {@code me} and the peers. */
  ReplicaFixture(String... peers) {
    this(endpoint("me"), peers);
  }

  /** A group that knows {@code me} under an endpoint that may be an earlier one. */
  ReplicaFixture(ReplicaEndpoint knownAs, String... peers) {
    this(knownAs, List.of(peers), List.of(peers));
  }

  /** A group of some of the peers, of which the others come to be members later. */
  ReplicaFixture(List<String> others, List<String> peers) {
    this(endpoint("me"), others, peers);
  }

  private ReplicaFixture(ReplicaEndpoint knownAs, List<String> others, List<String> peers) {
    members.add(knownAs);
    others.forEach(other -> members.add(endpoint(other)));
    FrameCodec frames = new FrameCodec(codec);
    for (String peer : peers) {
      outboxes.put(peer, new Outbox(peer, this, frames));
      sent.put(peer, new ArrayList<>());
    }
    disk = new MemoryDisk(this::schedule, new Random(1), diskBehaviour);
    storage = open();
    try {
      storage.saveMetadata(NodeMetadata.empty().withIncarnation(7));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    state = newState();
    replica = newReplica();
    loop.afterEvent = this::endTurn;
    syncAll();
  }

  static ReplicaEndpoint endpoint(String node) {
    return new ReplicaEndpoint(node, 7, 0);
  }

  /** The process dies and starts again on what its disk kept. */
  void restart() {
    disk = disk.crashProcess(this::schedule);
    storage = open();
    submitted.clear();
    state = newState();
    replica = newReplica();
    syncAll();
  }

  private void schedule(Runnable task, long delayNanos) {
    var unused = loop.schedule(task, delayNanos);
  }

  private NodeStorage open() {
    try {
      return NodeStorage.open(
          disk, StorageLimits.SMALL, (what, cause) -> faults.add(what + ": " + cause));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private ShardReplicatedState newState() {
    return new ShardReplicatedState(
        new LogClock(loop, LongUnaryOperator.identity()), loop::wallClockMillis);
  }

  private Replica newReplica() {
    NodeIdentity identity =
        NodeIdentity.begin(
            storage, new Random(1), () -> 0, (what, cause) -> faults.add(what + ": " + cause));
    LoopContext context =
        new LoopContext(
            loop,
            storage,
            codec,
            new RecentEntries(1 << 20),
            downloads,
            new SliceQueue(loop),
            (what, cause) -> faults.add(what + ": " + cause),
            Tuning.DEFAULT,
            identity.grown(
                "commitCountToTakeSnapshot",
                commitCountToTakeSnapshot,
                (what, cause) -> faults.add(what + ": " + cause)),
            100,
            outboxes,
            submitted::add,
            () -> slowestSyncMillis,
            unused -> {});
    storage.log().onSynced(() -> replica.synced());
    Replica opened =
        Replica.open(
            context, GROUP, endpoint("me"), members, state, storage.recovered().get(GROUP), 5);
    replica = opened;
    opened.start(true);
    return opened;
  }

  /** All pieces of a message leave at once here, so they never mix. */
  private final PieceAssembly pieces = new PieceAssembly();

  private void endTurn() {
    while (!submitted.isEmpty()) {
      submitted.remove().run();
    }
    for (Outbox outbox : outboxes.values()) {
      boolean more = true;
      while (more) {
        more = outbox.endTurn();
      }
    }
  }

  // --- the disk
  // ------------------------------------------------------------------------------------

  /** Ends the turn and lets everything appended so far become durable. */
  void syncAll() {
    endTurn();
    while (storage.log().hasUnsynced() || storage.log().syncInFlight()) {
      boolean unused = storage.log().startSync();
      boolean synced = loop.until(() -> !storage.log().syncInFlight(), 10_000);
      assert synced;
      endTurn();
    }
  }

  // --- what the peers say
  // --------------------------------------------------------------------------

  void receive(RaftMessage message) {
    receive(message, 0, 0);
  }

  void receive(RaftMessage message, long tailIndex, int tailTerm) {
    receive(message, endpoint("me"), tailIndex, tailTerm);
  }

  private void receive(RaftMessage message, ReplicaEndpoint target, long tailIndex, int tailTerm) {
    replica.handle(
        new PeerMessage.Raft(
            GROUP, 0, target.incarnation(), target.generation(), tailIndex, tailTerm, message));
    endTurn();
  }

  /** Makes this replica the leader of the next term, with the votes of these peers. */
  void elect(String... voters) {
    int term = replica.term() + 1;
    boolean asked = loop.until(() -> asksFor(voters[0], term), 20_000);
    assert asked : "no pre-vote";
    for (String voter : voters) {
      grantPreVote(voter, term);
    }
    syncAll();
    for (String voter : voters) {
      receive(
          models
              .createVoteResponseBuilder()
              .setGroupId(GROUP)
              .setSender(endpoint(voter))
              .setTerm(term)
              .setGranted(true)
              .build());
    }
    endTurn();
  }

  /** That voter would vote for this replica. */
  void grantPreVote(String voter, int term) {
    receive(
        models
            .createPreVoteResponseBuilder()
            .setGroupId(GROUP)
            .setSender(endpoint(voter))
            .setTerm(term)
            .setGranted(true)
            .build());
  }

  /** That voter would not. */
  void refusePreVote(String voter, int term) {
    receive(
        models
            .createPreVoteResponseBuilder()
            .setGroupId(GROUP)
            .setSender(endpoint(voter))
            .setTerm(term)
            .setGranted(false)
            .build());
  }

  private boolean asksFor(String voter, int term) {
    PreVoteRequest request = last(voter, PreVoteRequest.class);
    return request != null && request.getTerm() == term;
  }

  void acknowledge(String follower, int term, long index) {
    AppendEntriesRequest request = last(follower, AppendEntriesRequest.class);
    receive(
        models
            .createAppendEntriesSuccessResponseBuilder()
            .setGroupId(GROUP)
            .setSender(endpoint(follower))
            .setTerm(term)
            .setLastLogIndex(index)
            .setQuerySequenceNumber(0)
            .setFlowControlSequenceNumber(
                request == null ? 0 : request.getFlowControlSequenceNumber())
            .build());
  }

  void append(
      String leader, int term, long previousIndex, int previousTerm, long commit, int... terms) {
    List<LogEntry> entries = new ArrayList<>();
    for (int i = 0; i < terms.length; i++) {
      entries.add(tick(previousIndex + 1 + i, terms[i]));
    }
    append(leader, term, previousIndex, previousTerm, commit, entries);
  }

  LogEntry tick(long index, int term) {
    return entry(index, term, new LogBytes(Proposal.tick(loop.wallClockMillis() + index)));
  }

  LogEntry entry(long index, int term, Object operation) {
    return models
        .createLogEntryBuilder()
        .setIndex(index)
        .setTerm(term)
        .setOperation(operation)
        .build();
  }

  void append(
      String leader,
      int term,
      long previousIndex,
      int previousTerm,
      long commit,
      List<LogEntry> entries) {
    receive(
        models
            .createAppendEntriesRequestBuilder()
            .setGroupId(GROUP)
            .setSender(endpoint(leader))
            .setTerm(term)
            .setPreviousLogIndex(previousIndex)
            .setPreviousLogTerm(previousTerm)
            .setCommitIndex(commit)
            .setQuerySequenceNumber(0)
            .setFlowControlSequenceNumber(++flow)
            .setLogEntries(entries)
            .build());
  }

  /** One entry, which may be nonsense. */
  void append(String leader, int term, long previousIndex, int previousTerm, byte[] operation) {
    sendEntry(leader, term, previousIndex, previousTerm, new LogBytes(operation));
  }

  /** An entry that removes a voter. */
  void remove(String voter, String leader, int term, long previousIndex, int previousTerm) {
    List<RaftEndpoint> rest = new ArrayList<>(replica.voters());
    rest.remove(endpoint(voter));
    sendEntry(leader, term, previousIndex, previousTerm, removal(rest, endpoint(voter)));
  }

  Object removal(List<RaftEndpoint> rest, RaftEndpoint removed) {
    return models
        .createUpdateRaftGroupMembersOpBuilder()
        .setMembers(rest)
        .setVotingMembers(rest)
        .setEndpoint(removed)
        .setMode(MembershipChangeMode.REMOVE_MEMBER)
        .build();
  }

  private void sendEntry(
      String leader, int term, long previousIndex, int previousTerm, Object operation) {
    LogEntry entry = entry(previousIndex + 1, term, operation);
    append(leader, term, previousIndex, previousTerm, 0, List.of(entry));
  }

  void requestVote(String candidate, int term) {
    requestVote(endpoint(candidate), endpoint("me"), term);
  }

  void requestVote(ReplicaEndpoint candidate, ReplicaEndpoint target, int term) {
    receive(
        models
            .createVoteRequestBuilder()
            .setGroupId(GROUP)
            .setSender(candidate)
            .setTerm(term)
            .setLastLogTerm(term)
            .setLastLogIndex(1000)
            .setSticky(false)
            .build(),
        target,
        0,
        0);
  }

  /** From a peer whose log ends there. */
  void requestPreVote(String asker, int term, int lastTerm, long lastIndex) {
    receive(
        models
            .createPreVoteRequestBuilder()
            .setGroupId(GROUP)
            .setSender(endpoint(asker))
            .setTerm(term)
            .setLastLogTerm(lastTerm)
            .setLastLogIndex(lastIndex)
            .build());
  }

  // --- what leaves
  // ---------------------------------------------------------------------------------

  <T extends RaftMessage> @Nullable T last(String peer, Class<T> type) {
    List<RaftMessage> toPeer = Objects.requireNonNull(sent.get(peer));
    for (int i = toPeer.size() - 1; i >= 0; i--) {
      if (type.isInstance(toPeer.get(i))) {
        return type.cast(toPeer.get(i));
      }
    }
    return null;
  }

  long count(String peer, Class<? extends RaftMessage> type) {
    return all(peer, type).size();
  }

  <T extends RaftMessage> List<T> all(String peer, Class<T> type) {
    return Objects.requireNonNull(sent.get(peer)).stream()
        .filter(type::isInstance)
        .map(type::cast)
        .toList();
  }

  VoteRequest lastVoteRequest(String peer) {
    return Objects.requireNonNull(last(peer, VoteRequest.class));
  }

  @Override
  public void dial(String peerId, PeerAddress address, DialledLinkListener listener) {}

  @Override
  public void send(String peerId, ByteBuffer frame) {
    new FrameCodec(codec)
        .read(
            frame,
            "me",
            7,
            message -> {
              if (message instanceof PeerMessage.Piece piece) {
                ByteBuffer whole = pieces.add(piece);
                if (whole != null) {
                  send(peerId, whole);
                }
              } else {
                leaves(peerId, (PeerMessage.Raft) message);
              }
            });
  }

  private void leaves(String peerId, PeerMessage.Raft message) {
    if (message.targetIncarnation() != endpoint(peerId).incarnation()) {
      throw new AssertionError("meant for nobody: " + message);
    }
    Objects.requireNonNull(sent.get(peerId)).add(message.message());
  }

  @Override
  public boolean isUp(String peerId) {
    return true;
  }

  @Override
  public long pendingBytes(String peerId) {
    return 0;
  }
}
