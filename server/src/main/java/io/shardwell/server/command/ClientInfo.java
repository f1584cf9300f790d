package io.shardwell.server.command;

import io.shardwell.server.protocol.RespEncoder;
import org.jspecify.annotations.Nullable;

/** What one connection has told about itself and what is known of it. Loop thread only. */
public final class ClientInfo {

  /** What CLIENT REPLY asked for. */
  public enum ReplyMode {
    ON,
    OFF,
    /** The next command gets no answer. */
    SKIP_NEXT
  }

  public final long id;
  public final String address;
  public final String localAddress;

  public final Face face;

  final long connectedNanos;
  final Runnable closer;

  String name = "";
  String libName = "";
  String libVersion = "";
  RespEncoder resp = RespEncoder.RESP2;
  private ReplyMode replyMode = ReplyMode.ON;
  boolean noEvict;
  boolean noTouch;

  /** READONLY was said last, not READWRITE. */
  boolean readOnly;

  boolean quit;

  /** No further command is taken until this one has got so far. */
  boolean held;

  final TransactionQueue transaction;

  // Set by CLIENT REPLY: whether this very command is answered goes by the new mode.
  private boolean replyModeSet;

  /** When the last command came, {@code nanoTime}. */
  public long lastCommandNanos;

  /** The last command's name in lower case, null before the first. */
  public @Nullable String lastCommand;

  /** Bytes of the request that is being executed, as RESP has them; else 0. */
  long requestBytes;

  /** Bytes of requests that are not whole, or queued by MULTI. */
  public long arrivingBytes;

  /** Bytes of requests that are under way. */
  public long unansweredBytes;

  /** Bytes of answers the client has not taken yet. */
  public long outputBytes;

  /** A connection just accepted; the closer closes it at once. */
  public ClientInfo(
      long id, String address, String localAddress, Face face, long nowNanos, Runnable closer) {
    this.id = id;
    this.address = address;
    this.localAddress = localAddress;
    this.face = face;
    this.transaction = new TransactionQueue(face);
    this.connectedNanos = nowNanos;
    this.lastCommandNanos = nowNanos;
    this.closer = closer;
  }

  /** The protocol version in force for the next answer. */
  public RespEncoder resp() {
    return resp;
  }

  /** How much memory the commands since MULTI and the watched keys take, in bytes. */
  public long queuedBytes() {
    return transaction.heldBytes();
  }

  /** A request could not be taken: if it was to be queued, its transaction is void. */
  public void requestRefused() {
    if (transaction.isOpen()) {
      transaction.abort();
    }
  }

  /** Whether the next command has to wait. */
  public boolean isHeld() {
    return held;
  }

  /** Whether no command follows: the connection ends after the answers under way. */
  public boolean hasQuit() {
    return quit;
  }

  /** Whether the command that comes now gets an answer; counts it. */
  public boolean takesAnswer() {
    if (replyMode == ReplyMode.SKIP_NEXT) {
      replyMode = ReplyMode.ON;
      return false;
    }
    return replyMode == ReplyMode.ON;
  }

  /**
   * Whether the command just executed gets an answer, which {@link #takesAnswer} said before it.
   */
  public boolean stillTakesAnswer(boolean tookAnswer) {
    boolean takes = replyModeSet ? replyMode == ReplyMode.ON : tookAnswer;
    replyModeSet = false;
    return takes;
  }

  void setReplyMode(ReplyMode mode) {
    replyMode = mode;
    replyModeSet = true;
  }

  /** The next command is not to be answered; nothing new if none is. */
  void skipNextReply() {
    if (replyMode != ReplyMode.OFF) {
      setReplyMode(ReplyMode.SKIP_NEXT);
    }
  }

  /** What was set within a transaction counts from the next command, not for EXEC itself. */
  void replyModeCounts() {
    replyModeSet = false;
  }

  /** As RESET leaves it. */
  void reset() {
    name = "";
    resp = RespEncoder.RESP2;
    setReplyMode(ReplyMode.ON);
    noEvict = false;
    noTouch = false;
    readOnly = false;
    transaction.clear();
  }

  /** As in Redis: one letter for each thing that is special, N for nothing. */
  private String flags() {
    String flags =
        (transaction.isOpen() ? "x" : "")
            + (noEvict ? "e" : "")
            + (noTouch ? "T" : "")
            + (readOnly ? "r" : "");
    return flags.isEmpty() ? "N" : flags;
  }

  /** One line of CLIENT LIST. */
  String line(long nowNanos) {
    return "id="
        + id
        + " addr="
        + address
        + " laddr="
        + localAddress
        + " fd=-1 name="
        + name
        + " age="
        + (nowNanos - connectedNanos) / 1_000_000_000L
        + " idle="
        + (nowNanos - lastCommandNanos) / 1_000_000_000L
        + " flags="
        + flags()
        + " db=0 sub=0 psub=0 ssub=0 multi="
        + transaction.length()
        + " qbuf="
        + (requestBytes + arrivingBytes)
        + " qbuf-free=0 argv-mem="
        + unansweredBytes
        + " multi-mem=0 rbs=0 rbp=0"
        + " obl=0 oll=0 omem="
        + outputBytes
        + " tot-mem="
        + (arrivingBytes + unansweredBytes + outputBytes)
        + " events=r cmd="
        + (lastCommand == null ? "NULL" : lastCommand)
        + " user=default redir=-1 resp="
        + resp.version()
        + " lib-name="
        + libName
        + " lib-ver="
        + libVersion;
  }
}
