package io.shardwell.server;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.util.ReferenceCountUtil;
import io.shardwell.storage.FaultHandler;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A client's socket whose I/O thread is one of {@link ClientLoops}, not the node's loop.
 *
 * <p>Two halves, one on each thread, that call each other only through the two {@link HandOver}s.
 * So each side sees the other's deeds in their order, and one turn of either costs the other one
 * wake-up. Only arrays on the heap cross, in either direction: nothing with a reference count, so
 * that whatever a loop leaves undone at its end is garbage and no leak, and no allocator sees a
 * buffer come back on another thread.
 *
 * <p>What is on its way across is bounded like all that waits. Answers count as pending until
 * Netty's buffer has them, and from then on as what that holds. A client's bytes that the node's
 * loop has not taken are counted, too: at {@link ClientLimits#INPUT_HIGH_BYTES} the socket is not
 * read from until all of them are taken.
 */
final class SocketOnClientLoop extends ClientSocket {

  private static final int FIRST_ANSWER_BYTES = 256;

  private final ClientLoop loop;

  // On the node's loop only, like all of ClientConnection.
  private final ClientConnection connection;
  private long writtenBytes;

  // Invariant: roomAwaited from awaitRoom() until its onRoom().
  private boolean roomAwaited;

  // On the client loop only.
  private boolean wanted = true;
  private boolean overfull;
  private boolean roomToTell;
  private long arrivedBytes;

  // Each is written by one thread and read by the other. Invariants: buffered <= writtenBytes, what
  // Netty has been given of it; taken <= arrivedBytes, what the connection has seen of it.
  private final AtomicLong buffered = new AtomicLong();
  private final AtomicLong taken = new AtomicLong();

  SocketOnClientLoop(
      Channel channel, ClientLoop loop, FaultHandler faults, ClientConnection connection) {
    super(channel, faults);
    this.loop = loop;
    this.connection = connection;
  }

  // ---- The client loop's half: from the socket, and what the connection wanted of it.

  @Override
  public void channelActive(ChannelHandlerContext context) {
    loop.toNode.add(() -> connection.opened(this));
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    ByteBuf arrived = (ByteBuf) message;
    try {
      byte[] bytes = new byte[arrived.readableBytes()];
      arrived.readBytes(bytes);
      arrivedBytes += bytes.length;
      loop.toNode.add(() -> take(bytes));
    } finally {
      ReferenceCountUtil.release(arrived);
    }
    if (!overfull && arrivedBytes - taken.get() >= ClientLimits.INPUT_HIGH_BYTES) {
      overfull = true;
      updateReading();
      // There and back: when the question is back, all that came before it has been taken.
      loop.toNode.add(() -> loop.toSockets.add(this::allTaken));
    }
  }

  private void allTaken() {
    assert loop.io.inLoop();
    overfull = false;
    updateReading();
  }

  private void want(boolean reading) {
    assert loop.io.inLoop();
    wanted = reading;
    updateReading();
  }

  private void updateReading() {
    setAutoRead(wanted && !overfull);
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    if (event instanceof ChannelInputShutdownEvent) {
      loop.toNode.add(connection::inputEnded);
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    loop.toNode.add(connection::gone);
  }

  private void send(ByteBuf answers) {
    assert loop.io.inLoop();
    int length = answers.readableBytes();
    writeInPieces(answers);
    // After the write, not before: in between they count twice, but never not at all.
    buffered.lazySet(buffered.getPlain() + length);
    channel.flush();
  }

  private void tellOfRoom() {
    assert loop.io.inLoop();
    // All that the connection had written when it asked is in Netty's buffer by now.
    roomToTell = true;
    channelWritabilityChanged();
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext context) {
    channelWritabilityChanged();
  }

  private void channelWritabilityChanged() {
    if (roomToTell && channel.isWritable()) {
      roomToTell = false;
      loop.toNode.add(this::room);
    }
  }

  // ---- The node's half: to the connection, and what it wants.

  private void take(byte[] bytes) {
    taken.lazySet(taken.getPlain() + bytes.length);
    connection.arrived(bytes, bytes.length);
  }

  private void room() {
    roomAwaited = false;
    connection.onRoom();
  }

  @Override
  ByteBuf buffer() {
    return Unpooled.buffer(FIRST_ANSWER_BYTES);
  }

  @Override
  void write(ByteBuf answers) {
    writtenBytes += answers.readableBytes();
    loop.toSockets.add(() -> send(answers));
  }

  @Override
  long pendingBytes() {
    // In this order: what moves from the first to the second meanwhile counts twice, not never.
    long crossing = writtenBytes - buffered.get();
    assert crossing >= 0;
    return crossing + bufferedBytes();
  }

  @Override
  void awaitRoom() {
    if (!roomAwaited) {
      roomAwaited = true;
      loop.toSockets.add(this::tellOfRoom);
    }
  }

  @Override
  void setReading(boolean reading) {
    loop.toSockets.add(() -> want(reading));
  }

  @Override
  void closeAfterWrites() {
    loop.toSockets.add(() -> Quietly.closeAfterWrites(channel));
  }

  @Override
  void close() {
    loop.toSockets.add(() -> Quietly.close(channel));
  }
}
