package io.shardwell.jepsen.simulation;

import io.shardwell.raftgroup.InboundLink;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * One TCP connection, used in one direction. As long as it lives, bytes arrive in order and none is
 * missing, however long they take; a cut wire only delays them. When it breaks, what is under way
 * arrives up to some point and not beyond, and each end learns of it in its own time, the accepting
 * end perhaps never.
 */
final class Link {
  /** A frame on a good wire is under way for less. */
  private static final long MOST_PROMPT = 50 * VirtualTime.MILLI;

  private static final class Frame {
    final byte[] bytes;
    final long due;

    Frame(byte[] bytes, long due) {
      this.bytes = bytes;
      this.due = due;
    }
  }

  private final SimulatedNetwork network;
  private final SimulatedPeerBus dialler;
  private final SimulatedPeerBus acceptor;
  private final ArrayDeque<Frame> underWay = new ArrayDeque<>();
  private @Nullable InboundLink inbound;
  private long lastDue;
  private long bytesUnderWay;
  private boolean pumping;

  // The dialling end believes that it is connected / the accepting end does.
  private boolean diallerUp = true;
  private boolean acceptorUp = true;

  /** The dialling end has heard that it is connected, and so sends. */
  private boolean diallerKnows;

  /** No frame sent from here on arrives. */
  private boolean broken;

  Link(SimulatedNetwork network, SimulatedPeerBus dialler, SimulatedPeerBus acceptor) {
    this.network = network;
    this.dialler = dialler;
    this.acceptor = acceptor;
  }

  boolean joins(String one, String other) {
    return (from().equals(one) && to().equals(other)) || (from().equals(other) && to().equals(one));
  }

  /** Whether it carries what the one sends to the other, and both know it. */
  boolean leads(String one, String other) {
    return !broken
        && diallerKnows
        && diallerUp
        && acceptorUp
        && from().equals(one)
        && to().equals(other);
  }

  /**
   * Whether what is sent now arrives no later than on a good wire: a frame does not overtake those
   * that left while the wire was slow, and are still under way.
   */
  boolean isPrompt() {
    return lastDue <= network.time().now() + MOST_PROMPT;
  }

  boolean touches(SimulatedPeerBus bus) {
    return dialler == bus || acceptor == bus;
  }

  private String from() {
    return dialler.nodeId();
  }

  private String to() {
    return acceptor.nodeId();
  }

  boolean isDialledBy(SimulatedPeerBus bus) {
    return dialler == bus;
  }

  boolean isOver() {
    return broken && !diallerUp && !acceptorUp;
  }

  boolean isBroken() {
    return broken;
  }

  /** The accepting process takes the connection from its queue. */
  void accepted() {
    inbound = acceptor.accept(this::closedByAcceptor);
  }

  void send(byte[] bytes) {
    if (broken) {
      return;
    }
    lastDue = Math.max(lastDue, network.time().now() + network.conditions().delay(from(), to()));
    underWay.add(new Frame(bytes, lastDue));
    bytesUnderWay += bytes.length;
    pump();
  }

  /** Bytes that the sender's socket could not get rid of. */
  long pendingBytes() {
    return network.conditions().isOpen(from(), to()) ? 0 : bytesUnderWay;
  }

  /** Goes on delivering; to be called when the wire is mended, too. */
  void pump() {
    if (pumping || underWay.isEmpty() || !network.conditions().isOpen(from(), to())) {
      return;
    }
    pumping = true;
    network
        .time()
        .after(
            Math.max(0, underWay.element().due - network.time().now()),
            () -> {
              pumping = false;
              deliver();
              pump();
            });
  }

  private void deliver() {
    if (underWay.isEmpty() || !network.conditions().isOpen(from(), to())) {
      return;
    }
    Frame frame = underWay.remove();
    bytesUnderWay -= frame.bytes.length;
    network.time().trace(java.util.Arrays.hashCode(frame.bytes));
    acceptor.execute(
        () -> {
          InboundLink end = inbound;
          if (acceptorUp && end != null) {
            // The receiver may keep nothing of the buffer, so it gets one of its own and no more.
            ByteBuffer buffer = ByteBuffer.wrap(frame.bytes);
            end.onFrame(buffer);
          }
        });
  }

  /** How the two ends learn that it is over. Negative: never. */
  record Farewell(long diallerAfter, boolean refusedOrReset, long acceptorAfter) {}

  /**
   * Ends it.
   *
   * @param survivors of the frames under way, how many still arrive
   */
  void breakUp(int survivors, Farewell farewell) {
    if (broken) {
      return;
    }
    broken = true;
    while (underWay.size() > survivors) {
      bytesUnderWay -= underWay.removeLast().bytes.length;
    }
    if (farewell.diallerAfter >= 0) {
      network.time().after(farewell.diallerAfter, () -> tellDialler(farewell.refusedOrReset));
    }
    if (farewell.acceptorAfter >= 0) {
      network.time().after(farewell.acceptorAfter, this::tellAcceptor);
    }
  }

  int framesUnderWay() {
    return underWay.size();
  }

  private void tellDialler(boolean refusedOrReset) {
    dialler.execute(
        () -> {
          if (diallerUp) {
            diallerUp = false;
            dialler.linkDown(to(), refusedOrReset);
          }
        });
  }

  /** The dialling end learns that it is connected, if that is not over already. */
  void dialled() {
    if (diallerUp && broken) {
      tellDialler(true);
    } else if (diallerUp) {
      diallerKnows = true;
      dialler.linkUp(to(), this);
    }
  }

  /** After all that still arrives. */
  private void tellAcceptor() {
    if (!underWay.isEmpty()) {
      network.time().after(20 * VirtualTime.MILLI, this::tellAcceptor);
      return;
    }
    acceptor.execute(
        () -> {
          InboundLink end = inbound;
          if (acceptorUp && end != null) {
            acceptorUp = false;
            end.onClosed();
          }
        });
  }

  private void closedByAcceptor() {
    if (!acceptorUp) {
      return;
    }
    acceptorUp = false;
    InboundLink end = inbound;
    if (end != null) {
      acceptor.execute(end::onClosed);
    }
    breakUp(0, new Farewell(network.conditions().delay(to(), from()), false, -1));
  }

  /** The process at that end is gone, whatever the other end knows. */
  void forget(SimulatedPeerBus dead) {
    if (dead == dialler) {
      diallerUp = false;
    }
    if (dead == acceptor) {
      acceptorUp = false;
    }
  }
}
