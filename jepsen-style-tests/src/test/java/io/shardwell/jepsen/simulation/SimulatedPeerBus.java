package io.shardwell.jepsen.simulation;

import io.shardwell.raftgroup.DialledLinkListener;
import io.shardwell.raftgroup.InboundLink;
import io.shardwell.raftgroup.PeerAddress;
import io.shardwell.raftgroup.PeerBus;
import io.shardwell.raftgroup.WireLimits;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The sockets of one simulated process. */
final class SimulatedPeerBus implements PeerBus {
  /** The process that owns the sockets. */
  interface Owner {
    boolean isAlive();

    /** Runs a task that a peer gave rise to. */
    void executeForPeer(Runnable task);

    InboundLink accept(Runnable closeLink);

    /** Something is about to be sent. */
    void beforeSend();
  }

  private record Dial(PeerAddress address, DialledLinkListener listener) {}

  private final SimulatedNetwork network;
  private final String nodeId;
  private final Owner owner;
  private final Map<String, Dial> dials = new TreeMap<>();
  private final Map<String, Link> up = new TreeMap<>();

  SimulatedPeerBus(SimulatedNetwork network, String nodeId, Owner owner) {
    this.network = network;
    this.nodeId = nodeId;
    this.owner = owner;
  }

  String nodeId() {
    return nodeId;
  }

  boolean isAlive() {
    return owner.isAlive();
  }

  /** Runs on the owner's loop, unless the process has died by then. */
  void execute(Runnable task) {
    if (owner.isAlive()) {
      owner.executeForPeer(task);
    }
  }

  InboundLink accept(Runnable closeLink) {
    return owner.accept(closeLink);
  }

  @Override
  public void dial(String peerId, PeerAddress address, DialledLinkListener listener) {
    if (dials.put(peerId, new Dial(address, listener)) != null) {
      throw new IllegalStateException("dialled twice: " + peerId);
    }
    network.connect(this, peerId, address);
  }

  void linkUp(String peerId, Link link) {
    up.put(peerId, link);
    Objects.requireNonNull(dials.get(peerId)).listener.onUp();
  }

  /** A link broke or could not be made; it is dialled again after a while. */
  void linkDown(String peerId, boolean refusedOrReset) {
    up.remove(peerId);
    Dial dial = Objects.requireNonNull(dials.get(peerId));
    dial.listener.onDown(refusedOrReset);
    network.redial(this, peerId, dial.address);
  }

  @Override
  public void send(String peerId, ByteBuffer frame) {
    if (frame.remaining() > WireLimits.MAX_FRAME_BYTES) {
      throw new IllegalArgumentException("frame of " + frame.remaining() + " bytes");
    }
    owner.beforeSend();
    @Nullable Link link = up.get(peerId);
    if (link != null && owner.isAlive()) {
      byte[] bytes = new byte[frame.remaining()];
      frame.get(bytes);
      network.countFrame();
      link.send(bytes);
    }
  }

  @Override
  public boolean isUp(String peerId) {
    return up.containsKey(peerId);
  }

  @Override
  public long pendingBytes(String peerId) {
    @Nullable Link link = up.get(peerId);
    return link == null ? 0 : link.pendingBytes();
  }
}
