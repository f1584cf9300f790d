package io.shardwell.server;

import io.netty.channel.ChannelHandler;
import io.shardwell.raftgroup.DialledLinkListener;
import io.shardwell.raftgroup.InboundLink;
import io.shardwell.raftgroup.PeerAddress;
import io.shardwell.raftgroup.PeerBus;
import io.shardwell.storage.FaultHandler;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/**
 * Links between nodes over TCP: the real {@link PeerBus}.
 *
 * <p>Each node dials each peer and sends over that connection only; what it receives comes over the
 * connections it accepted. A broken link is dialled again after {@value
 * DialledLink#FIRST_BACKOFF_MILLIS} ms, then twice as long each time up to {@value
 * DialledLink#LAST_BACKOFF_MILLIS} ms; nothing that was queued on it is sent again. Frames wait for
 * {@link #flush()}, so that one turn costs one system call per peer. Loop thread only.
 */
public final class NettyPeerBus implements PeerBus {

  private final NettyEventLoop loop;
  private final FaultHandler faults;
  private final HostNames names;
  private final Map<String, DialledLink> links = new LinkedHashMap<>();
  private boolean closed;

  /** Of the node with this loop; faults are told what escapes from frame handlers. */
  public NettyPeerBus(NettyEventLoop loop, FaultHandler faults) {
    this.loop = loop;
    this.faults = faults;
    this.names = new HostNames(loop, "shardwell-names");
  }

  @Override
  public void dial(String peerId, PeerAddress address, DialledLinkListener listener) {
    assert loop.inLoop();
    if (closed) {
      return;
    }
    DialledLink link = new DialledLink(loop, names, faults, peerId, address, listener);
    DialledLink former = links.put(peerId, link);
    if (former != null) {
      former.close();
    }
    link.dial();
  }

  @Override
  public void send(String peerId, ByteBuffer frame) {
    assert loop.inLoop();
    DialledLink link = links.get(peerId);
    if (link != null) {
      link.send(frame);
    }
  }

  @Override
  public boolean isUp(String peerId) {
    DialledLink link = links.get(peerId);
    return link != null && link.isUp();
  }

  @Override
  public long pendingBytes(String peerId) {
    DialledLink link = links.get(peerId);
    return link == null ? 0 : link.pendingBytes();
  }

  /** Hands everything sent since the last call to the sockets: at the end of each turn. */
  public void flush() {
    for (DialledLink link : links.values()) {
      link.flush();
    }
  }

  /** For one accepted connection; the acceptor is the engine's. */
  ChannelHandler inbound(Function<Runnable, InboundLink> acceptor) {
    return new InboundPeerHandler(loop, acceptor, faults);
  }

  /** Closes all dialled links and dials no more. */
  public void close() {
    assert loop.inLoop();
    closed = true;
    links.values().forEach(DialledLink::close);
    links.clear();
    names.close();
  }
}
