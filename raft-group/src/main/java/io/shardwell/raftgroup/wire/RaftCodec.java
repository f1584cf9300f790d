package io.shardwell.raftgroup.wire;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import io.microraft.MembershipChangeMode;
import io.microraft.RaftEndpoint;
import io.microraft.model.RaftModelFactory;
import io.microraft.model.groupop.UpdateRaftGroupMembersOp;
import io.microraft.model.impl.DefaultRaftModelFactory;
import io.microraft.model.impl.groupop.DefaultUpdateRaftGroupMembersOpOrBuilder;
import io.microraft.model.impl.log.DefaultRaftGroupMembersViewOrBuilder;
import io.microraft.model.impl.message.DefaultAppendEntriesFailureResponseOrBuilder;
import io.microraft.model.impl.message.DefaultAppendEntriesRequestOrBuilder;
import io.microraft.model.impl.message.DefaultAppendEntriesSuccessResponseOrBuilder;
import io.microraft.model.impl.message.DefaultInstallSnapshotRequestOrBuilder;
import io.microraft.model.impl.message.DefaultInstallSnapshotResponseOrBuilder;
import io.microraft.model.impl.message.DefaultPreVoteRequestOrBuilder;
import io.microraft.model.impl.message.DefaultPreVoteResponseOrBuilder;
import io.microraft.model.impl.message.DefaultTriggerLeaderElectionRequestOrBuilder;
import io.microraft.model.impl.message.DefaultVoteRequestOrBuilder;
import io.microraft.model.impl.message.DefaultVoteResponseOrBuilder;
import io.microraft.model.log.LogEntry;
import io.microraft.model.log.RaftGroupMembersView;
import io.microraft.model.log.SnapshotChunk;
import io.microraft.model.message.AppendEntriesFailureResponse;
import io.microraft.model.message.AppendEntriesRequest;
import io.microraft.model.message.AppendEntriesSuccessResponse;
import io.microraft.model.message.InstallSnapshotRequest;
import io.microraft.model.message.InstallSnapshotResponse;
import io.microraft.model.message.PreVoteRequest;
import io.microraft.model.message.PreVoteResponse;
import io.microraft.model.message.RaftMessage;
import io.microraft.model.message.TriggerLeaderElectionRequest;
import io.microraft.model.message.VoteRequest;
import io.microraft.model.message.VoteResponse;
import io.shardwell.raftgroup.replica.ChunkBytes;
import io.shardwell.raftgroup.replica.LogBytes;
import io.shardwell.raftgroup.replica.ReplicaEndpoint;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * MicroRaft's models as bytes: for the wire and for the log. Kryo does the class ids and the
 * variable-length numbers; every class is registered with a serializer of ours, nothing is
 * serialized by reflection. Class ids are stable for ever: they are in logs.
 *
 * <p>A message's group and sender are not in its bytes: the link and the record around it tell
 * them. Not thread-safe; one per loop.
 */
public final class RaftCodec {

  // Kinds of a log entry's operation inside an AppendEntries.
  private static final int OPERATION_BYTES = 0;
  private static final int OPERATION_MEMBERS = 1;

  /** By the number that stands for each in logs. */
  private static final List<MembershipChangeMode> MODES =
      List.of(
          MembershipChangeMode.ADD_LEARNER,
          MembershipChangeMode.ADD_OR_PROMOTE_TO_FOLLOWER,
          MembershipChangeMode.REMOVE_MEMBER);

  /** Kryo writes 0 for null, 1 for a class by its name, and from there on its id. */
  private static final int KRYO_IDS_BEGIN = 2;

  private final Kryo kryo = new Kryo();
  private final Set<Integer> ids = new HashSet<>();
  private final RaftModelFactory models = new DefaultRaftModelFactory();
  private final Output scratch = new Output(256, -1);

  // What the message being read belongs to; set for the length of one call of readMessage.
  private Object groupId = "";
  private RaftEndpoint sender = new ReplicaEndpoint("", 0, 0);

  public RaftCodec() {
    kryo.setRegistrationRequired(true);
    kryo.setReferences(false);
    register(10, ReplicaEndpoint.class, this::writeEndpoint, this::readEndpoint);
    register(11, DefaultRaftGroupMembersViewOrBuilder.class, this::writeView, this::readView);
    register(12, DefaultUpdateRaftGroupMembersOpOrBuilder.class, this::writeOp, this::readOp);
    register(20, DefaultAppendEntriesRequestOrBuilder.class, this::writeAppend, this::readAppend);
    register(21, DefaultAppendEntriesSuccessResponseOrBuilder.class, this::writeAck, this::readAck);
    register(
        22, DefaultAppendEntriesFailureResponseOrBuilder.class, this::writeNack, this::readNack);
    register(
        23, DefaultInstallSnapshotRequestOrBuilder.class, this::writeInstall, this::readInstall);
    register(
        24, DefaultInstallSnapshotResponseOrBuilder.class, this::writeWanted, this::readWanted);
    register(25, DefaultPreVoteRequestOrBuilder.class, this::writePreVote, this::readPreVote);
    register(26, DefaultPreVoteResponseOrBuilder.class, this::writePreVoted, this::readPreVoted);
    register(27, DefaultVoteRequestOrBuilder.class, this::writeVote, this::readVote);
    register(28, DefaultVoteResponseOrBuilder.class, this::writeVoted, this::readVoted);
    register(
        29,
        DefaultTriggerLeaderElectionRequestOrBuilder.class,
        this::writeTrigger,
        this::readTrigger);
  }

  /** Writes the message but for its group and sender. */
  public void writeMessage(Output out, RaftMessage message) {
    kryo.writeClassAndObject(out, message);
  }

  /** Reads a message that is known to be of this group and from this sender. */
  public RaftMessage readMessage(Input in, Object ofGroup, RaftEndpoint fromSender) {
    groupId = ofGroup;
    sender = fromSender;
    return read(in, RaftMessage.class);
  }

  /** For the log: a membership change. */
  public byte[] encodeMembersOp(UpdateRaftGroupMembersOp op) {
    return toBytes(op);
  }

  public UpdateRaftGroupMembersOp decodeMembersOp(byte[] bytes, int offset) {
    return read(new Input(bytes, offset, bytes.length - offset), UpdateRaftGroupMembersOp.class);
  }

  /** For the log: an endpoint. */
  public byte[] encodeEndpoint(RaftEndpoint endpoint) {
    return toBytes(endpoint);
  }

  public ReplicaEndpoint decodeEndpoint(byte[] bytes) {
    return read(new Input(bytes), ReplicaEndpoint.class);
  }

  /** For the log and for snapshot manifests: a list of members. */
  public byte[] encodeView(RaftGroupMembersView view) {
    return toBytes(view);
  }

  public RaftGroupMembersView decodeView(byte[] bytes) {
    return read(new Input(bytes), RaftGroupMembersView.class);
  }

  /**
   * Reads an object of ours. Kryo knows more classes than those, strings of any length among them,
   * and classes by name: its bytes may be a stranger's, so it is not asked for any of these.
   */
  private <T> T read(Input in, Class<T> wanted) {
    int start = in.position();
    int id = in.readVarInt(true) - KRYO_IDS_BEGIN;
    if (!ids.contains(id)) {
      throw new MalformedFrameException("no class of ours: " + id);
    }
    in.setPosition(start);
    Object read = kryo.readClassAndObject(in);
    if (!wanted.isInstance(read)) {
      throw new MalformedFrameException("not a " + wanted.getSimpleName());
    }
    return wanted.cast(read);
  }

  private byte[] toBytes(Object model) {
    scratch.reset();
    kryo.writeClassAndObject(scratch, model);
    return scratch.toBytes();
  }

  // --- parts
  // ---------------------------------------------------------------------------------------

  private void writeEndpoint(Output out, RaftEndpoint endpoint) {
    ReplicaEndpoint replica = (ReplicaEndpoint) endpoint;
    Text.write(out, replica.nodeId());
    out.writeLong(replica.incarnation());
    out.writeVarInt(replica.generation(), true);
  }

  private ReplicaEndpoint readEndpoint(Input in) {
    return new ReplicaEndpoint(Text.read(in), in.readLong(), in.readVarInt(true));
  }

  private void writeEndpoints(Output out, Collection<RaftEndpoint> endpoints) {
    out.writeVarInt(endpoints.size(), true);
    for (RaftEndpoint endpoint : endpoints) {
      writeEndpoint(out, endpoint);
    }
  }

  private List<RaftEndpoint> readEndpoints(Input in) {
    int count = readCount(in, 4096);
    List<RaftEndpoint> endpoints = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      endpoints.add(readEndpoint(in));
    }
    return endpoints;
  }

  private void writeView(Output out, RaftGroupMembersView view) {
    out.writeVarLong(view.getLogIndex(), true);
    writeEndpoints(out, view.getMembers());
    writeEndpoints(out, view.getVotingMembers());
  }

  private DefaultRaftGroupMembersViewOrBuilder readView(Input in) {
    return (DefaultRaftGroupMembersViewOrBuilder)
        models
            .createRaftGroupMembersViewBuilder()
            .setLogIndex(in.readVarLong(true))
            .setMembers(readEndpoints(in))
            .setVotingMembers(readEndpoints(in))
            .build();
  }

  private void writeOp(Output out, UpdateRaftGroupMembersOp op) {
    writeEndpoints(out, op.getMembers());
    writeEndpoints(out, op.getVotingMembers());
    writeEndpoint(out, op.getEndpoint());
    out.writeByte(MODES.indexOf(op.getMode()));
  }

  private DefaultUpdateRaftGroupMembersOpOrBuilder readOp(Input in) {
    return (DefaultUpdateRaftGroupMembersOpOrBuilder)
        models
            .createUpdateRaftGroupMembersOpBuilder()
            .setMembers(readEndpoints(in))
            .setVotingMembers(readEndpoints(in))
            .setEndpoint(readEndpoint(in))
            .setMode(MODES.get(in.readByte()))
            .build();
  }

  private static int readCount(Input in, int max) {
    int count = in.readVarInt(true);
    if (count < 0 || count > max) {
      throw new MalformedFrameException("count " + count + " is above " + max);
    }
    return count;
  }

  // --- messages
  // ------------------------------------------------------------------------------------

  private void writeAppend(Output out, AppendEntriesRequest m) {
    out.writeVarInt(m.getTerm(), true);
    out.writeVarInt(m.getPreviousLogTerm(), true);
    out.writeVarLong(m.getPreviousLogIndex(), true);
    out.writeVarLong(m.getCommitIndex(), true);
    out.writeVarLong(m.getFlowControlSequenceNumber(), true);
    out.writeVarInt(m.getLogEntries().size(), true);
    for (LogEntry entry : m.getLogEntries()) {
      out.writeVarInt(entry.getTerm(), true);
      if (entry.getOperation() instanceof LogBytes payload) {
        out.writeByte(OPERATION_BYTES);
        byte[] bytes = payload.bytes();
        Text.writeBytes(out, bytes);
      } else {
        out.writeByte(OPERATION_MEMBERS);
        writeOp(out, (UpdateRaftGroupMembersOp) entry.getOperation());
      }
    }
  }

  private DefaultAppendEntriesRequestOrBuilder readAppend(Input in) {
    int term = in.readVarInt(true);
    int previousTerm = in.readVarInt(true);
    long previousIndex = in.readVarLong(true);
    long commitIndex = in.readVarLong(true);
    long flow = in.readVarLong(true);
    int count = readCount(in, in.limit());
    List<LogEntry> entries = new ArrayList<>(Math.min(count, 1024));
    for (int i = 0; i < count; i++) {
      int entryTerm = in.readVarInt(true);
      Object operation =
          in.readByte() == OPERATION_BYTES ? new LogBytes(Text.readBytes(in)) : readOp(in);
      entries.add(
          models
              .createLogEntryBuilder()
              .setIndex(previousIndex + 1 + i)
              .setTerm(entryTerm)
              .setOperation(operation)
              .build());
    }
    return (DefaultAppendEntriesRequestOrBuilder)
        models
            .createAppendEntriesRequestBuilder()
            .setGroupId(groupId)
            .setSender(sender)
            .setTerm(term)
            .setPreviousLogTerm(previousTerm)
            .setPreviousLogIndex(previousIndex)
            .setCommitIndex(commitIndex)
            .setFlowControlSequenceNumber(flow)
            .setQuerySequenceNumber(0)
            .setLogEntries(entries)
            .build();
  }

  private void writeAck(Output out, AppendEntriesSuccessResponse m) {
    out.writeVarInt(m.getTerm(), true);
    out.writeVarLong(m.getLastLogIndex(), true);
    out.writeVarLong(m.getFlowControlSequenceNumber(), true);
  }

  private DefaultAppendEntriesSuccessResponseOrBuilder readAck(Input in) {
    return (DefaultAppendEntriesSuccessResponseOrBuilder)
        models
            .createAppendEntriesSuccessResponseBuilder()
            .setGroupId(groupId)
            .setSender(sender)
            .setTerm(in.readVarInt(true))
            .setLastLogIndex(in.readVarLong(true))
            .setFlowControlSequenceNumber(in.readVarLong(true))
            .setQuerySequenceNumber(0)
            .build();
  }

  private void writeNack(Output out, AppendEntriesFailureResponse m) {
    out.writeVarInt(m.getTerm(), true);
    out.writeVarLong(m.getExpectedNextIndex(), true);
    out.writeVarLong(m.getFlowControlSequenceNumber(), true);
  }

  private DefaultAppendEntriesFailureResponseOrBuilder readNack(Input in) {
    return (DefaultAppendEntriesFailureResponseOrBuilder)
        models
            .createAppendEntriesFailureResponseBuilder()
            .setGroupId(groupId)
            .setSender(sender)
            .setTerm(in.readVarInt(true))
            .setExpectedNextIndex(in.readVarLong(true))
            .setFlowControlSequenceNumber(in.readVarLong(true))
            .setQuerySequenceNumber(0)
            .build();
  }

  private void writeInstall(Output out, InstallSnapshotRequest m) {
    out.writeVarInt(m.getTerm(), true);
    out.writeBoolean(m.isSenderLeader());
    out.writeVarInt(m.getSnapshotTerm(), true);
    out.writeVarLong(m.getSnapshotIndex(), true);
    out.writeVarInt(m.getTotalSnapshotChunkCount(), true);
    out.writeVarLong(m.getFlowControlSequenceNumber(), true);
    writeEndpoints(out, m.getSnapshottedMembers());
    writeView(out, m.getGroupMembersView());
    SnapshotChunk chunk = m.getSnapshotChunk();
    out.writeVarInt(chunk == null ? -1 : chunk.getSnapshotChunkIndex(), false);
    if (chunk != null) {
      byte[] bytes = ((ChunkBytes) chunk.getOperation()).bytes();
      Text.writeBytes(out, bytes);
    }
  }

  private DefaultInstallSnapshotRequestOrBuilder readInstall(Input in) {
    int term = in.readVarInt(true);
    boolean senderLeader = in.readBoolean();
    int snapshotTerm = in.readVarInt(true);
    long snapshotIndex = in.readVarLong(true);
    int chunkCount = in.readVarInt(true);
    long flow = in.readVarLong(true);
    List<RaftEndpoint> holders = readEndpoints(in);
    RaftGroupMembersView view = readView(in);
    int chunkIndex = in.readVarInt(false);
    @Nullable SnapshotChunk chunk = null;
    if (chunkIndex >= 0) {
      chunk =
          models
              .createSnapshotChunkBuilder()
              .setIndex(snapshotIndex)
              .setTerm(snapshotTerm)
              .setSnapshotChunkIndex(chunkIndex)
              .setSnapshotChunkCount(chunkCount)
              .setGroupMembersView(view)
              .setOperation(new ChunkBytes(chunkIndex, Text.readBytes(in)))
              .build();
    }
    return (DefaultInstallSnapshotRequestOrBuilder)
        models
            .createInstallSnapshotRequestBuilder()
            .setGroupId(groupId)
            .setSender(sender)
            .setTerm(term)
            .setSenderLeader(senderLeader)
            .setSnapshotTerm(snapshotTerm)
            .setSnapshotIndex(snapshotIndex)
            .setTotalSnapshotChunkCount(chunkCount)
            .setFlowControlSequenceNumber(flow)
            .setQuerySequenceNumber(0)
            .setSnapshottedMembers(holders)
            .setGroupMembersView(view)
            .setSnapshotChunk(chunk)
            .build();
  }

  private void writeWanted(Output out, InstallSnapshotResponse m) {
    out.writeVarInt(m.getTerm(), true);
    out.writeVarLong(m.getSnapshotIndex(), true);
    out.writeVarInt(m.getRequestedSnapshotChunkIndex(), true);
    out.writeVarLong(m.getFlowControlSequenceNumber(), true);
  }

  private DefaultInstallSnapshotResponseOrBuilder readWanted(Input in) {
    return (DefaultInstallSnapshotResponseOrBuilder)
        models
            .createInstallSnapshotResponseBuilder()
            .setGroupId(groupId)
            .setSender(sender)
            .setTerm(in.readVarInt(true))
            .setSnapshotIndex(in.readVarLong(true))
            .setRequestedSnapshotChunkIndex(in.readVarInt(true))
            .setFlowControlSequenceNumber(in.readVarLong(true))
            .setQuerySequenceNumber(0)
            .build();
  }

  private void writePreVote(Output out, PreVoteRequest m) {
    writeCandidacy(out, m.getTerm(), m.getLastLogTerm(), m.getLastLogIndex());
  }

  private DefaultPreVoteRequestOrBuilder readPreVote(Input in) {
    return (DefaultPreVoteRequestOrBuilder)
        models
            .createPreVoteRequestBuilder()
            .setGroupId(groupId)
            .setSender(sender)
            .setTerm(in.readVarInt(true))
            .setLastLogTerm(in.readVarInt(true))
            .setLastLogIndex(in.readVarLong(true))
            .build();
  }

  private void writePreVoted(Output out, PreVoteResponse m) {
    out.writeVarInt(m.getTerm(), true);
    out.writeBoolean(m.isGranted());
  }

  private DefaultPreVoteResponseOrBuilder readPreVoted(Input in) {
    return (DefaultPreVoteResponseOrBuilder)
        models
            .createPreVoteResponseBuilder()
            .setGroupId(groupId)
            .setSender(sender)
            .setTerm(in.readVarInt(true))
            .setGranted(in.readBoolean())
            .build();
  }

  private void writeVote(Output out, VoteRequest m) {
    writeCandidacy(out, m.getTerm(), m.getLastLogTerm(), m.getLastLogIndex());
    out.writeBoolean(m.isSticky());
  }

  private DefaultVoteRequestOrBuilder readVote(Input in) {
    return (DefaultVoteRequestOrBuilder)
        models
            .createVoteRequestBuilder()
            .setGroupId(groupId)
            .setSender(sender)
            .setTerm(in.readVarInt(true))
            .setLastLogTerm(in.readVarInt(true))
            .setLastLogIndex(in.readVarLong(true))
            .setSticky(in.readBoolean())
            .build();
  }

  private void writeVoted(Output out, VoteResponse m) {
    out.writeVarInt(m.getTerm(), true);
    out.writeBoolean(m.isGranted());
  }

  private DefaultVoteResponseOrBuilder readVoted(Input in) {
    return (DefaultVoteResponseOrBuilder)
        models
            .createVoteResponseBuilder()
            .setGroupId(groupId)
            .setSender(sender)
            .setTerm(in.readVarInt(true))
            .setGranted(in.readBoolean())
            .build();
  }

  private void writeTrigger(Output out, TriggerLeaderElectionRequest m) {
    writeCandidacy(out, m.getTerm(), m.getLastLogTerm(), m.getLastLogIndex());
  }

  private DefaultTriggerLeaderElectionRequestOrBuilder readTrigger(Input in) {
    return (DefaultTriggerLeaderElectionRequestOrBuilder)
        models
            .createTriggerLeaderElectionRequestBuilder()
            .setGroupId(groupId)
            .setSender(sender)
            .setTerm(in.readVarInt(true))
            .setLastLogTerm(in.readVarInt(true))
            .setLastLogIndex(in.readVarLong(true))
            .build();
  }

  private static void writeCandidacy(Output out, int term, int lastLogTerm, long lastLogIndex) {
    out.writeVarInt(term, true);
    out.writeVarInt(lastLogTerm, true);
    out.writeVarLong(lastLogIndex, true);
  }

  // --- registration
  // --------------------------------------------------------------------------------

  private interface Writing<T> {
    void write(Output out, T model);
  }

  private interface Reading<T> {
    T read(Input in);
  }

  private <T> void register(
      int id, Class<T> type, Writing<? super T> writing, Reading<? extends T> reading) {
    Serializer<T> serializer =
        new Serializer<>() {
          @Override
          public void write(Kryo unused, Output out, T model) {
            writing.write(out, model);
          }

          @Override
          public T read(Kryo unused, Input in, Class<? extends T> unusedType) {
            return reading.read(in);
          }
        };
    kryo.register(type, serializer, id);
    ids.add(id);
  }
}
