package io.shardwell.server;

import io.netty.buffer.ByteBuf;
import io.shardwell.raftgroup.ClientSession;
import io.shardwell.server.command.Call;
import io.shardwell.server.command.ClientInfo;
import io.shardwell.server.command.Face;
import io.shardwell.server.command.NodeCounters;
import io.shardwell.server.protocol.Answer;
import io.shardwell.server.protocol.AnswerEncoder;
import io.shardwell.server.protocol.LineDecoder;
import io.shardwell.server.protocol.LineEncoder;
import io.shardwell.server.protocol.ProtocolException;
import io.shardwell.server.protocol.RequestDecoder;
import io.shardwell.server.protocol.RespDecoder;
import io.shardwell.server.protocol.RespEncoder;
import io.shardwell.statemachine.Command;
import io.shardwell.statemachine.Invocation;
import io.shardwell.statemachine.Reply;
import io.shardwell.statemachine.ShardState;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client: requests in, answers out in the order of the requests. On the node's loop only,
 * whichever thread its {@link ClientSocket} is on.
 *
 * <p>Back-pressure is one rule: while too many requests or bytes of them are under way, or too many
 * answer bytes wait for the socket, no request is decoded and nothing is read. What has been read
 * stays in the decoder. Answers are encoded at the end of a turn, into one write and one flush.
 */
final class ClientConnection {

  private static final Logger LOG = LoggerFactory.getLogger(ClientConnection.class);

  private static final Answer UNFINISHED =
      Answer.failure(
          "ERR closing this connection: unfinished requests take too much of the node's memory,"
              + " and this one has most of them");

  private static final Reply INTERNAL_ERROR = new Reply.Failure(NodeCounters.INTERNAL_ERROR);

  /**
   * A timer of the loop that is so late stood behind something long; nothing was read meanwhile.
   */
  private static final long QUIET_LATE_NANOS = ClientLimits.QUIET_MILLIS * 1_000_000L / 5;

  private final ClientSide side;
  private final Face face;
  private final RequestDecoder decoder;

  private @Nullable ClientSocket socket;
  private @Nullable ClientInfo info;

  // Opened with the first data command: most silent connections never need one.
  private @Nullable ClientSession session;

  // Invariant: the list from first to last holds the `outstanding` slots not yet written, in the
  // order of their requests; heldBytes is the sum over those that are filled.
  private @Nullable ReplySlot first;
  private @Nullable ReplySlot last;
  private int outstanding;
  private long heldBytes;

  /** Called when all clients' requests under way leave room for more. */
  private final Runnable goOn = this::resume;

  // Invariant: queued exactly while in the side's list of connections to flush.
  private boolean queued;

  private boolean stalled;
  private boolean inputEnded;

  // No request is taken any more; the connection closes when the last answer is out.
  private boolean ending;
  private boolean closing;
  private boolean closed;

  // When the socket was last seen to have taken something, and how much in all by then.
  private long writtenBytes;
  private long takenBytes;
  private long takenNanos;

  /** When the requests that are being taken came. */
  private long pumpNanos;

  private boolean quietTimerSet;
  private long lastReadNanos;

  ClientConnection(ClientSide side, Face face) {
    this.side = side;
    this.face = face;
    this.decoder = face == Face.PLAIN_TEXT ? new LineDecoder() : new RespDecoder();
  }

  /** It has been accepted. */
  void opened(ClientSocket accepted) {
    assert side.inLoop();
    if (!side.clients().admit()) {
      refuse(accepted, "ERR max number of clients reached");
      return;
    }
    socket = accepted;
    ClientInfo created =
        new ClientInfo(
            side.clients().nextId(),
            text(accepted.remoteAddress()),
            text(accepted.localAddress()),
            face,
            side.nanoTime(),
            this::close);
    info = created;
    takenNanos = side.nanoTime();
    side.opened(this, created);
  }

  /** The first bytes of this array have come; it is only borrowed. */
  void arrived(byte[] bytes, int length) {
    assert side.inLoop();
    side.counters().inputBytes += length;
    if (!ending && !closed && info != null) {
      decoder.offer(bytes, 0, length);
      pump();
      keep();
    }
    if (face == Face.PLAIN_TEXT && decoder.mayBeWhole()) {
      lastReadNanos = side.nanoTime();
      awaitQuiet(ClientLimits.QUIET_MILLIS * 1_000_000L);
    }
  }

  /** Takes over what is left of the bytes that came, and counts it. */
  private void keep() {
    decoder.keep();
    ClientInfo client = info;
    if (client == null || closed) {
      return;
    }
    long held = decoder.heldBytes() + client.queuedBytes();
    long more = held - client.arrivingBytes;
    if (more != 0) {
      client.arrivingBytes = held;
      side.arriving(more);
    }
  }

  long arrivingBytes() {
    return info == null ? 0 : info.arrivingBytes;
  }

  private void awaitQuiet(long nanos) {
    if (quietTimerSet) {
      return;
    }
    quietTimerSet = true;
    long due = side.nanoTime() + nanos;
    side.schedule(
        () -> {
          quietTimerSet = false;
          if (closed || ending || !decoder.mayBeWhole()) {
            return;
          }
          if (stalled || side.nanoTime() - due > QUIET_LATE_NANOS) {
            // Nobody has looked whether the line goes on: its end may lie in the socket.
            lastReadNanos = side.nanoTime();
          }
          long left = lastReadNanos + ClientLimits.QUIET_MILLIS * 1_000_000L - side.nanoTime();
          if (left > 0) {
            awaitQuiet(left);
          } else {
            decoder.quiet();
            pump();
            keep();
          }
        },
        nanos);
  }

  /** Takes requests from the decoder until it has no more or too much is under way. */
  private void pump() {
    ClientInfo client = info;
    if (client == null) {
      return;
    }
    pumpNanos = side.nanoTime();
    boolean full = false;
    byte @Nullable [][] words = null;
    ReplySlot before = last;
    try {
      while (!ending && !closed) {
        full = mustStall();
        if (full) {
          break;
        }
        words = null;
        before = last;
        words = decoder.next();
        if (words == null) {
          ending |= inputEnded;
          break;
        }
        if (words.length == 0) {
          refuseTooLong(client);
        } else if (dispatch(client, words)
            && side.nanoTime() - pumpNanos >= ClientLimits.OWN_ANSWERS_NANOS) {
          full = true;
          side.queue(this); // To go on behind what others have to say.
          break;
        }
      }
    } catch (ProtocolException e) {
      ReplySlot slot = append(null, encoder(client));
      ending = true;
      slot.accept(new Reply.Failure(e.answer()));
    } catch (RuntimeException e) {
      failed(client, words, before, e);
    }
    if (ending && first == null) {
      side.queue(this);
    }
    // Not asked again: were a socket on another thread to have room by now, requests in the decoder
    // would be forgotten. Whoever was full is told of room.
    setStalled(ending || full);
  }

  /**
   * A request that our code could not handle (decisions/0035): the client is told, and its
   * connection ends after the answers under way.
   *
   * @param words null if the request was not even read
   * @param before the last slot when the request came
   */
  private void failed(
      ClientInfo client,
      byte @Nullable [][] words,
      @Nullable ReplySlot before,
      RuntimeException cause) {
    side.counters().failedRequest(words, client.address, cause);
    ending = true;
    if (closed) {
      return;
    }
    ReplySlot slot = last;
    if (slot == null || slot == before) {
      slot = append(null, encoder(client));
    }
    slot.fail(INTERNAL_ERROR);
  }

  /** Returns whether the node itself has taken the time to answer. */
  private boolean dispatch(ClientInfo client, byte[][] words) {
    if (CrossProtocolScripting.begins(words[0])) {
      side.crossProtocolScripting().detected(client, side.nanoTime());
      close();
      return false;
    }
    side.counters().commands++;
    client.lastCommandNanos = side.turnNanos();
    boolean takesAnswer = client.takesAnswer();
    Command command = Command.byName(words[0]);
    String own = command == null ? side.commands().find(words[0]) : null;
    ReplySlot slot = append(command, encoder(client));
    slot.silent = !takesAnswer;
    slot.startNanos = pumpNanos;
    taken(client, slot, sizeOf(words));
    if (side.commands().isQueued(client, own)) {
      slot.acceptAnswer(side.commands().queue(client, words, own));
      return false;
    }
    if (own != null) {
      String fullName = side.commands().fullName(own, words);
      client.lastCommand = fullName;
      slot.line = side.counters().stats().of(fullName);
      long queuedBytes = client.queuedBytes();
      side.commands()
          .execute(
              own, new Call(client, words, this::session, answer -> answer(client, slot, answer)));
      if (!slot.isFilled()) {
        // EXEC: what was queued is under way.
        taken(client, slot, Math.max(0, queuedBytes - client.queuedBytes()));
      }
      // CLIENT REPLY decides whether it itself is answered.
      slot.silent = !client.stillTakesAnswer(takesAnswer);
      return true;
    }
    Invocation.Parsed parsed = Invocation.parse(words);
    if (parsed instanceof Invocation.Ok ok) {
      client.lastCommand = ok.invocation().command().lowerName();
      slot.line = side.counters().stats().of(ok.invocation().command());
      if (!side.commands().answers(client, ok.invocation(), slot)) {
        session().submit(ok.invocation(), slot);
      }
    } else if (parsed instanceof Invocation.Bad bad) {
      if (command != null) {
        side.counters().stats().of(command).rejected();
      }
      slot.accept(bad.failure());
    }
    return false;
  }

  /** HELLO decides how it itself is answered, within EXEC too: nothing has come after it then. */
  private void answer(ClientInfo client, ReplySlot slot, Answer answer) {
    if (slot == last) {
      slot.encoder = encoder(client);
    }
    slot.acceptAnswer(answer);
  }

  private static long sizeOf(byte[][] words) {
    long bytes =
        ClientLimits.REQUEST_OVERHEAD_BYTES
            + (long) ClientLimits.WORD_OVERHEAD_BYTES * words.length;
    for (byte[] word : words) {
      bytes += word.length;
    }
    return bytes;
  }

  private void taken(ClientInfo client, ReplySlot slot, long bytes) {
    slot.requestBytes += bytes;
    client.unansweredBytes += bytes;
    side.requestTaken(bytes);
  }

  /** A word was longer than a value may be; the connection stays. */
  private void refuseTooLong(ClientInfo client) {
    boolean takesAnswer = client.takesAnswer();
    ReplySlot slot = append(null, encoder(client));
    slot.silent = !takesAnswer;
    client.requestRefused();
    slot.accept(ShardState.STRING_TOO_LARGE);
  }

  private AnswerEncoder encoder(ClientInfo client) {
    return face == Face.PLAIN_TEXT ? LineEncoder.LINES : client.resp();
  }

  private ClientSession session() {
    ClientSession opened = session;
    if (opened == null) {
      opened = side.openSession(face);
      session = opened;
    }
    return opened;
  }

  private ReplySlot append(@Nullable Command command, AnswerEncoder encoder) {
    ReplySlot slot = new ReplySlot(this, command, encoder);
    ReplySlot before = last;
    if (before == null) {
      first = slot;
    } else {
      before.next = slot;
    }
    last = slot;
    outstanding++;
    side.requestStarted();
    return slot;
  }

  /** A slot of this connection has its answer. */
  void onFilled(ReplySlot slot) {
    long answered = slot.requestBytes;
    slot.requestBytes = 0;
    side.requestAnswered(answered);
    ClientInfo client = info;
    if (client != null) {
      client.unansweredBytes -= answered;
    }
    if (closed) {
      return;
    }
    heldBytes += slot.bytes();
    // Here, for EXEC, which may hold CLIENT KILL, is done later than it is dispatched.
    ending |= client != null && client.hasQuit();
    if (slot == first || stalled) {
      side.queue(this);
    }
    if (client != null && slot.bytes() > 0) {
      client.outputBytes += slot.bytes();
      side.held(slot.bytes());
      side.limitHeld();
    }
  }

  /** At the end of a turn, once: writes what is ready. */
  void flush() {
    queued = false;
    ClientSocket to = socket;
    if (closed || to == null) {
      return;
    }
    long room = ClientLimits.OUTPUT_HIGH_BYTES - to.pendingBytes();
    ReplySlot slot = first;
    if (slot != null && slot.isFilled() && room > 0) {
      ByteBuf out = to.buffer();
      long now = side.nanoTime();
      while (slot != null && slot.isFilled() && out.readableBytes() < room) {
        slot.writeTo(out);
        slot.count(side.counters(), now);
        heldBytes -= slot.bytes();
        outstanding--;
        side.requestEnded();
        slot = slot.next;
      }
      first = slot;
      if (slot == null) {
        last = null;
      }
      side.counters().outputBytes += out.readableBytes();
      writtenBytes += out.readableBytes();
      if (out.isReadable()) {
        to.write(out);
      } else {
        out.release();
      }
    }
    if (ending && first == null) {
      if (!closing) {
        closing = true;
        to.closeAfterWrites();
      }
      // Counted until the socket has taken all, or is closed for taking nothing.
      checkBehind();
      return;
    }
    if (slot != null && slot.isFilled()) {
      to.awaitRoom();
    }
    checkBehind();
    if (stalled && !closed && !mustStall()) {
      // In a turn of its own: one client's endless pipeline must not hold up the others.
      side.execute(this::resume);
    }
  }

  private void resume() {
    if (!closed && stalled) {
      pump();
      keep();
    }
  }

  private boolean mustStall() {
    return outstanding >= ClientLimits.MAX_PIPELINED
        || isFull()
        || heldBytes >= ClientLimits.SOFT_HELD_BYTES
        || (info != null
            && (info.isHeld() || info.unansweredBytes >= ClientLimits.MAX_PIPELINED_BYTES))
        || side.isStopping()
        || side.unanswered().mustWait(goOn);
  }

  /** As many answers wait for the socket as may; if so, {@link #onRoom} follows. */
  private boolean isFull() {
    ClientSocket to = socket;
    if (to == null || to.pendingBytes() < ClientLimits.OUTPUT_HIGH_BYTES) {
      return false;
    }
    to.awaitRoom();
    return true;
  }

  private void setStalled(boolean must) {
    ClientSocket from = socket;
    if (must != stalled && from != null && !closed) {
      stalled = must;
      from.setReading(!must);
    }
  }

  long outputBytes() {
    return info == null ? 0 : info.outputBytes;
  }

  /** Counts the answers that are held, or that the socket has not taken, as they are now. */
  void countOutput() {
    ClientInfo client = info;
    ClientSocket to = socket;
    if (closed || client == null || to == null) {
      return;
    }
    long more = heldBytes + to.pendingBytes() - client.outputBytes;
    if (more != 0) {
      client.outputBytes += more;
      side.held(more);
    }
  }

  /** Closes a client that does not take its answers. Called with each flush and once a second. */
  void checkBehind() {
    ClientInfo client = info;
    ClientSocket to = socket;
    if (closed || client == null || to == null) {
      return;
    }
    countOutput();
    long waiting = client.outputBytes - heldBytes;
    long taken = writtenBytes - waiting;
    // Who asks for no more is not waited for until it is far behind.
    boolean waitedFor =
        client.outputBytes > ClientLimits.SOFT_HELD_BYTES
            || ((ending || inputEnded) && waiting > 0);
    if (!waitedFor || taken > takenBytes) {
      takenNanos = side.nanoTime();
      takenBytes = taken;
    }
    boolean stuck = side.nanoTime() - takenNanos >= ClientLimits.SOFT_HELD_SECONDS * 1_000_000_000L;
    if (stuck) {
      closeForAnswers();
    } else {
      side.limitHeld();
    }
  }

  /** Closes this client, for it has left too much unread. */
  void closeForAnswers() {
    ClientInfo client = info;
    if (closed || client == null) {
      return;
    }
    LOG.warn(
        "Closed client {} from {}: it has left {} bytes of answers unread",
        client.id,
        client.address,
        client.outputBytes);
    close();
  }

  /** Closes this client, for all clients' unfinished requests together hold too much memory. */
  void closeForMemory() {
    ClientSocket to = socket;
    ClientInfo client = info;
    if (closed || to == null || client == null) {
      return;
    }
    LOG.warn(
        "Closed client {} from {}: unfinished requests take more than {} bytes, and it had most"
            + " of them, {}",
        client.id,
        client.address,
        ClientLimits.MAX_ARRIVING_BYTES,
        client.arrivingBytes);
    boolean inTurn = first == null;
    forget();
    if (inTurn) {
      // Tried once: a socket that does not take it must not keep the memory.
      ByteBuf out = to.buffer();
      encoder(client).encode(UNFINISHED, out);
      to.write(out);
    }
    to.close();
  }

  /** The socket has taken answers, so that others may follow. */
  void onRoom() {
    assert side.inLoop();
    side.queue(this);
  }

  /** The client will say no more, but may well wait for its answers. */
  void inputEnded() {
    assert side.inLoop();
    inputEnded = true;
    if (face == Face.PLAIN_TEXT) {
      decoder.quiet();
    }
    pump();
  }

  /** The socket is closed. */
  void gone() {
    assert side.inLoop();
    forget();
  }

  /** Whether a queue entry is to be made; marks it as made. */
  boolean markQueued() {
    boolean fresh = !queued;
    queued = true;
    return fresh;
  }

  /** The node takes no more requests. */
  void onStopping() {
    setStalled(true);
  }

  private void close() {
    ClientSocket open = socket;
    if (open != null) {
      forget();
      open.close();
    }
  }

  /**
   * Forgets everything; answers that come later are dropped, and their requests count till then.
   */
  private void forget() {
    if (closed) {
      return;
    }
    closed = true;
    for (; outstanding > 0; outstanding--) {
      side.requestEnded();
    }
    first = null;
    last = null;
    heldBytes = 0;
    side.unanswered().forget(goOn);
    ClientInfo client = info;
    if (client != null) {
      side.closed(this, client);
    }
  }

  private void refuse(ClientSocket accepted, String failure) {
    closed = true;
    ByteBuf out = accepted.buffer();
    AnswerEncoder words = face == Face.PLAIN_TEXT ? LineEncoder.LINES : RespEncoder.RESP2;
    words.encode(Answer.failure(failure), out);
    accepted.write(out);
    accepted.closeAfterWrites();
  }

  private static String text(SocketAddress address) {
    if (address instanceof InetSocketAddress inet) {
      String host = inet.getAddress().getHostAddress();
      return (host.contains(":") ? "[" + host + "]" : host) + ":" + inet.getPort();
    }
    return String.valueOf(address);
  }
}
