package io.shardwell.jepsen.faults;

import io.shardwell.cli.Main;
import io.shardwell.cli.status.ClusterQuery;
import io.shardwell.cli.status.ClusterView;
import io.shardwell.cli.status.NodeReport;
import io.shardwell.jepsen.process.LoopbackNetwork;
import io.shardwell.jepsen.process.NamespaceNetwork;
import io.shardwell.jepsen.process.Network;
import io.shardwell.jepsen.process.ServerProcesses;
import io.shardwell.jepsen.process.SmallDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.HostAndPort;

/**
 * One cluster of new processes under load, some faults drawn from a seed, one after the other, and
 * the judgement. The seed decides the cluster, the clients' commands and the faults; when exactly
 * something happens in a process nobody decides. One of the nodes, another for each seed, has its
 * clients' sockets on threads of their own.
 */
final class Round {
  private static final int FAULTS = 10;

  /** Two at a time, so often out of so many. */
  private static final int PAIRED = 4;

  /** Stuck means for ever; on a machine that does much else a start alone takes half a minute. */
  static final int RECOVERY_SECONDS = 300;

  private static final String LAST_CUT = "the power cut at the end";

  /** For a node's status. */
  private static final Duration QUERY = Duration.ofSeconds(10);

  /** Answers through every node that show it is in use again. */
  private static final int ANSWERS = 5;

  private final long seed;
  private final Random random;
  private final Path directory;
  private final Set<FaultKind> kinds;
  private final FaultFigures figures;
  private final int nodes;
  private final int shards;
  private Class<?> main = Main.class;

  /**
   * Draws the cluster.
   *
   * @param directory empty; kept by whoever looks into what went wrong
   * @param kinds those allowed
   */
  Round(long seed, Path directory, Set<FaultKind> kinds, FaultFigures figures) {
    this.seed = seed;
    this.directory = directory;
    this.kinds = kinds;
    this.figures = figures;
    // Neighbouring seeds begin alike otherwise: the first draw was the same for thousands of them.
    this.random = new Random(seed * 0x9E3779B97F4A7C15L);
    this.nodes = random.nextInt(4) == 0 ? 5 : 3;
    this.shards = 1 + random.nextInt(6);
  }

  /** With servers of another main class, which takes the same arguments. */
  Round withServersOf(Class<?> other) {
    main = other;
    return this;
  }

  /** What a round shows, when it has not failed. */
  record Result(int operations, int open, int acknowledged, int undecided) {}

  /**
   * Runs.
   *
   * @param library {@link Interposer}'s, or null
   * @throws AssertionError with all that is known, if a promise was broken
   */
  Result run(@Nullable Path library) throws IOException, InterruptedException {
    NamespaceNetwork namespaces = NamespaceNetwork.createIfAllowed(nodes);
    Network network = namespaces != null ? namespaces : new LoopbackNetwork(nodes);
    try (SmallDisk disk = smallDisk();
        ServerProcesses servers =
            new ServerProcesses(
                    directory,
                    nodes,
                    shards,
                    network,
                    "--replicas",
                    Integer.toString(nodes),
                    "--min-free-bytes",
                    Long.toString(FullDisk.MIN_FREE_BYTES))
                .runBy(main)) {
      List<Interposer> interposers = new ArrayList<>();
      for (int node = 0; node < nodes; node++) {
        Map<String, String> environment = new HashMap<>();
        if (library != null) {
          Interposer interposer =
              new Interposer(library, directory, "interpose-n" + (node + 1), servers.data(node));
          interposers.add(interposer);
          environment.putAll(interposer.environment());
        }
        if (node == Math.floorMod(seed, nodes)) {
          environment.put("SHARDWELL_IO_THREADS", "3");
        }
        servers.environment(node, environment);
      }
      servers.startAll();
      require(servers.awaitReady(RECOVERY_SECONDS), servers, "not ready at the start");
      Availability availability = new Availability(shards);
      try (Crowd crowd = new Crowd(servers, shards, availability, seed)) {
        Site site =
            new Site(servers, nodes, namespaces, interposers, disk, crowd::ports, new AtomicLong());
        awaitAnswers(crowd, servers);
        for (List<FaultKind> plan : plan(site)) {
          inject(plan, site, crowd, availability);
        }
        endLoad(site, crowd);
        Crowd.Judgement judgement = crowd.judge(site.disorderMillis().get());
        requireEqualReplicas(servers);
        return judged(judgement, servers);
      }
    }
  }

  /** Null in every other round too: what is done to real disks is done to node 0 as well. */
  private @Nullable SmallDisk smallDisk() throws IOException, InterruptedException {
    boolean wanted = random.nextBoolean();
    if ((!wanted && kinds.size() > 1) || !kinds.contains(FaultKind.FULL_DISK)) {
      return null;
    }
    SmallDisk disk = new SmallDisk(directory.resolve("n1"), FullDisk.DISK_BYTES);
    if (!disk.isMounted()) {
      System.out.println("no full disks here: " + disk.refusal());
      return null;
    }
    return disk;
  }

  private List<List<FaultKind>> plan(Site site) {
    List<FaultKind> possible =
        new ArrayList<>(kinds.stream().filter(kind -> kind.isPossible(site)).toList());
    List<FaultKind> partners = possible.stream().filter(FaultKind::goesWithEnds).toList();
    List<List<FaultKind>> plan = new ArrayList<>();
    while (plan.size() < FAULTS && !possible.isEmpty()) {
      Collections.shuffle(possible, random);
      for (FaultKind kind : possible) {
        boolean paired = kind.endsProcesses() && random.nextInt(PAIRED) == 0;
        plan.add(
            paired && !partners.isEmpty()
                ? List.of(kind, partners.get(random.nextInt(partners.size())))
                : List.of(kind));
      }
    }
    return plan.subList(0, Math.min(FAULTS, plan.size()));
  }

  private void inject(List<FaultKind> plan, Site site, Crowd crowd, Availability availability)
      throws IOException, InterruptedException {
    String name = String.join(" + ", plan.stream().map(FaultKind::word).toList());
    List<Fault> faults = plan.stream().map(kind -> kind.at(site)).toList();
    availability.begin();
    // The second first: the process ends in a network or on a disk that is not well.
    for (int i = faults.size() - 1; i >= 0; i--) {
      String done = faults.get(i).strike(random);
      System.out.printf("round %d, %s: %s%n", seed, plan.get(i).word(), done);
      site.servers().mark(plan.get(i).word() + ": " + done);
    }
    int millis = plan.get(0).millis();
    Thread.sleep(millis / 2 + random.nextInt(millis + 1));
    for (Fault fault : faults) {
      fault.mend();
    }
    availability.mended();
    site.servers().mark(name + " mended");
    awaitReady(site.servers(), name);
    long deadline = deadline();
    while (!availability.isBack()) {
      require(
          System.nanoTime() < deadline, site.servers(), "a shard takes no writes after " + name);
      Thread.sleep(5);
    }
    figures.add(name, availability.cost());
    awaitAnswers(crowd, site.servers());
    checkAlive(site.servers(), name);
  }

  /**
   * Where there are interposers, in a power cut of all nodes under load. None is started before the
   * last client has ended: whatever was acknowledged was so before the cut, and is judged by what
   * the disks had been made to keep.
   */
  private void endLoad(Site site, Crowd crowd) throws IOException, InterruptedException {
    if (!site.hasInterposers()) {
      crowd.end();
      return;
    }
    PowerCut cut = new PowerCut(site, Kill.Whom.ALL);
    String done = cut.strike(random);
    System.out.printf("round %d, at the end: %s%n", seed, done);
    site.servers().mark("at the end: " + done);
    crowd.end();
    cut.mend();
    awaitReady(site.servers(), LAST_CUT);
    require(crowd.awaitServed(deadline()), site.servers(), "not served after " + LAST_CUT);
    checkAlive(site.servers(), LAST_CUT);
  }

  private void awaitReady(ServerProcesses servers, String name) throws InterruptedException {
    long deadline = deadline();
    while (!servers.awaitReady(2)) {
      checkAlive(servers, name);
      require(System.nanoTime() < deadline, servers, "nodes are not ready again after " + name);
    }
  }

  private void checkAlive(ServerProcesses servers, String name) {
    List<String> ends = servers.unexplainedEnds();
    require(ends.isEmpty(), servers, "after " + name + ": " + String.join("; ", ends));
    for (int node = 0; node < nodes; node++) {
      require(servers.isAlive(node), servers, "n" + (node + 1) + " is not there after " + name);
    }
  }

  private static long deadline() {
    return System.nanoTime() + TimeUnit.SECONDS.toNanos(RECOVERY_SECONDS);
  }

  private void awaitAnswers(Crowd crowd, ServerProcesses servers) throws InterruptedException {
    List<Integer> before = crowd.answered();
    long deadline = deadline();
    for (int node = 0; node < nodes; node++) {
      while (crowd.answered().get(node) < before.get(node) + ANSWERS) {
        require(System.nanoTime() < deadline, servers, "no answers from n" + (node + 1));
        Thread.sleep(10);
      }
    }
  }

  /**
   * Behind the history's last reads: of every shard and of the meta group each node holds a
   * replica, and all are seen at one position, where they are the same. What has been written down
   * by nobody, such as the clock's entries, may move a shard on between two nodes' answers; so each
   * is awaited by itself.
   */
  private void requireEqualReplicas(ServerProcesses servers)
      throws IOException, InterruptedException {
    ClusterQuery query = new ClusterQuery(QUERY);
    Set<Integer> equal = new HashSet<>();
    long deadline = deadline();
    HostAndPort first = servers.clients(0);
    while (equal.size() < shards + 1) {
      StringBuilder missing = new StringBuilder();
      for (ClusterView.Shard shard : query.askAll(first.getHost(), first.getPort()).shards()) {
        if (isEqualEverywhere(shard, servers)) {
          equal.add(shard.number());
        } else if (!equal.contains(shard.number())) {
          missing.append(shard.name()).append(' ').append(shard.replicas()).append('\n');
        }
      }
      require(System.nanoTime() < deadline, servers, "replicas not at one position: " + missing);
      Thread.sleep(20);
    }
  }

  /** Whether all nodes' replicas are at one position; at any one they must not differ. */
  private boolean isEqualEverywhere(ClusterView.Shard shard, ServerProcesses servers) {
    Map<Long, String> digests = new HashMap<>();
    for (NodeReport.Replica replica : shard.replicas().values()) {
      String other = digests.putIfAbsent(replica.appliedIndex(), replica.digest());
      require(
          !replica.digest().isEmpty() && (other == null || other.equals(replica.digest())),
          servers,
          "replicas of shard %s differ: %s".formatted(shard.name(), shard.replicas()));
    }
    return shard.replicas().size() == nodes && digests.size() == 1;
  }

  private Result judged(Crowd.Judgement judgement, ServerProcesses servers) throws IOException {
    String page = judgement.report().timeline(servers.marks());
    if (page != null) {
      Path file = Path.of("target", "timeline-round-" + seed + ".html").toAbsolutePath();
      Files.writeString(file, page);
      System.out.println("timeline: " + file);
    }
    List<String> broken = new ArrayList<>(judgement.report().violations());
    judgement.report().undecided().forEach(key -> broken.add("undecided: " + key));
    broken.addAll(judgement.problems());
    require(judgement.isGood(), servers, String.join("\n", broken));
    return new Result(
        judgement.report().operations(),
        judgement.report().open(),
        judgement.acknowledged(),
        judgement.report().undecided().size());
  }

  private void require(boolean holds, ServerProcesses servers, String otherwise) {
    if (!holds) {
      StringBuilder text =
          new StringBuilder("round %d, %d nodes, %d shards: ".formatted(seed, nodes, shards))
              .append(otherwise)
              .append("\ndone so far:\n");
      long begin = servers.marks().get(0).nanos();
      servers
          .marks()
          .forEach(
              mark ->
                  text.append("%9.3f s %s%n".formatted((mark.nanos() - begin) / 1e9, mark.what())));
      throw new AssertionError(text.append(servers.logs()).toString());
    }
  }
}
