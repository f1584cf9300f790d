package io.shardwell.server;

import io.netty.channel.Channel;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.shardwell.raftgroup.ClientAddress;
import io.shardwell.raftgroup.ClientSession;
import io.shardwell.raftgroup.Engine;
import io.shardwell.raftgroup.EngineConfig;
import io.shardwell.raftgroup.NodeStatus;
import io.shardwell.raftgroup.PeerAddress;
import io.shardwell.raftgroup.Tuning;
import io.shardwell.server.command.Call;
import io.shardwell.server.command.ClientInfo;
import io.shardwell.server.command.Clients;
import io.shardwell.server.command.Face;
import io.shardwell.server.command.MemorySetting;
import io.shardwell.server.command.NodeCounters;
import io.shardwell.server.command.NodeFacts;
import io.shardwell.server.command.ServerCommands;
import io.shardwell.server.protocol.Answer;
import io.shardwell.statemachine.Command;
import io.shardwell.statemachine.EvictionPolicy;
import io.shardwell.statemachine.Invocation;
import io.shardwell.statemachine.MemoryLimit;
import io.shardwell.statemachine.Reply;
import io.shardwell.storage.NodeStorage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One node: sockets, threads and the engine, wired. The same in a process of its own and inside
 * another program.
 *
 * <pre>{@code
 * try (Node node = Node.start(NodeConfig.builder("n1").port(0).peerPort(0).build())) {
 *   node.awaitReady(Duration.ofSeconds(10));
 *   node.execute("SET", "greeting", "hello").join();
 * }
 * }</pre>
 *
 * <p>Threads: the loop, one for the disk, and with {@code io-threads} above 1 {@link ClientLoops}.
 * All methods may be called from any thread but the loop's. Programs that embed a node should run
 * with {@code -ea:io.shardwell... -ea:io.microraft...}: the assertions of both are checks of
 * safety, cheap and meant for production.
 */
public final class Node implements AutoCloseable {

  /** How long a graceful stop may take before it is cut short. */
  public static final Duration CLOSE_PATIENCE = Duration.ofSeconds(10);

  /**
   * How long requests under way may take to be answered during a graceful stop, in milliseconds.
   */
  private static final int DRAIN_MILLIS = 2000;

  private static final long READY_CHECK_NANOS = 10_000_000L;

  private static final Reply NO_TRANSACTIONS =
      new Reply.Failure("ERR embedded callers share one connection: no transactions on it");

  private static final Logger LOG = LoggerFactory.getLogger(Node.class);

  private final NodeConfig config;
  private final NodeFaults faults;
  private final NettyEventLoop loop;
  private final NodeDisk disk;
  private final Listeners listeners;
  private final ClientLoops clientLoops;
  private final NettyPeerBus bus;
  private final ConnectionLimit peerConnections;
  private final ConnectionLimit httpConnections;
  private final CompletableFuture<Void> stopped = new CompletableFuture<>();
  private final AtomicBoolean closing = new AtomicBoolean();

  // Answers that embedded callers wait for; failed when the node stops.
  private final Map<Long, CompletableFuture<?>> awaited = new ConcurrentHashMap<>();
  private final AtomicLong tickets = new AtomicLong();

  private int port;
  private int clusterPort = NodeConfig.OFF;
  private int textPort = NodeConfig.OFF;
  private int peerPort;
  private int httpPort = NodeConfig.OFF;

  // Set on the loop by start(), before any socket accepts.
  private @Nullable Running running;

  /** What exists once the directory is open. */
  private record Running(
      NodeStorage storage,
      Engine engine,
      ClientSide clientSide,
      ServerCommands commands,
      ClientInfo self,
      ClientSession session) {}

  /** The cluster's memory setting, brought to `meta` and learnt from it by the engine. */
  private record EngineMemory(Engine engine) implements MemorySetting {
    @Override
    public MemoryLimit current() {
      return engine.memory();
    }

    @Override
    public boolean isOutOfMemory() {
      return engine.isOutOfMemory();
    }

    @Override
    public void change(
        @Nullable Long bytes, @Nullable EvictionPolicy policy, Consumer<Reply> onReply) {
      engine.memoryChanges().change(bytes, policy, onReply);
    }
  }

  private Node(NodeConfig config) {
    this.config = config;
    this.faults = new NodeFaults(config.id(), config.standalone());
    this.loop = NettyEventLoop.start("shardwell-" + config.id(), faults);
    this.faults.halts(loop);
    this.disk = new NodeDisk(config, loop);
    this.listeners = new Listeners(loop, config.bind());
    this.clientLoops = new ClientLoops(config.id(), loop, config.ioThreads(), faults);
    this.bus = new NettyPeerBus(loop, faults);
    this.peerConnections =
        new ConnectionLimit("peers", PeerLinkFormat.MAX_INBOUND_LINKS, loop::nanoTime);
    this.httpConnections =
        new ConnectionLimit("HTTP", HealthHandler.MAX_CONNECTIONS, loop::nanoTime);
    loop.onStopped(clientLoops::stop);
    loop.onStopped(this::loopEnded);
  }

  /**
   * Binds all ports, recovers what the directory holds and starts; returns when listening.
   *
   * @throws NodeStartException if a port is busy, the directory is in use, damaged, another node's
   *     or of an unknown format; nothing is left running then
   */
  public static Node start(NodeConfig config) throws NodeStartException {
    if (config.standalone()) {
      NodeLogging.standalone(config.id());
    }
    Node node = new Node(config);
    try {
      node.bindAll();
      node.onLoop(
          () -> {
            node.open();
            return true;
          });
      LOG.info(
          "Node {} listens on {}: RESP {}, Redis Cluster {}, text {}, peers {}, HTTP {}",
          config.id(),
          config.bind(),
          node.port,
          node.clusterPort,
          node.textPort,
          node.peerPort,
          node.httpPort);
      LOG.info("Ready to accept connections");
      return node;
    } catch (NodeStartException e) {
      node.abandon();
      throw e;
    }
  }

  private void bindAll() throws NodeStartException {
    port = bindClients(config.port(), "RESP", Face.SINGLE_IMAGE);
    if (config.textPort() != NodeConfig.OFF) {
      textPort = bindClients(config.textPort(), "plain text", Face.PLAIN_TEXT);
    }
    if (config.clusterPort() != NodeConfig.OFF) {
      clusterPort = bindClients(config.clusterPort(), "Redis Cluster", Face.CLUSTER);
    }
    peerPort = listeners.bind(config.peerPort(), "peers", this::peer);
    if (config.httpPort() != NodeConfig.OFF) {
      httpPort = listeners.bind(config.httpPort(), "HTTP", this::http);
    }
  }

  private void peer(Channel channel) {
    if (peerConnections.admits(channel)) {
      channel.pipeline().addLast(bus.inbound(running().engine()::accept));
    }
  }

  private void http(Channel channel) {
    if (httpConnections.admits(channel)) {
      channel
          .pipeline()
          .addLast(HealthHandler.idleLimit())
          .addLast(new HttpServerCodec())
          .addLast(new HttpObjectAggregator(HealthHandler.MAX_REQUEST_BYTES))
          .addLast(new HealthHandler(running().engine()::status, faults));
    }
  }

  private int bindClients(int wanted, String what, Face face) throws NodeStartException {
    return listeners.bind(wanted, what, clientLoops.group(), channel -> client(channel, face));
  }

  private void client(Channel channel, Face face) {
    ClientSide side = running().clientSide();
    channel.pipeline().addLast(clientLoops.socket(channel, side, side.newConnection(face)));
  }

  /** On the loop: recovers, starts the engine, lets the sockets accept. */
  private void open() throws IOException {
    MicroRaftFaultAppender.coverThisThread(faults);
    NodeStorage storage = disk.open(config.id(), faults);
    SortedMap<String, PeerAddress> nodes = new TreeMap<>(config.nodes());
    PeerAddress self = Objects.requireNonNull(nodes.get(config.id()));
    if (self.port() == 0) {
      nodes.put(config.id(), new PeerAddress(self.host(), peerPort));
    }
    EngineConfig engineConfig =
        new EngineConfig(
                config.id(),
                nodes,
                new ClientAddress(config.advertisedHost(), port, textPort, httpPort, clusterPort),
                config.shards(),
                config.replicas(),
                new SecureRandom().nextLong(),
                Tuning.DEFAULT.but(
                    tuning -> tuning.minFreeBytes = config.durable() ? config.minFreeBytes() : 0))
            .withMemory(new MemoryLimit(0, config.maxMemory(), config.maxMemoryPolicy()));
    Engine engine = new Engine(engineConfig, loop, bus, storage, faults);
    int maxClients = ClientLimits.allowedClients(config.maxClients());
    Clients clients = new Clients(maxClients);
    NodeCounters counters = new NodeCounters();
    ServerCommands commands =
        new ServerCommands(
            facts(maxClients),
            engine::status,
            clients,
            counters,
            new EngineMemory(engine),
            loop,
            engine.owners(),
            engine.followerReads());
    commands.onShutdown(this::beginStop);
    ClientSide clientSide =
        new ClientSide(
            loop,
            face -> face == Face.CLUSTER ? engine.openClusterSession() : engine.openSession(),
            commands,
            clients,
            counters,
            faults);
    ClientInfo embedded =
        new ClientInfo(
            clients.nextId(), "embedded", "embedded", Face.SINGLE_IMAGE, loop.nanoTime(), () -> {});
    running = new Running(storage, engine, clientSide, commands, embedded, engine.openSession());
    loop.onTurnEnd(engine::endTurn);
    loop.onTurnEnd(bus::flush);
    loop.onTurnEnd(clientSide::flush);
    if (config.ioThreads() > 1) {
      loop.onTurnEnd(clientLoops::handOver);
    }
    engine.start();
    listeners.open();
  }

  private NodeFacts facts(int maxClients) {
    byte[] runId = new byte[20];
    new SecureRandom().nextBytes(runId);
    Path dir = config.dir();
    return new NodeFacts(
        config.id(),
        HexFormat.of().formatHex(runId),
        config.bind(),
        port,
        textPort,
        peerPort,
        httpPort,
        clusterPort,
        dir == null ? null : dir.toAbsolutePath().toString(),
        maxClients,
        config.ioThreads(),
        config.insecure(),
        loop.isEpoll() ? "epoll" : "nio",
        loop.nanoTime());
  }

  private Running running() {
    return Objects.requireNonNull(running, "accepting before start");
  }

  /** The RESP port really bound. */
  public int port() {
    return port;
  }

  /** The port of the cluster face really bound, {@link NodeConfig#OFF} if there is none. */
  public int clusterPort() {
    return clusterPort;
  }

  /** The plain-text port really bound, {@link NodeConfig#OFF} if there is none. */
  public int textPort() {
    return textPort;
  }

  /** The peers' port really bound. */
  public int peerPort() {
    return peerPort;
  }

  /** The HTTP port really bound, {@link NodeConfig#OFF} if there is none. */
  public int httpPort() {
    return httpPort;
  }

  /**
   * Waits until this node is recovered, a member, and knows a leader for each of its shards; false
   * if that takes longer.
   *
   * @throws IllegalStateException if the node stops meanwhile
   */
  public boolean awaitReady(Duration patience) {
    CompletableFuture<Boolean> ready = new CompletableFuture<>();
    hand(ready, () -> checkReady(ready));
    try {
      return ready.get(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      ready.complete(false);
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    }
  }

  private void checkReady(CompletableFuture<Boolean> ready) {
    if (running().engine().isReady()) {
      ready.complete(true);
    } else if (!ready.isDone()) {
      loop.schedule(() -> checkReady(ready), READY_CHECK_NANOS);
    }
  }

  /**
   * Runs one command, as a client would, and answers what a client would get; an error of the
   * command is a {@link Reply.Failure}. MULTI, EXEC, DISCARD, WATCH and UNWATCH are refused: all
   * callers share one connection, and would execute each other's queues. The future fails with an
   * {@link IllegalStateException} if the node stops before the answer is known, and with whatever
   * was thrown if the call cannot be handled; callbacks on it run on the loop and must not block.
   */
  public CompletableFuture<Reply> execute(String... argv) {
    byte[][] words = new byte[argv.length][];
    for (int i = 0; i < argv.length; i++) {
      words[i] = argv[i].getBytes(StandardCharsets.UTF_8);
    }
    return execute(words);
  }

  /** As {@link #execute(String...)}, for binary keys and values; the arrays belong to the node. */
  public CompletableFuture<Reply> execute(byte[][] argv) {
    if (argv.length == 0) {
      throw new IllegalArgumentException("a command has at least its name");
    }
    CompletableFuture<Reply> answer = new CompletableFuture<>();
    hand(
        answer,
        () -> {
          try {
            executeOnLoop(argv, answer);
          } catch (RuntimeException e) {
            running().clientSide().counters().failedRequest(argv, "embedded", e);
            answer.completeExceptionally(e);
          }
        });
    return answer;
  }

  private void executeOnLoop(byte[][] argv, CompletableFuture<Reply> answer) {
    Running node = running();
    String own = Command.byName(argv[0]) == null ? node.commands().find(argv[0]) : null;
    if (ServerCommands.isOfTransactions(own)) {
      answer.complete(NO_TRANSACTIONS);
      return;
    }
    if (own != null) {
      Call call =
          new Call(
              node.self(), argv, node::session, given -> answer.complete(Answer.toReply(given)));
      node.commands().execute(own, call);
      return;
    }
    Invocation.Parsed parsed = Invocation.parse(argv);
    if (parsed instanceof Invocation.Ok ok) {
      node.session().submit(ok.invocation(), answer::complete);
    } else if (parsed instanceof Invocation.Bad bad) {
      answer.complete(bad.failure());
    }
  }

  /**
   * What this node knows of itself and its cluster now.
   *
   * @throws IllegalStateException if the node has stopped
   */
  public NodeStatus status() {
    CompletableFuture<NodeStatus> answer = new CompletableFuture<>();
    hand(answer, () -> answer.complete(running().engine().status()));
    try {
      return answer.join();
    } catch (CompletionException e) {
      throw new IllegalStateException(e.getCause());
    }
  }

  /** Runs on the loop; the future fails if the node stops before it is complete. */
  private void hand(CompletableFuture<?> future, Runnable task) {
    long ticket = tickets.incrementAndGet();
    awaited.put(ticket, future);
    var unused = future.whenComplete((result, failure) -> awaited.remove(ticket));
    loop.execute(task);
    if (stopped.isDone()) {
      // The loop may have ended before it saw the task, and loopEnded() before it saw the future.
      failAwaited();
    }
  }

  private void failAwaited() {
    for (CompletableFuture<?> future : awaited.values()) {
      future.completeExceptionally(
          new IllegalStateException("node " + config.id() + " has stopped", faults.first()));
    }
  }

  /** Completes when the node has stopped: with null after {@link #close()}, else with the fault. */
  public CompletableFuture<Void> stopped() {
    return stopped.copy();
  }

  /**
   * Stops gracefully: accepts no more, answers what is under way, hands leaderships over, syncs,
   * and closes; at most {@link #CLOSE_PATIENCE} in all. Does nothing the second time but wait.
   */
  @Override
  public void close() {
    assert !loop.inLoop() : "close() waits for the loop";
    if (!closing.get()) {
      loop.execute(this::beginStop);
    }
    if (!loop.awaitStopped(CLOSE_PATIENCE)) {
      LOG.warn("Node {} has not stopped within {}; cut short", config.id(), CLOSE_PATIENCE);
      loop.halt();
      loop.awaitStopped(Duration.ofSeconds(1));
    }
  }

  /** On the loop's thread; the second time it does nothing. */
  private void beginStop() {
    if (closing.compareAndSet(false, true)) {
      LOG.info("Node {} stops", config.id());
      drain();
    }
  }

  private void drain() {
    listeners.close();
    AtomicBoolean drained = new AtomicBoolean();
    Runnable then =
        () -> {
          if (drained.compareAndSet(false, true)) {
            loop.execute(() -> running().engine().stop(this::engineStopped));
          }
        };
    running().clientSide().stop(then);
    loop.schedule(then, DRAIN_MILLIS * 1_000_000L);
  }

  private void engineStopped() {
    running().storage().close();
    bus.flush();
    bus.close();
    LOG.info("Node {} has stopped", config.id());
    loop.stop();
  }

  /** On the loop's thread, last of all. */
  private void loopEnded() {
    disk.close();
    Throwable fault = faults.first();
    if (fault == null) {
      stopped.complete(null);
    } else {
      stopped.completeExceptionally(fault);
    }
    failAwaited();
  }

  /** Stops at once: no answers, no hand-over, as if the process had been killed. */
  void abandon() {
    closing.set(true);
    loop.halt();
    loop.awaitStopped(CLOSE_PATIENCE);
  }

  private interface Step {
    boolean run() throws IOException;
  }

  /** Runs a step of the start on the loop and waits for it. */
  private void onLoop(Step step) throws NodeStartException {
    CompletableFuture<@Nullable IOException> done = new CompletableFuture<>();
    hand(
        done,
        () -> {
          try {
            step.run();
            done.complete(null);
          } catch (IOException e) {
            done.complete(e);
          }
        });
    IOException failure;
    try {
      failure = done.join();
    } catch (CompletionException e) {
      throw new NodeStartException(
          "node " + config.id() + " stopped while starting: " + faults.first(), e.getCause());
    }
    if (failure != null) {
      throw new NodeStartException(String.valueOf(failure.getMessage()), failure);
    }
  }
}
