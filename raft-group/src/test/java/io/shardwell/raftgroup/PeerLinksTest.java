package io.shardwell.raftgroup;

import static org.assertj.core.api.Assertions.assertThat;

import io.shardwell.raftgroup.cluster.ClusterMap;
import io.shardwell.raftgroup.cluster.ClusterTable;
import io.shardwell.raftgroup.cluster.FirstStart;
import io.shardwell.raftgroup.cluster.NodeIdentity;
import io.shardwell.raftgroup.wire.FrameCodec;
import io.shardwell.raftgroup.wire.Outbox;
import io.shardwell.raftgroup.wire.PeerMessage;
import io.shardwell.raftgroup.wire.RaftCodec;
import io.shardwell.storage.MemoryDisk;
import io.shardwell.storage.NodeMetadata;
import io.shardwell.storage.NodeStorage;
import io.shardwell.storage.StorageLimits;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Which of two links from nodes of the same name counts, at node {@code me} of a cluster of two.
 */
class PeerLinksTest implements PeerLinks.Listener, FirstStart.Listener, PeerBus {

  private static final long ME = 5;
  private static final long PEER = 7;
  private static final ClusterTable TABLE =
      new ClusterTable(new TreeMap<>(Map.of("me", ME, "peer", PEER)), 4, 2);
  private static final PeerMessage TOLD = new PeerMessage.ReadRefused(1, 2, "");

  private final VirtualLoop loop = new VirtualLoop();
  private final FrameCodec codec = new FrameCodec(new RaftCodec());
  private final List<PeerMessage> received = new ArrayList<>();
  private final List<Long> askedBack = new ArrayList<>();
  private int broken;
  private @Nullable ByteBuffer frame;

  private final PeerLinks links = links();

  private PeerLinks links() {
    EngineConfig config =
        EngineConfig.of(
            "me",
            Map.of("me", new PeerAddress("h", 1), "peer", new PeerAddress("h", 2)),
            ClientAddress.UNKNOWN,
            TABLE.shards(),
            TABLE.replicas(),
            1);
    FirstStart firstStart = new FirstStart(config, identity(), this);
    firstStart.begin();
    assertThat(firstStart.stage()).isEqualTo(FirstStart.Stage.OPENED);
    return new PeerLinks(config, loop, this, codec, firstStart, this);
  }

  private static NodeIdentity identity() {
    MemoryDisk disk =
        new MemoryDisk((task, delay) -> {}, new Random(1), new MemoryDisk.Behaviour());
    try {
      NodeStorage storage = NodeStorage.open(disk, StorageLimits.SMALL, PeerLinksTest::fault);
      storage.saveMetadata(
          NodeMetadata.empty()
              .withIncarnation(ME)
              .withClusterTable(TABLE.encode())
              .withOpened(true));
      return NodeIdentity.begin(storage, new Random(1), () -> 0, PeerLinksTest::fault);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static void fault(String what, @Nullable Throwable cause) {
    throw new AssertionError(what, cause);
  }

  /**
   * A process that was started under the name of a node that runs: the two silenced each other as
   * often as they dialled.
   */
  @Test
  void whoeverTookANodesNameDoesNotSilenceIt() {
    End node = new End();
    node.says(hello(PEER, TABLE.encode()));
    assertThat(links.hears("peer")).isTrue();
    End other = new End();
    other.says(hello(PEER + 1, new byte[0]));
    other.says(TOLD);
    assertThat(received).isEmpty();
    assertThat(askedBack).as("it may ask to be taken in").containsExactly(PEER + 1);
    assertThat(node.closed).isFalse();
    node.says(TOLD);
    assertThat(received).containsExactly(TOLD);
    other.link.onClosed();
    assertThat(links.hears("peer")).isTrue();
    assertThat(broken).isZero();
  }

  /** Its new link, while the old one is not known to be broken. */
  @Test
  void aNodesNewerLinkCounts() {
    End old = new End();
    old.says(hello(PEER, TABLE.encode()));
    End next = new End();
    next.says(hello(PEER, TABLE.encode()));
    assertThat(old.closed).isTrue();
    assertThat(broken).isEqualTo(1);
    old.link.onClosed();
    assertThat(links.hears("peer")).isTrue();
    next.says(TOLD);
    assertThat(received).containsExactly(TOLD);
  }

  /** A node taken in again shows the table in a further Hello on the same link. */
  @Test
  void aLinkThatBecomesTrustedCounts() {
    End old = new End();
    old.says(hello(PEER, TABLE.encode()));
    End back = new End();
    back.says(hello(PEER + 1, new byte[0]));
    back.says(hello(PEER + 1, TABLE.encode()));
    assertThat(old.closed).isTrue();
    assertThat(broken).isEqualTo(1);
    back.says(TOLD);
    assertThat(received).containsExactly(TOLD);
  }

  private static PeerMessage hello(long incarnation, byte[] table) {
    boolean isNew = table.length == 0;
    return new PeerMessage.Hello(
        "peer",
        incarnation,
        1,
        TABLE.shards(),
        TABLE.replicas(),
        table,
        !isNew,
        isNew,
        new byte[0],
        ClientAddress.UNKNOWN);
  }

  /** The other end of a link to this node. */
  private final class End {
    boolean closed;
    final InboundLink link = links.accept(() -> closed = true);

    void says(PeerMessage message) {
      Outbox outbox = new Outbox("me", PeerLinksTest.this, codec);
      outbox.add(message);
      outbox.flush();
      link.onFrame(Objects.requireNonNull(frame));
    }
  }

  // --- what is told, and the bus that takes a frame for an end
  // --------------------------------------

  @Override
  public void linkUp(String nodeId) {}

  @Override
  public void linkBroken(String nodeId, boolean nodeIsGone) {
    broken++;
  }

  @Override
  public void received(String nodeId, long incarnation, PeerMessage message) {
    received.add(message);
  }

  @Override
  public void signOfLife(String nodeId, long incarnation) {}

  @Override
  public void answersLater(String nodeId, long incarnation) {}

  @Override
  public void helloChanged() {}

  @Override
  public void open() {}

  @Override
  public void mapHeard(ClusterMap shown) {}

  @Override
  public void wantsBack(String nodeId, long incarnation) {
    askedBack.add(incarnation);
  }

  @Override
  public void dial(String peerId, PeerAddress address, DialledLinkListener listener) {}

  @Override
  public void send(String peerId, ByteBuffer sent) {
    frame = sent;
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
