package io.shardwell.raftgroup.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.esotericsoftware.kryo.io.Output;
import io.microraft.MembershipChangeMode;
import io.microraft.RaftEndpoint;
import io.microraft.model.RaftModelFactory;
import io.microraft.model.impl.DefaultRaftModelFactory;
import io.microraft.model.log.LogEntry;
import io.microraft.model.log.RaftGroupMembersView;
import io.microraft.model.message.AppendEntriesRequest;
import io.microraft.model.message.RaftMessage;
import io.shardwell.raftgroup.ClientAddress;
import io.shardwell.raftgroup.cluster.MemoryDealer;
import io.shardwell.raftgroup.replica.ChunkBytes;
import io.shardwell.raftgroup.replica.LogBytes;
import io.shardwell.raftgroup.replica.ReplicaEndpoint;
import io.shardwell.statemachine.Outcome;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/**
 * Whatever one node writes, another reads as it was, whatever else is in the frame; bytes that no
 * node writes are refused by one kind of exception. Messages are drawn from a seed.
 */
class FrameCodecProperties {

  private static final ReplicaEndpoint SENDER = new ReplicaEndpoint("n1", 77, 3);
  private final RaftModelFactory models = new DefaultRaftModelFactory();

  @Property(tries = 300)
  void whatIsWrittenIsRead(@ForAll long seed) {
    Random random = new Random(seed);
    List<PeerMessage> sent = new ArrayList<>();
    for (int i = random.nextInt(5); i >= 0; i--) {
      sent.add(message(random));
    }
    byte[] first = frame(sent);
    List<PeerMessage> received = read(first);
    assertThat(received).hasSameSizeAs(sent);
    // The models have no equals; their bytes tell.
    assertThat(frame(received)).isEqualTo(first);
    for (int i = 0; i < sent.size(); i++) {
      assertThat(received.get(i)).hasSameClassAs(sent.get(i));
    }
  }

  @Property(tries = 2000)
  void foreignBytesAreRefusedCleanly(@ForAll long seed) {
    Random random = new Random(seed);
    byte[] bytes = frame(List.of(message(random), message(random)));
    for (int i = random.nextInt(4); i >= 0; i--) {
      bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
    }
    try {
      List<PeerMessage> unused = read(bytes);
    } catch (MalformedFrameException expected) {
      assertThat(expected).isNotNull();
    }
  }

  @Test
  void aFrameOfAnotherVersionIsRefused() {
    assertThatThrownBy(() -> read(new byte[] {99})).isInstanceOf(MalformedFrameException.class);
    assertThatThrownBy(() -> read(new byte[0])).isInstanceOf(MalformedFrameException.class);
  }

  /**
   * A stranger's: Kryo looked for a class that the bytes name, and for none at all if they name
   * none, or made room for a text as long as they say. Both ended the process.
   */
  @Test
  void onlyClassesOfOursAreRead() {
    byte[] byName = {1, 0, (byte) 0x80};
    byte[] text = {3, -1, -1, -1, -1, 15};
    byte[] nothing = {0};
    for (byte[] model : List.of(byName, text, nothing)) {
      byte[] frame = new byte[15 + model.length];
      frame[0] = FrameCodec.VERSION;
      frame[1] = 2; // A message of Raft's.
      System.arraycopy(model, 0, frame, 15, model.length);
      assertThatThrownBy(() -> read(frame))
          .isInstanceOf(MalformedFrameException.class)
          .hasMessageContaining("no class of ours");
    }
  }

  @Test
  void aLinkBeginsWithAHello() {
    byte[] frame = frame(List.of(new PeerMessage.ReadRefused(1, 2, "")));
    assertThatThrownBy(
            () -> new FrameCodec(new RaftCodec()).read(ByteBuffer.wrap(frame), "", 0, m -> {}))
        .isInstanceOf(MalformedFrameException.class);
  }

  @Test
  void noShardIsBelowZero() {
    for (PeerMessage message :
        List.of(
            new PeerMessage.Batch(-1, 1, 1, new byte[1]),
            new PeerMessage.Read(-1, 1, 0, 0, new byte[1]),
            new PeerMessage.ReadAnswer(-1, 1, new byte[1]),
            new PeerMessage.ReadRefused(-1, 1, ""),
            new PeerMessage.ReadIndex(1, List.of(new PeerMessage.GroupTerm(-1, 1))))) {
      byte[] frame = frame(List.of(message));
      assertThatThrownBy(() -> read(frame))
          .as("%s", message)
          .isInstanceOf(MalformedFrameException.class);
    }
  }

  /** Kryo's own strings allocate what a length claims; found by the property above. */
  @Test
  void aLengthBeyondTheFrameAllocatesNothing() {
    byte[] hello = {FrameCodec.VERSION, 1, (byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff, 7};
    assertThatThrownBy(() -> read(hello)).isInstanceOf(MalformedFrameException.class);
  }

  @Test
  void entriesGetTheirIndexesFromTheirPlace() {
    AppendEntriesRequest request = append(List.of(entry(8, 2), entry(9, 2)), 7);
    PeerMessage.Raft out = new PeerMessage.Raft(5, 3, -9, 1, 0, 0, request);
    PeerMessage.Raft in = (PeerMessage.Raft) read(frame(List.of(out))).get(0);
    assertThat(in.targetIncarnation()).isEqualTo(-9);
    AppendEntriesRequest received = (AppendEntriesRequest) in.message();
    assertThat(received.getLogEntries()).extracting(LogEntry::getIndex).containsExactly(8L, 9L);
    assertThat(received.getSender()).isEqualTo(SENDER);
    assertThat(received.getGroupId()).isEqualTo(5);
  }

  private static byte[] frame(List<PeerMessage> messages) {
    Output out = new Output(64, -1);
    out.writeByte(FrameCodec.VERSION);
    FrameCodec codec = new FrameCodec(new RaftCodec());
    messages.forEach(message -> codec.write(out, message));
    return out.toBytes();
  }

  private static List<PeerMessage> read(byte[] frame) {
    List<PeerMessage> messages = new ArrayList<>();
    new FrameCodec(new RaftCodec())
        .read(ByteBuffer.wrap(frame), SENDER.nodeId(), SENDER.incarnation(), messages::add);
    return messages;
  }

  private PeerMessage message(Random random) {
    long number = random.nextInt(1 << 20);
    int shard = random.nextInt(1024);
    return switch (random.nextInt(15)) {
      case 0 ->
          new PeerMessage.Hello(
              "n" + shard,
              random.nextLong(),
              number,
              shard,
              3,
              bytes(random),
              random.nextBoolean(),
              random.nextBoolean(),
              bytes(random),
              new ClientAddress("host", shard, -1, -1, 7379));
      case 1 -> new PeerMessage.Batch(shard, number, number + 1, bytes(random));
      case 2 -> new PeerMessage.BatchAnswer(shard, number, number + 1, verdict(random));
      case 3 -> new PeerMessage.Read(shard, number, random.nextInt(9), 1, bytes(random));
      case 4 -> new PeerMessage.ReadAnswer(shard, number, bytes(random));
      case 5 -> new PeerMessage.ReadRefused(shard, number, random.nextBoolean() ? "" : "n2");
      case 6 ->
          new PeerMessage.ReadIndex(
              number, List.of(new PeerMessage.GroupTerm(shard, random.nextInt(99))));
      case 7 ->
          new PeerMessage.ReadIndexAnswer(
              number, List.of(new PeerMessage.GroupGeneration(shard, random.nextInt(9))));
      case 8 ->
          new PeerMessage.Pulse(
              random.nextLong(),
              number,
              List.of(new PeerMessage.GroupTerm(shard, random.nextInt(99))),
              random.nextBoolean(),
              random.nextBoolean(),
              random.nextBoolean());
      case 9 -> new PeerMessage.MapChange(bytes(random));
      case 10 -> new PeerMessage.MapCopy(bytes(random));
      case 11 -> new PeerMessage.Piece(random.nextInt(1 << 20), bytes(random));
      case 12 ->
          new PeerMessage.MemoryUse(
              List.of(new MemoryDealer.Use(shard, number, random.nextInt(99))));
      case 13 ->
          new PeerMessage.Digests(
              shard, 2, 256, number, random.longs(random.nextInt(129)).toArray());
      default ->
          new PeerMessage.Raft(
              shard, 3, random.nextLong(), 0, number, 4, raftMessage(random, shard));
    };
  }

  private static BatchVerdict verdict(Random random) {
    return switch (random.nextInt(8)) {
      case 0 -> new BatchVerdict.Refused("n3");
      case 1 -> new BatchVerdict.Decided(new Outcome.Applied(bytes(random)));
      case 2 -> new BatchVerdict.Decided(new Outcome.Repeated(bytes(random)));
      case 3 -> new BatchVerdict.Decided(new Outcome.RepliesGone());
      case 4 -> new BatchVerdict.Decided(new Outcome.Gap(random.nextInt(99)));
      case 5 -> new BatchVerdict.Decided(new Outcome.SessionUnknown());
      case 6 -> new BatchVerdict.Decided(new Outcome.BootSuperseded(random.nextInt(99)));
      default -> new BatchVerdict.Decided(new Outcome.SessionRetired());
    };
  }

  private RaftMessage raftMessage(Random random, int group) {
    int term = random.nextInt(1 << 16);
    long index = random.nextInt(1 << 30);
    return switch (random.nextInt(9)) {
      case 0 -> append(List.of(entry(index + 1, term), membersEntry(index + 2, term)), index);
      case 1 ->
          models
              .createAppendEntriesSuccessResponseBuilder()
              .setGroupId(group)
              .setSender(SENDER)
              .setTerm(term)
              .setLastLogIndex(index)
              .setQuerySequenceNumber(0)
              .setFlowControlSequenceNumber(index)
              .build();
      case 2 ->
          models
              .createAppendEntriesFailureResponseBuilder()
              .setGroupId(group)
              .setSender(SENDER)
              .setTerm(term)
              .setExpectedNextIndex(index)
              .setQuerySequenceNumber(0)
              .setFlowControlSequenceNumber(index)
              .build();
      case 3 ->
          models
              .createInstallSnapshotRequestBuilder()
              .setGroupId(group)
              .setSender(SENDER)
              .setTerm(term)
              .setSenderLeader(true)
              .setSnapshotTerm(term)
              .setSnapshotIndex(index)
              .setTotalSnapshotChunkCount(2)
              .setSnapshottedMembers(members())
              .setGroupMembersView(view())
              .setQuerySequenceNumber(0)
              .setFlowControlSequenceNumber(4)
              .setSnapshotChunk(
                  models
                      .createSnapshotChunkBuilder()
                      .setIndex(index)
                      .setTerm(term)
                      .setSnapshotChunkIndex(1)
                      .setSnapshotChunkCount(2)
                      .setGroupMembersView(view())
                      .setOperation(new ChunkBytes(1, bytes(random)))
                      .build())
              .build();
      case 4 ->
          models
              .createInstallSnapshotResponseBuilder()
              .setGroupId(group)
              .setSender(SENDER)
              .setTerm(term)
              .setSnapshotIndex(index)
              .setRequestedSnapshotChunkIndex(3)
              .setQuerySequenceNumber(0)
              .setFlowControlSequenceNumber(index)
              .build();
      case 5 ->
          models
              .createVoteRequestBuilder()
              .setGroupId(group)
              .setSender(SENDER)
              .setTerm(term)
              .setLastLogTerm(term)
              .setLastLogIndex(index)
              .setSticky(random.nextBoolean())
              .build();
      case 6 ->
          models
              .createVoteResponseBuilder()
              .setGroupId(group)
              .setSender(SENDER)
              .setTerm(term)
              .setGranted(random.nextBoolean())
              .build();
      case 7 ->
          models
              .createPreVoteRequestBuilder()
              .setGroupId(group)
              .setSender(SENDER)
              .setTerm(term)
              .setLastLogTerm(term)
              .setLastLogIndex(index)
              .build();
      default ->
          models
              .createTriggerLeaderElectionRequestBuilder()
              .setGroupId(group)
              .setSender(SENDER)
              .setTerm(term)
              .setLastLogTerm(term)
              .setLastLogIndex(index)
              .build();
    };
  }

  private AppendEntriesRequest append(List<LogEntry> entries, long previous) {
    return models
        .createAppendEntriesRequestBuilder()
        .setGroupId(5)
        .setSender(SENDER)
        .setTerm(9)
        .setPreviousLogTerm(2)
        .setPreviousLogIndex(previous)
        .setCommitIndex(previous)
        .setQuerySequenceNumber(0)
        .setFlowControlSequenceNumber(6)
        .setLogEntries(entries)
        .build();
  }

  private LogEntry entry(long index, int term) {
    return models
        .createLogEntryBuilder()
        .setIndex(index)
        .setTerm(term)
        .setOperation(new LogBytes(new byte[] {1, 2, 3}))
        .build();
  }

  private LogEntry membersEntry(long index, int term) {
    return models
        .createLogEntryBuilder()
        .setIndex(index)
        .setTerm(term)
        .setOperation(
            models
                .createUpdateRaftGroupMembersOpBuilder()
                .setMembers(members())
                .setVotingMembers(members())
                .setEndpoint(SENDER)
                .setMode(MembershipChangeMode.ADD_LEARNER)
                .build())
        .build();
  }

  private RaftGroupMembersView view() {
    return models
        .createRaftGroupMembersViewBuilder()
        .setLogIndex(4)
        .setMembers(members())
        .setVotingMembers(members())
        .build();
  }

  private static List<RaftEndpoint> members() {
    return List.of(SENDER, new ReplicaEndpoint("n2", -5, 0));
  }

  private static byte[] bytes(Random random) {
    byte[] bytes = new byte[random.nextInt(200)];
    random.nextBytes(bytes);
    return bytes;
  }
}
