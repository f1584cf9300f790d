package io.shardwell.jepsen.simulation;

import io.shardwell.jepsen.checker.History;
import io.shardwell.raftgroup.ClientSession;
import io.shardwell.raftgroup.Engine;
import io.shardwell.raftgroup.Tuning;
import io.shardwell.statemachine.Invocation;
import io.shardwell.statemachine.Reply;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A client as it sees the world: it connects to some node, sends commands without waiting for all
 * of the answers, and after a lost connection or a time-out it never learns what became of the ones
 * under way. Each connection is a client of its own in the history.
 */
final class SimulatedClient {
  /**
   * After that long without an answer one is missing. A command's patience stands still while its
   * node is paused, and the node may be paused again as soon as it has gone on.
   */
  private static final long TIMEOUT =
      2 * Chaos.LONGEST_PAUSE
          + Tuning.DEFAULT.commandPatienceMillis() * VirtualTime.MILLI
          + VirtualTime.SECOND / 2;

  /** Where it finds nodes. */
  interface Cluster {
    VirtualTime time();

    List<SimulatedMachine> machines();

    int nextConnection();

    void violation(Check check, String what, @Nullable Throwable cause);

    /** A reply came; for counts. */
    void replied(Request request, Reply reply);
  }

  private final Cluster cluster;
  private final History history;
  private final Random random;
  private final int pipelining;
  private final long thinkNanos;
  private @Nullable Supplier<Request> workload;
  private @Nullable Connection connection;
  private boolean finished;

  SimulatedClient(
      Cluster cluster, History history, Random random, int pipelining, long thinkNanos) {
    this.cluster = cluster;
    this.history = history;
    this.random = random;
    this.pipelining = pipelining;
    this.thinkNanos = thinkNanos;
  }

  void run(Supplier<Request> requests) {
    workload = requests;
    connect();
  }

  /** What is under way is still awaited; nothing is broken any more, so all of it is answered. */
  void finish() {
    workload = null;
    finished = true;
  }

  boolean isIdle() {
    return connection == null || connection.underWay == 0;
  }

  private void connect() {
    Connection old = connection;
    if (old != null) {
      old.open = false;
      connection = null;
    }
    if (workload == null) {
      return;
    }
    List<SimulatedMachine> machines = cluster.machines();
    SimulatedProcess process = machines.get(random.nextInt(machines.size())).process();
    if (process == null || !process.isAlive() || process.engine() == null) {
      cluster.time().after(100 * VirtualTime.MILLI, this::connect);
      return;
    }
    Connection fresh = new Connection(process);
    connection = fresh;
    for (int i = 0; i < pipelining; i++) {
      cluster.time().after(random.nextLong(10 * VirtualTime.MILLI), fresh::next);
    }
  }

  /** A request that is under way. */
  private static final class Sent {
    final Request request;
    final List<Integer> operations;

    /** Whether the last reply has come. */
    boolean answered;

    Sent(Request request, List<Integer> operations) {
      this.request = request;
      this.operations = operations;
    }
  }

  private final class Connection {
    final int id = cluster.nextConnection();
    final SimulatedProcess process;
    final long wire = 30 * VirtualTime.MICRO + random.nextLong(100 * VirtualTime.MICRO);
    @Nullable ClientSession session;
    boolean open = true;

    /** The server knows that this is not open any more, and drops what comes for it. */
    boolean gone;

    int underWay;

    Connection(SimulatedProcess process) {
      this.process = process;
      onServer(() -> session = engine().openSession());
    }

    private Engine engine() {
      return java.util.Objects.requireNonNull(process.engine());
    }

    /** Bytes to the server: in order, all of them or, when it dies, from some point on none. */
    private void onServer(Runnable task) {
      cluster
          .time()
          .after(
              wire,
              () -> {
                if (process.isAlive()) {
                  process.execute(task);
                }
              });
    }

    void next() {
      Supplier<Request> requests = workload;
      if (!open || requests == null) {
        return;
      }
      if (!process.isAlive()) {
        cluster.time().after(random.nextLong(50 * VirtualTime.MILLI), this::lost);
        return;
      }
      send(requests.get());
    }

    private void send(Request request) {
      List<Integer> operations = new ArrayList<>();
      long now = cluster.time().now();
      // The later steps of a walk are sent later: whatever this connection sends meanwhile may take
      // effect before them, so nothing orders the two.
      int by = request.listing() == null ? id : cluster.nextConnection();
      request
          .parts()
          .forEach(part -> operations.add(history.called(by, part.key(), part.command(), now)));
      underWay++;
      Sent sent = new Sent(request, operations);
      submit(sent, request.invocation());
      cluster
          .time()
          .after(
              TIMEOUT,
              () -> {
                if (!sent.answered) {
                  if (finished && open && process.isAlive()) {
                    cluster.violation(
                        Check.LIVENESS, "no answer to " + sent.request.invocation(), null);
                  }
                  lost();
                }
              });
    }

    private void submit(Sent sent, Invocation invocation) {
      boolean[] replied = new boolean[1];
      onServer(
          () ->
              java.util.Objects.requireNonNull(session)
                  .submit(
                      invocation,
                      reply -> {
                        if (gone) {
                          return;
                        }
                        process.crashPoint();
                        if (process.isAlive()) {
                          cluster
                              .time()
                              .after(
                                  wire,
                                  () -> {
                                    if (replied[0]) {
                                      cluster.violation(
                                          Check.HISTORY, "two replies to " + invocation, null);
                                      return;
                                    }
                                    replied[0] = true;
                                    received(sent, reply);
                                  });
                        }
                      }));
    }

    private void received(Sent sent, Reply reply) {
      Request request = sent.request;
      Request.Meaning meaning;
      try {
        Invocation next = open ? request.next(reply) : null;
        if (next != null) {
          submit(sent, next);
          return;
        }
        sent.answered = true;
        underWay--;
        cluster.replied(request, reply);
        if (!open) {
          return; // Came after the time-out: the client is no longer there.
        }
        meaning = request.meaning(reply);
      } catch (IllegalArgumentException | ClassCastException strange) {
        cluster.violation(Check.HISTORY, strange.toString(), strange);
        return;
      }
      long now = cluster.time().now();
      for (int i = 0; i < sent.operations.size(); i++) {
        if (meaning instanceof Request.Meaning.Refused) {
          history.refused(sent.operations.get(i), now);
        } else if (meaning instanceof Request.Meaning.Answered known) {
          history.returned(sent.operations.get(i), known.answers().get(i), now);
        }
      }
      boolean served = meaning instanceof Request.Meaning.Answered;
      if (served && !(reply instanceof Reply.Failure)) {
        try {
          request.heard().accept(reply);
        } catch (IllegalArgumentException | ClassCastException strange) {
          cluster.violation(Check.HISTORY, strange.toString(), strange);
          return;
        }
      }
      long think = served ? random.nextLong(thinkNanos + 1) : 20 * VirtualTime.MILLI;
      cluster.time().after(think, this::next);
    }

    private void lost() {
      if (open) {
        open = false;
        onServer(() -> gone = true);
        connect();
      }
    }
  }
}
