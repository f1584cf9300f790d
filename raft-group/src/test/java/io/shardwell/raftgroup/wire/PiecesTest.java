package io.shardwell.raftgroup.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.microraft.model.RaftModelFactory;
import io.microraft.model.impl.DefaultRaftModelFactory;
import io.microraft.model.message.InstallSnapshotRequest;
import io.shardwell.raftgroup.DialledLinkListener;
import io.shardwell.raftgroup.PeerAddress;
import io.shardwell.raftgroup.PeerBus;
import io.shardwell.raftgroup.WireLimits;
import io.shardwell.raftgroup.replica.ChunkBytes;
import io.shardwell.raftgroup.replica.GoneChunk;
import io.shardwell.raftgroup.replica.ReplicaEndpoint;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Shows that a snapshot chunk of any size arrives whole, in frames that let a heartbeat pass after
 * each, and only as fast as the peer's socket takes them.
 */
class PiecesTest {
  private static final ReplicaEndpoint SENDER = new ReplicaEndpoint("n1", 77, 0);

  private final RaftModelFactory models = new DefaultRaftModelFactory();
  private final FrameCodec codec = new FrameCodec(new RaftCodec());
  private final List<ByteBuffer> frames = new ArrayList<>();
  private long pendingBytes;
  private final Outbox outbox = new Outbox("n2", new Bus(), codec);

  @Test
  void aLargeChunkTravelsInPiecesThatOthersPass() {
    byte[] bytes = new byte[5 << 20];
    new Random(3).nextBytes(bytes);
    outbox.add(chunk(4, 0, bytes));
    PieceAssembly assembly = new PieceAssembly();
    List<PeerMessage> whole = new ArrayList<>();
    boolean more = true;
    for (int turn = 0; more; turn++) {
      outbox.add(new PeerMessage.ReadRefused(1, turn, ""));
      frames.clear();
      more = outbox.endTurn();
      List<PeerMessage> received = receive(assembly, whole);
      assertThat(received.get(0))
          .as("the other message comes first")
          .isInstanceOf(PeerMessage.ReadRefused.class);
      assertThat(received).hasSize(2);
      for (ByteBuffer frame : frames) {
        assertThat(frame.limit()).isLessThan(WireLimits.MAX_PIECE_BYTES + 100);
      }
    }
    assertThat(whole).hasSize(1);
    assertThat(bytesOf(whole.get(0))).isEqualTo(bytes);
  }

  @Test
  void nothingIsSentWhileTheSocketIsFull() {
    outbox.add(chunk(4, 0, new byte[1 << 20]));
    pendingBytes = WireLimits.MAX_PIECE_BYTES + 1;
    assertThat(outbox.endTurn()).isTrue();
    assertThat(frames).isEmpty();
    pendingBytes = 0;
    assertThat(outbox.endTurn()).isTrue();
    assertThat(frames).hasSize(1);
  }

  @Test
  void atMostOneChunkOfAGroupWaits() {
    outbox.add(chunk(4, 0, new byte[1000]));
    outbox.add(chunk(5, 0, new byte[1000]));
    outbox.add(chunk(4, 1, new byte[2000]));
    PieceAssembly assembly = new PieceAssembly();
    List<PeerMessage> whole = new ArrayList<>();
    while (outbox.endTurn()) {}
    List<PeerMessage> unused = receive(assembly, whole);
    assertThat(whole).hasSize(2);
    assertThat(bytesOf(whole.get(0))).hasSize(2000);
    assertThat(((PeerMessage.Raft) whole.get(1)).group()).isEqualTo(5);
  }

  /** A newer snapshot took its place while it waited for the socket: simulation, seed 60545. */
  @Test
  void aChunkThatIsGoneWhenItsTurnComesIsSkipped() {
    outbox.add(chunk(4, 0, GoneChunk.create()));
    outbox.add(chunk(5, 0, new byte[1000]));
    PieceAssembly assembly = new PieceAssembly();
    List<PeerMessage> whole = new ArrayList<>();
    while (outbox.endTurn()) {}
    List<PeerMessage> unused = receive(assembly, whole);
    assertThat(whole).hasSize(1);
    assertThat(((PeerMessage.Raft) whole.get(0)).group()).isEqualTo(5);
  }

  @Test
  void aBrokenLinkForgetsWhatWasUnderWay() {
    outbox.add(chunk(4, 0, new byte[1 << 20]));
    boolean unused = outbox.endTurn();
    outbox.clear();
    frames.clear();
    assertThat(outbox.endTurn()).isFalse();
    assertThat(frames).isEmpty();
  }

  @Test
  void piecesThatDoNotFitAreRefused() {
    PieceAssembly assembly = new PieceAssembly();
    assertThat(assembly.add(new PeerMessage.Piece(10, new byte[5]))).isNull();
    assertThatThrownBy(() -> assembly.add(new PeerMessage.Piece(6, new byte[5])))
        .isInstanceOf(MalformedFrameException.class);
    assertThatThrownBy(
            () ->
                new PieceAssembly()
                    .add(new PeerMessage.Piece(WireLimits.MAX_FRAME_BYTES, new byte[1])))
        .isInstanceOf(MalformedFrameException.class);
  }

  private List<PeerMessage> receive(PieceAssembly assembly, List<PeerMessage> whole) {
    List<PeerMessage> received = new ArrayList<>();
    for (ByteBuffer frame : frames) {
      codec.read(
          frame.duplicate(),
          "n1",
          77,
          message -> {
            received.add(message);
            if (message instanceof PeerMessage.Piece piece) {
              ByteBuffer put = assembly.add(piece);
              if (put != null) {
                codec.read(put, "n1", 77, whole::add);
              }
            }
          });
    }
    return received;
  }

  private static byte[] bytesOf(PeerMessage message) {
    InstallSnapshotRequest request =
        (InstallSnapshotRequest) ((PeerMessage.Raft) message).message();
    return ((ChunkBytes) Objects.requireNonNull(request.getSnapshotChunk()).getOperation()).bytes();
  }

  private PeerMessage.Raft chunk(int group, int number, byte[] bytes) {
    return chunk(group, number, new ChunkBytes(number, bytes));
  }

  private PeerMessage.Raft chunk(int group, int number, ChunkBytes bytes) {
    var view =
        models
            .createRaftGroupMembersViewBuilder()
            .setLogIndex(0)
            .setMembers(List.of(SENDER))
            .setVotingMembers(List.of(SENDER))
            .build();
    var chunk =
        models
            .createSnapshotChunkBuilder()
            .setIndex(9)
            .setTerm(1)
            .setSnapshotChunkIndex(number)
            .setSnapshotChunkCount(2)
            .setGroupMembersView(view)
            .setOperation(bytes)
            .build();
    var request =
        models
            .createInstallSnapshotRequestBuilder()
            .setGroupId(group)
            .setSender(SENDER)
            .setTerm(1)
            .setSenderLeader(true)
            .setSnapshotTerm(1)
            .setSnapshotIndex(9)
            .setTotalSnapshotChunkCount(2)
            .setFlowControlSequenceNumber(1)
            .setQuerySequenceNumber(0)
            .setSnapshottedMembers(List.of(SENDER))
            .setGroupMembersView(view)
            .setSnapshotChunk(chunk)
            .build();
    return new PeerMessage.Raft(group, 0, 8, 0, 0, 0, request);
  }

  private final class Bus implements PeerBus {
    @Override
    public void dial(String peerId, PeerAddress address, DialledLinkListener listener) {}

    @Override
    public void send(String peerId, ByteBuffer frame) {
      frames.add(frame);
    }

    @Override
    public boolean isUp(String peerId) {
      return true;
    }

    @Override
    public long pendingBytes(String peerId) {
      return pendingBytes;
    }
  }
}
