package io.shardwell.server;

/** A further I/O thread: the loop that owns the sockets of some clients, and the ways to it. */
final class ClientLoop {

  final NettyEventLoop io;

  /** What has come from the sockets. Used on this loop. */
  final HandOver toNode;

  /** What the connections want of their sockets. Used on the node's loop. */
  final HandOver toSockets;

  // Channels given to this loop and not closed yet. On the node's loop only.
  private int channels;

  private ClientLoop(NettyEventLoop io, NettyEventLoop nodeLoop) {
    this.io = io;
    this.toNode = new HandOver(io, nodeLoop);
    this.toSockets = new HandOver(nodeLoop, io);
  }

  /** Makes it one; nothing else may have been given to the loop before. */
  static ClientLoop on(NettyEventLoop io, NettyEventLoop nodeLoop) {
    ClientLoop made = new ClientLoop(io, nodeLoop);
    io.execute(() -> io.onTurnEnd(made.toNode::turnEnded));
    return made;
  }

  int channels() {
    return channels;
  }

  void channelGiven() {
    channels++;
  }

  void channelClosed() {
    channels--;
    assert channels >= 0;
  }
}
