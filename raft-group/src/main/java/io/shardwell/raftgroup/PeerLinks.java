package io.shardwell.raftgroup;

import io.shardwell.raftgroup.cluster.FirstStart;
import io.shardwell.raftgroup.replica.ReplicaEndpoint;
import io.shardwell.raftgroup.wire.FrameCodec;
import io.shardwell.raftgroup.wire.MalformedFrameException;
import io.shardwell.raftgroup.wire.Outbox;
import io.shardwell.raftgroup.wire.PeerMessage;
import io.shardwell.raftgroup.wire.PieceAssembly;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The links to and from the other nodes. Each begins with a {@link PeerMessage.Hello}; what comes
 * from a speaker that is not of this cluster, or was replaced, is dropped. A link has one speaker,
 * node and incarnation, for as long as it lives: all it says is taken as that speaker's. Of two
 * links from the same node only the newer counts, so that its messages stay in order (MICRORAFT
 * B1), unless the newer one's speaker is not of this cluster and the older one's is. Loop thread
 * only.
 */
final class PeerLinks {

  private static final Logger LOGGER = LoggerFactory.getLogger(PeerLinks.class);

  /** What the links tell the engine. */
  interface Listener {
    void linkUp(String nodeId);

    void linkBroken(String nodeId, boolean nodeIsGone);

    void received(String nodeId, long incarnation, PeerMessage message);

    /** The node is busy sending a frame; see {@link InboundLink#onPartOfFrame}. */
    void signOfLife(String nodeId, long incarnation);

    /** The node speaks, and its socket has not taken yet what it is to answer. */
    void answersLater(String nodeId, long incarnation);
  }

  /** Signs of life from one node are passed on no more often than that: all replicas look. */
  private static final long SIGN_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private final EngineConfig config;
  private final PeerBus bus;
  private final FrameCodec codec;
  private final FirstStart firstStart;
  private final Listener listener;
  private final Map<String, Outbox> outboxes = new TreeMap<>();
  private final Map<String, Inbound> inbound = new TreeMap<>();
  private final Map<String, Long> upSince = new TreeMap<>();
  private final EventLoop loop;

  PeerLinks(
      EngineConfig config,
      EventLoop loop,
      PeerBus bus,
      FrameCodec codec,
      FirstStart firstStart,
      Listener listener) {
    this.config = config;
    this.loop = loop;
    this.bus = bus;
    this.codec = codec;
    this.firstStart = firstStart;
    this.listener = listener;
    for (String nodeId : config.nodes().keySet()) {
      if (!nodeId.equals(config.nodeId())) {
        outboxes.put(nodeId, new Outbox(nodeId, bus, codec));
      }
    }
  }

  /** By node id, for every other node. */
  Map<String, Outbox> outboxes() {
    return outboxes;
  }

  void dial() {
    outboxes.forEach(
        (nodeId, outbox) ->
            bus.dial(
                nodeId,
                java.util.Objects.requireNonNull(config.nodes().get(nodeId)),
                new Dialled(nodeId, outbox)));
  }

  /** Says who we are on all links, because it changed or because somebody may not have heard. */
  void hello() {
    outboxes.values().forEach(this::hello);
  }

  private void hello(Outbox outbox) {
    outbox.flush();
    outbox.add(firstStart.hello());
    outbox.flush(); // A frame of its own: the frame after it is read as this speaker's.
  }

  /**
   * Sends what this turn has gathered: one frame for each peer, and a piece of what is too large.
   *
   * @return whether more pieces wait
   */
  boolean flush() {
    boolean more = false;
    for (Outbox outbox : outboxes.values()) {
      more |= outbox.endTurn();
    }
    return more;
  }

  /** Whether the node has shown, on a link that is up, that it belongs to this cluster. */
  boolean reaches(String nodeId) {
    Outbox outbox = outboxes.get(nodeId);
    return outbox != null && outbox.isUp() && hears(nodeId);
  }

  /** The same for a replica: whoever runs under the node's name now may be another. */
  boolean reaches(ReplicaEndpoint replica) {
    Inbound link = inbound.get(replica.nodeId());
    return reaches(replica.nodeId())
        && link != null
        && link.speaker != null
        && link.speaker.incarnation() == replica.incarnation();
  }

  /** For how long the link to this node has been up; 0 if it is not, or is the own node. */
  long upNanos(String nodeId) {
    Long since = upSince.get(nodeId);
    return since == null ? 0 : loop.nanoTime() - since;
  }

  /** Whether the link to this node has been up for so long. */
  boolean hasReachedFor(String nodeId, long nanos) {
    Long since = upSince.get(nodeId);
    return since != null && loop.nanoTime() - since >= nanos && reaches(nodeId);
  }

  /**
   * Each node, this one included, as far as its links tell.
   *
   * @param client where clients reach a node
   */
  List<NodeStatus.PeerStatus> status(Function<String, ClientAddress> client) {
    List<NodeStatus.PeerStatus> nodes = new ArrayList<>();
    config
        .nodes()
        .forEach(
            (id, peer) -> {
              ClientAddress address = client.apply(id);
              Outbox outbox = outboxes.get(id);
              nodes.add(
                  new NodeStatus.PeerStatus(
                      id,
                      peer.host(),
                      peer.port(),
                      address.host(),
                      address.respPort(),
                      address.textPort(),
                      address.httpPort(),
                      address.clusterPort(),
                      id.equals(config.nodeId()) || reaches(id),
                      TimeUnit.NANOSECONDS.toMillis(upNanos(id)),
                      outbox == null ? 0 : outbox.droppedFrames(),
                      outbox == null ? 0 : outbox.droppedMessages()));
            });
    return nodes;
  }

  /** Whether a node of that name that is trusted has said something so lately. */
  boolean hasHeardWithin(String nodeId, long nanos) {
    Inbound link = inbound.get(nodeId);
    return hears(nodeId) && link != null && loop.nanoTime() - link.heardNanos < nanos;
  }

  /** Whether a link from this node is up and trusted. */
  boolean hears(String nodeId) {
    Inbound link = inbound.get(nodeId);
    return link != null && link.isTrusted();
  }

  /** Whether each node that is reached and counts has said something after that loop time. */
  boolean hasHeardFromAllSince(long nanos, Predicate<String> counts) {
    for (Map.Entry<String, Inbound> link : inbound.entrySet()) {
      boolean isSilent = link.getValue().heardNanos - nanos <= 0;
      if (isSilent && reaches(link.getKey()) && counts.test(link.getKey())) {
        return false;
      }
    }
    return true;
  }

  InboundLink accept(Runnable closeLink) {
    return new Inbound(closeLink);
  }

  private final class Dialled implements DialledLinkListener {
    private final String nodeId;
    private final Outbox outbox;
    private boolean up;

    Dialled(String nodeId, Outbox outbox) {
      this.nodeId = nodeId;
      this.outbox = outbox;
    }

    @Override
    public void onUp() {
      up = true;
      upSince.put(nodeId, loop.nanoTime());
      outbox.clear();
      hello(outbox);
      listener.linkUp(nodeId);
    }

    @Override
    public void onDown(boolean refusedOrReset) {
      upSince.remove(nodeId);
      outbox.clear();
      if (up || refusedOrReset) {
        up = false;
        listener.linkBroken(nodeId, refusedOrReset);
      }
    }
  }

  private final class Inbound implements InboundLink {
    private final Runnable closeLink;
    private boolean closed;
    private long heardNanos = loop.nanoTime();
    private long signNanos = loop.nanoTime();
    private long laterNanos = loop.nanoTime();
    private final PieceAssembly pieces = new PieceAssembly();
    private PeerMessage.@Nullable Hello speaker;

    Inbound(Runnable closeLink) {
      this.closeLink = closeLink;
    }

    boolean isTrusted() {
      return speaker != null && firstStart.trusts(speaker);
    }

    @Override
    public void onFrame(ByteBuffer frame) {
      if (closed) {
        return;
      }
      heardNanos = loop.nanoTime();
      PeerMessage.Hello known = speaker;
      if (known != null
          && heardNanos - laterNanos >= SIGN_NANOS
          && bus.pendingBytes(known.nodeId()) >= WireLimits.SIGN_OF_LIFE_BYTES
          && isLive(known)) {
        laterNanos = heardNanos;
        listener.answersLater(known.nodeId(), known.incarnation());
      }
      try {
        read(frame, this::onMessage);
      } catch (MalformedFrameException malformed) {
        LOGGER.warn(
            "closing a peer link from {}: {}",
            known == null ? "an unknown speaker" : known.nodeId(),
            malformed.getMessage());
        close();
      }
    }

    @Override
    public void onPartOfFrame() {
      PeerMessage.Hello known = speaker;
      long now = loop.nanoTime();
      if (!closed && known != null && now - signNanos >= SIGN_NANOS && isLive(known)) {
        signNanos = now;
        listener.signOfLife(known.nodeId(), known.incarnation());
      }
    }

    /**
     * Whether this is the speaker's newest link and ours to it is up as well: otherwise its process
     * may be gone, and this what it left behind.
     */
    private boolean isLive(PeerMessage.Hello known) {
      return inbound.get(known.nodeId()) == this && reaches(known.nodeId());
    }

    private void read(ByteBuffer frame, Consumer<PeerMessage> handler) {
      PeerMessage.Hello known = speaker;
      codec.read(
          frame,
          known == null ? "" : known.nodeId(),
          known == null ? 0 : known.incarnation(),
          handler);
    }

    private void onPiece(PeerMessage.Piece piece) {
      ByteBuffer whole = pieces.add(piece);
      if (whole != null) {
        read(
            whole,
            message -> {
              if (message instanceof PeerMessage.Piece || message instanceof PeerMessage.Hello) {
                throw new MalformedFrameException("not to be sent in pieces: " + message);
              }
              onMessage(message);
            });
      }
    }

    private void onMessage(PeerMessage message) {
      if (closed) {
        return;
      }
      if (message instanceof PeerMessage.Hello hello) {
        onHello(hello);
      } else if (speaker == null) {
        throw new MalformedFrameException("a link must begin with a Hello");
      } else if (message instanceof PeerMessage.Piece piece) {
        onPiece(piece);
      } else if (isTrusted()) {
        listener.received(speaker.nodeId(), speaker.incarnation(), message);
      }
    }

    private void onHello(PeerMessage.Hello hello) {
      boolean listed =
          config.nodes().containsKey(hello.nodeId()) && !hello.nodeId().equals(config.nodeId());
      if (!listed) {
        LOGGER.warn("closing a peer link: {} is not one of the other nodes", hello.nodeId());
        close();
        return;
      }
      PeerMessage.Hello before = speaker;
      if (before != null
          && !(before.nodeId().equals(hello.nodeId())
              && before.incarnation() == hello.incarnation())) {
        LOGGER.warn("closing a peer link: {} was somebody else before", hello.nodeId());
        close();
        return;
      }
      Inbound older = inbound.get(hello.nodeId());
      // Whoever took the name of a node of this cluster is heard, and may ask to be taken in, but
      // must not silence that node. It becomes trusted by a further Hello at the earliest.
      if (older == null || !older.isTrusted() || firstStart.trusts(hello)) {
        inbound.put(hello.nodeId(), this);
        if (older != null && older != this) {
          older.close();
          listener.linkBroken(hello.nodeId(), false);
        }
      }
      speaker = hello;
      firstStart.heard(hello);
    }

    private void close() {
      closed = true;
      closeLink.run();
    }

    @Override
    public void onClosed() {
      closed = true;
      PeerMessage.Hello known = speaker;
      if (known != null && inbound.get(known.nodeId()) == this) {
        inbound.remove(known.nodeId());
        listener.linkBroken(known.nodeId(), false);
      }
    }
  }
}
