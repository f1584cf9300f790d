package io.shardwell.server;

import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of all clients' requests that were taken and are not answered, and who waits for them
 * to become fewer. Those of clients that have gone count until their commands have been executed or
 * given up: they lie where they lay. Loop thread only.
 *
 * <p>Nobody is closed for these, unlike for requests that have come in part: every command is
 * answered, for want of a leader if need be, so there is room again without anybody's doing. Who
 * waits goes on in the order in which they came, one a turn; until all have, nobody overtakes them.
 */
final class UnansweredRequests {

  private final long maxBytes;
  private final Consumer<Runnable> inOtherTurn;

  private long bytes;

  // Invariant: if anybody waits and bytes < maxBytes, a call is due or under way.
  private final Set<Runnable> waiting = new LinkedHashSet<>();
  private boolean callDue;

  /** Who is being called. */
  private @Nullable Runnable called;

  /**
   * @param maxBytes from there on no request is taken; the last one may go beyond
   * @param inOtherTurn runs a task soon, but not at once
   */
  UnansweredRequests(long maxBytes, Consumer<Runnable> inOtherTurn) {
    this.maxBytes = maxBytes;
    this.inOtherTurn = inOtherTurn;
  }

  long bytes() {
    return bytes;
  }

  void taken(long more) {
    assert more >= 0;
    bytes += more;
  }

  void answered(long fewer) {
    bytes -= fewer;
    assert bytes >= 0;
    callIfRoom();
  }

  /** Whether the client must not take a request; if so, {@code goOn} is called once it may. */
  boolean mustWait(Runnable goOn) {
    if (bytes < maxBytes && (waiting.isEmpty() || goOn == called)) {
      return false;
    }
    waiting.add(goOn);
    return true;
  }

  /** Is not called any more. */
  void forget(Runnable goOn) {
    waiting.remove(goOn);
  }

  private void callIfRoom() {
    if (!callDue && bytes < maxBytes && !waiting.isEmpty()) {
      callDue = true;
      inOtherTurn.accept(this::callFirst);
    }
  }

  private void callFirst() {
    // Whoever was first may have gone, and the room may have been taken, since this was due.
    if (bytes < maxBytes && !waiting.isEmpty()) {
      Iterator<Runnable> all = waiting.iterator();
      Runnable first = all.next();
      all.remove();
      called = first;
      first.run();
      called = null;
    }
    callDue = false;
    callIfRoom();
  }
}
