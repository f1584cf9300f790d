package io.shardwell.jepsen.simulation;

import io.shardwell.raftgroup.PeerAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** All machines' ports and all connections between them. */
final class SimulatedNetwork {
  private final VirtualTime time;
  private final Random random;
  private final NetworkConditions conditions;
  private final Map<PeerAddress, SimulatedPeerBus> listening =
      new TreeMap<>(SimulatedNetwork::byName);
  private final List<Link> links = new ArrayList<>();
  private long frames;

  /**
   * @param story told of each wire that is cut, slowed down and healed
   */
  SimulatedNetwork(VirtualTime time, Random random, Consumer<String> story) {
    this.time = time;
    this.random = random;
    this.conditions = new NetworkConditions(random, story);
  }

  private static int byName(PeerAddress a, PeerAddress b) {
    return a.toString().compareTo(b.toString());
  }

  VirtualTime time() {
    return time;
  }

  NetworkConditions conditions() {
    return conditions;
  }

  void countFrame() {
    frames++;
  }

  long frames() {
    return frames;
  }

  void listen(PeerAddress address, SimulatedPeerBus bus) {
    listening.put(address, bus);
  }

  void connect(SimulatedPeerBus dialler, String peerId, PeerAddress address) {
    long trip = conditions.delay(dialler.nodeId(), peerId);
    time.after(trip, () -> arrive(dialler, peerId, address));
  }

  private void arrive(SimulatedPeerBus dialler, String peerId, PeerAddress address) {
    if (!dialler.isAlive()) {
      return;
    }
    if (!conditions.isOpenBothWays(dialler.nodeId(), peerId)) {
      long timeout = VirtualTime.SECOND / 2 + random.nextInt((int) VirtualTime.SECOND);
      time.after(timeout, () -> failed(dialler, peerId, false));
      return;
    }
    @Nullable SimulatedPeerBus acceptor = listening.get(address);
    long back = conditions.delay(peerId, dialler.nodeId());
    if (acceptor == null || !acceptor.isAlive()) {
      time.after(back, () -> failed(dialler, peerId, true));
      return;
    }
    Link link = new Link(this, dialler, acceptor);
    links.removeIf(Link::isOver);
    links.add(link);
    acceptor.execute(link::accepted);
    time.after(back, () -> dialler.execute(link::dialled));
  }

  private static void failed(SimulatedPeerBus dialler, String peerId, boolean refused) {
    dialler.execute(() -> dialler.linkDown(peerId, refused));
  }

  void redial(SimulatedPeerBus dialler, String peerId, PeerAddress address) {
    long pause = 20 * VirtualTime.MILLI + random.nextInt((int) (180 * VirtualTime.MILLI));
    time.after(
        pause,
        () -> {
          if (dialler.isAlive()) {
            connect(dialler, peerId, address);
          }
        });
  }

  /** The wire is cut in that direction; connections over it break after some seconds, or never. */
  void cut(String from, String to) {
    conditions.cut(from, to);
    for (Link link : List.copyOf(links)) {
      if (link.joins(from, to) && random.nextInt(4) != 0) {
        long patience = VirtualTime.SECOND + random.nextLong(6 * VirtualTime.SECOND);
        time.after(
            patience,
            () -> {
              if (!conditions.isOpenBothWays(from, to)) {
                boolean acceptorLearns = random.nextBoolean();
                long later = random.nextLong(2 * VirtualTime.SECOND);
                int survivors = random.nextInt(link.framesUnderWay() + 1);
                link.breakUp(survivors, new Link.Farewell(0, false, acceptorLearns ? later : -1));
              }
            });
      }
    }
  }

  void heal() {
    conditions.heal();
    List.copyOf(links).forEach(Link::pump);
  }

  void heal(String from, String to) {
    conditions.heal(from, to);
    List.copyOf(links).forEach(Link::pump);
  }

  /**
   * One connection between the two breaks in the middle of whatever it carries, or both, or none.
   * Whether one did.
   */
  boolean breakOne(String from, String to) {
    boolean broke = false;
    for (Link link : List.copyOf(links)) {
      if (link.joins(from, to) && !link.isBroken() && random.nextBoolean()) {
        long slow = random.nextBoolean() ? 0 : random.nextLong(VirtualTime.SECOND);
        boolean acceptorLearns = random.nextInt(3) != 0;
        link.breakUp(
            random.nextInt(link.framesUnderWay() + 1),
            new Link.Farewell(
                slow,
                random.nextBoolean(),
                acceptorLearns ? random.nextLong(VirtualTime.SECOND) : -1));
        broke = true;
      }
    }
    return broke;
  }

  /** Whether what is sent that way arrives soon: the wire is open, fast, and connected. */
  boolean isGood(String from, String to) {
    return conditions.isOpen(from, to)
        && !conditions.isSlow(from, to)
        && links.stream().anyMatch(link -> link.leads(from, to) && link.isPrompt());
  }

  /** All connections between the two break, and nothing that is under way arrives. */
  void loseAll(String from, String to) {
    for (Link link : List.copyOf(links)) {
      if (link.joins(from, to) && !link.isBroken()) {
        link.breakUp(0, new Link.Farewell(random.nextLong(VirtualTime.SECOND / 10), true, 0));
      }
    }
  }

  /**
   * The process behind these sockets is gone. Its kernel may still deliver what it had sent, and
   * answers what arrives with a reset; a machine without power does neither.
   */
  void processGone(SimulatedPeerBus dead, boolean withMachine) {
    listening.values().removeIf(bus -> bus == dead);
    for (Link link : List.copyOf(links)) {
      if (!link.touches(dead)) {
        continue;
      }
      link.forget(dead);
      int survivors = link.isDialledBy(dead) ? random.nextInt(link.framesUnderWay() + 1) : 0;
      long soon = 100 * VirtualTime.MICRO + random.nextLong(5 * VirtualTime.MILLI);
      long late = VirtualTime.SECOND + random.nextLong(6 * VirtualTime.SECOND);
      long learned = withMachine ? late : soon;
      boolean never = withMachine && random.nextBoolean();
      link.breakUp(survivors, new Link.Farewell(learned, !withMachine, never ? -1 : learned));
    }
  }
}
