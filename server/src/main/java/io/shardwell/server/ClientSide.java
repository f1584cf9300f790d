package io.shardwell.server;

import io.shardwell.raftgroup.ClientSession;
import io.shardwell.raftgroup.EventLoop;
import io.shardwell.server.command.ClientInfo;
import io.shardwell.server.command.Clients;
import io.shardwell.server.command.Face;
import io.shardwell.server.command.NodeCounters;
import io.shardwell.server.command.ServerCommands;
import io.shardwell.storage.FaultHandler;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.function.ToLongFunction;

/** What all client connections of a node share. Loop thread only. */
final class ClientSide {

  private static final int SCRATCH_BYTES = 64 << 10;
  private static final long SAMPLE_NANOS = 100_000_000L;
  private static final int SAMPLES_PER_CHECK = 10;

  private final EventLoop loop;
  private final Function<Face, ClientSession> sessions;
  private final ServerCommands commands;
  private final Clients clients;
  private final NodeCounters counters;
  private final FaultHandler faults;
  private final CrossProtocolScripting crossProtocolScripting = new CrossProtocolScripting();

  // Every connection's bytes pass here on their way to its decoder; one at a time, on one thread.
  private final byte[] scratch = new byte[SCRATCH_BYTES];

  private final Set<ClientConnection> connections = new LinkedHashSet<>();
  private List<ClientConnection> toFlush = new ArrayList<>();
  private List<ClientConnection> flushing = new ArrayList<>();
  private long turnNanos;
  private long samples;

  // Invariant: the sum of the connections' outstanding requests.
  private long outstanding;

  // Invariant: the sum of the connections' arriving bytes.
  private long arriving;
  // Invariant: the sum of the connections' output bytes.
  private long held;

  private final UnansweredRequests unanswered;
  private boolean stopping;
  private Runnable whenIdle = () -> {};

  ClientSide(
      EventLoop loop,
      Function<Face, ClientSession> sessions,
      ServerCommands commands,
      Clients clients,
      NodeCounters counters,
      FaultHandler faults) {
    this.loop = loop;
    this.sessions = sessions;
    this.commands = commands;
    this.clients = clients;
    this.counters = counters;
    this.faults = faults;
    this.turnNanos = loop.nanoTime();
    this.unanswered = new UnansweredRequests(ClientLimits.MAX_UNANSWERED_BYTES, loop::execute);
    loop.schedule(this::sample, SAMPLE_NANOS);
  }

  ClientConnection newConnection(Face face) {
    return new ClientConnection(this, face);
  }

  private void sample() {
    counters.sample(loop.nanoTime());
    if (++samples % SAMPLES_PER_CHECK == 0) {
      new ArrayList<>(connections).forEach(ClientConnection::checkBehind);
    }
    loop.schedule(this::sample, SAMPLE_NANOS);
  }

  /** Writes the answers of this turn. */
  void flush() {
    List<ClientConnection> batch = toFlush;
    toFlush = flushing;
    flushing = batch;
    for (ClientConnection connection : batch) {
      connection.flush();
    }
    batch.clear();
    if (!toFlush.isEmpty()) {
      // Queued while flushing, as when a socket took so much that its connection may go on.
      loop.execute(() -> {});
    }
    turnNanos = loop.nanoTime();
    if (stopping && outstanding == 0) {
      Runnable told = whenIdle;
      whenIdle = () -> {};
      told.run();
    }
  }

  void queue(ClientConnection connection) {
    if (connection.markQueued()) {
      toFlush.add(connection);
    }
  }

  void opened(ClientConnection connection, ClientInfo info) {
    clients.add(info);
    connections.add(connection);
  }

  void closed(ClientConnection connection, ClientInfo info) {
    clients.remove(info);
    connections.remove(connection);
    arriving -= info.arrivingBytes;
    held -= info.outputBytes;
    counters.clientBytes -= info.arrivingBytes + info.outputBytes;
    assert arriving >= 0;
    assert held >= 0;
  }

  /**
   * A connection holds so many bytes more of unfinished requests, or fewer. When all hold too many,
   * the one that holds most is closed, as Redis does it with maxmemory-clients: were connections
   * only not read from, some that have fallen silent could keep all others waiting for ever.
   */
  void arriving(long more) {
    arriving += more;
    counters.clientBytes += more;
    assert arriving >= 0;
    while (arriving > ClientLimits.MAX_ARRIVING_BYTES) {
      long before = arriving;
      evicted(ClientConnection::arrivingBytes).closeForMemory();
      assert arriving < before : "closed one that held nothing";
    }
  }

  /** A connection holds so many bytes more of answers, or fewer. */
  void held(long more) {
    held += more;
    counters.clientBytes += more;
    assert held >= 0;
  }

  /**
   * Closes clients that hold most of the answers while all hold too many. Each alone may be behind
   * by less than what one is closed for, and a value that many ask for is copied for each.
   */
  void limitHeld() {
    if (held <= ClientLimits.MAX_HELD_BYTES) {
      return;
    }
    // Sockets may have taken much since their connections were last looked at.
    connections.forEach(ClientConnection::countOutput);
    while (held > ClientLimits.MAX_HELD_BYTES) {
      long before = held;
      evicted(ClientConnection::outputBytes).closeForAnswers();
      assert held < before : "closed one that held nothing";
    }
  }

  /** The connection that holds most, counted as closed for that. */
  private ClientConnection evicted(ToLongFunction<ClientConnection> bytes) {
    counters.evictedClients++;
    return Collections.max(connections, Comparator.comparingLong(bytes));
  }

  /** A request under way has so many bytes, or so many more. */
  void requestTaken(long bytes) {
    counters.clientBytes += bytes;
    unanswered.taken(bytes);
  }

  void requestAnswered(long bytes) {
    counters.clientBytes -= bytes;
    unanswered.answered(bytes);
  }

  UnansweredRequests unanswered() {
    return unanswered;
  }

  void requestStarted() {
    outstanding++;
  }

  void requestEnded() {
    outstanding--;
    assert outstanding >= 0;
  }

  /** Takes no more requests; runs the task at the end of a turn in which none is under way. */
  void stop(Runnable idle) {
    stopping = true;
    whenIdle = idle;
    new ArrayList<>(connections).forEach(ClientConnection::onStopping);
  }

  boolean isStopping() {
    return stopping;
  }

  ClientSession openSession(Face face) {
    return sessions.apply(face);
  }

  ServerCommands commands() {
    return commands;
  }

  Clients clients() {
    return clients;
  }

  NodeCounters counters() {
    return counters;
  }

  FaultHandler faults() {
    return faults;
  }

  CrossProtocolScripting crossProtocolScripting() {
    return crossProtocolScripting;
  }

  byte[] scratch() {
    return scratch;
  }

  boolean inLoop() {
    return loop.inLoop();
  }

  long nanoTime() {
    return loop.nanoTime();
  }

  /** When the last turn ended: good enough for idle times, and free. */
  long turnNanos() {
    return turnNanos;
  }

  void schedule(Runnable task, long delayNanos) {
    loop.schedule(task, delayNanos);
  }

  void execute(Runnable task) {
    loop.execute(task);
  }
}
