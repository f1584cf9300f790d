package io.shardwell.server.command;

import io.shardwell.raftgroup.NodeStatus;
import io.shardwell.server.protocol.Answer;
import io.shardwell.statemachine.MemoryLimit;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * INFO: Redis's sections and field names with this node's values. Keys, bytes, expired and evicted
 * keys are those of all replicas on this node, followers included, since their shards began; hits
 * and misses those of reads this node answered since its start; DBSIZE counts the cluster.
 *
 * <p>used_memory is what counts against maxmemory: logical bytes of data. The heap of the process
 * is used_memory_heap.
 */
final class InfoCommand {

  private static final Set<String> ALL = Set.of("all", "everything");
  private static final String DEFAULT = "default";
  private static final String COMMAND_STATS = "Commandstats";

  private final NodeFacts facts;
  private final Supplier<NodeStatus> status;
  private final Clients clients;
  private final NodeCounters counters;
  private final Supplier<MemoryLimit> memory;
  private final LongSupplier nanoTime;

  InfoCommand(
      NodeFacts facts,
      Supplier<NodeStatus> status,
      Clients clients,
      NodeCounters counters,
      Supplier<MemoryLimit> memory,
      LongSupplier nanoTime) {
    this.facts = facts;
    this.status = status;
    this.clients = clients;
    this.counters = counters;
    this.memory = memory;
    this.nanoTime = nanoTime;
  }

  Answer answer(Call call) {
    Set<String> wanted = new LinkedHashSet<>();
    for (int i = 1; i < call.count(); i++) {
      wanted.add(call.text(i).toLowerCase(Locale.ROOT));
    }
    boolean everything = wanted.stream().anyMatch(ALL::contains);
    boolean most = wanted.isEmpty() || wanted.contains(DEFAULT);
    NodeStatus now = status.get();
    StringBuilder text = new StringBuilder(2048);
    sections(now, call.client.face == Face.CLUSTER)
        .forEach(
            (section, fields) -> {
              if (everything
                  || (most && !section.equals(COMMAND_STATS))
                  || wanted.contains(section.toLowerCase(Locale.ROOT))) {
                text.append(text.isEmpty() ? "" : "\r\n").append("# ").append(section);
                text.append("\r\n");
                fields
                    .get()
                    .forEach(
                        (name, value) ->
                            text.append(name).append(':').append(value).append("\r\n"));
              }
            });
    return new Answer.Text(text.toString());
  }

  /** The sections in their order; only those asked for are made. */
  private Map<String, Supplier<Map<String, ?>>> sections(NodeStatus now, boolean cluster) {
    Map<String, Supplier<Map<String, ?>>> sections = new LinkedHashMap<>();
    sections.put("Server", () -> server(cluster));
    sections.put("Clients", this::clients);
    sections.put("Memory", () -> memory(now));
    sections.put("Persistence", () -> persistence(now));
    sections.put("Stats", () -> stats(now));
    sections.put("Replication", () -> replication(now));
    sections.put("CPU", InfoCommand::cpu);
    sections.put("Modules", Map::of);
    sections.put(COMMAND_STATS, () -> counters.stats().commandFields());
    sections.put("Errorstats", () -> counters.stats().errorFields());
    sections.put("Cluster", () -> Map.of("cluster_enabled", cluster ? 1 : 0));
    sections.put("Keyspace", () -> keyspace(now, cluster));
    sections.put("Shardwell", () -> shardwell(now));
    return sections;
  }

  private Map<String, Object> server(boolean cluster) {
    long uptimeSeconds = (nanoTime.getAsLong() - facts.startedNanos()) / 1_000_000_000L;
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("redis_version", NodeFacts.REDIS_VERSION);
    fields.put("redis_mode", cluster ? "cluster" : "standalone");
    fields.put("shardwell_version", NodeFacts.VERSION);
    fields.put("os", System.getProperty("os.name") + " " + System.getProperty("os.version"));
    fields.put("arch_bits", 64);
    fields.put("multiplexing_api", facts.ioName());
    fields.put("java_version", System.getProperty("java.version"));
    fields.put("process_id", ProcessHandle.current().pid());
    fields.put("run_id", facts.runId());
    fields.put("tcp_port", cluster ? facts.clusterPort() : facts.port());
    fields.put("uptime_in_seconds", uptimeSeconds);
    fields.put("uptime_in_days", uptimeSeconds / 86_400);
    fields.put("hz", 10);
    fields.put("config_file", "");
    fields.put("io_threads_active", facts.ioThreads() > 1 ? 1 : 0);
    return fields;
  }

  private Map<String, Object> clients() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("connected_clients", clients.count());
    fields.put("maxclients", clients.max());
    fields.put("blocked_clients", 0);
    fields.put("tracking_clients", 0);
    return fields;
  }

  private Map<String, Object> memory(NodeStatus now) {
    Runtime runtime = Runtime.getRuntime();
    long used = now.replicas().stream().mapToLong(NodeStatus.ReplicaStatus::logicalBytes).sum();
    MemoryLimit limit = memory.get();
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("used_memory", used);
    fields.put("used_memory_human", human(used));
    fields.put("used_memory_rss", runtime.totalMemory());
    fields.put("used_memory_peak", runtime.totalMemory());
    fields.put("used_memory_dataset", used);
    fields.put("used_memory_heap", runtime.totalMemory() - runtime.freeMemory());
    fields.put("total_system_memory", runtime.maxMemory());
    fields.put("maxmemory", limit.bytes());
    fields.put("maxmemory_human", limit.isOn() ? human(limit.bytes()) : "0B");
    fields.put("maxmemory_policy", limit.policy().text());
    fields.put("mem_fragmentation_ratio", "1.00");
    fields.put("mem_clients_normal", counters.clientBytes);
    fields.put("mem_allocator", "jvm");
    return fields;
  }

  private static String human(long bytes) {
    if (bytes < 1 << 20) {
      return String.format(Locale.ROOT, "%.2fK", bytes / 1024.0);
    }
    return bytes < 1 << 30
        ? String.format(Locale.ROOT, "%.2fM", bytes / (double) (1 << 20))
        : String.format(Locale.ROOT, "%.2fG", bytes / (double) (1 << 30));
  }

  private Map<String, Object> persistence(NodeStatus now) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("loading", 0);
    fields.put("rdb_changes_since_last_save", 0);
    fields.put("rdb_bgsave_in_progress", 0);
    fields.put("rdb_last_bgsave_status", "ok");
    fields.put("aof_enabled", facts.dir() == null ? 0 : 1);
    fields.put("aof_rewrite_in_progress", 0);
    // Redis says "err" while it refuses writes because of its disk.
    fields.put("aof_last_write_status", now.disk().low() ? "err" : "ok");
    return fields;
  }

  private Map<String, Object> stats(NodeStatus now) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("total_connections_received", clients.received());
    fields.put("total_commands_processed", counters.commands);
    fields.put("instantaneous_ops_per_sec", counters.commandsPerSecond());
    fields.put("total_net_input_bytes", counters.inputBytes);
    fields.put("total_net_output_bytes", counters.outputBytes);
    fields.put("rejected_connections", clients.rejected());
    fields.put(
        "expired_keys",
        now.replicas().stream().mapToLong(NodeStatus.ReplicaStatus::expiredKeys).sum());
    fields.put(
        "evicted_keys",
        now.replicas().stream().mapToLong(NodeStatus.ReplicaStatus::evictedKeys).sum());
    fields.put("evicted_clients", counters.evictedClients);
    fields.put("keyspace_hits", counters.keyHits(now));
    fields.put("keyspace_misses", counters.keyMisses(now));
    fields.put("pubsub_channels", 0);
    fields.put("pubsub_patterns", 0);
    fields.put("latest_fork_usec", 0);
    fields.put("total_error_replies", counters.errorAnswers);
    return fields;
  }

  /**
   * Redis would call every node here a master without replicas: replication is inside, and clients
   * that saw replicas would send them WAIT.
   */
  private Map<String, Object> replication(NodeStatus now) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("role", "master");
    fields.put("connected_slaves", 0);
    fields.put("master_failover_state", "no-failover");
    fields.put("master_replid", facts.runId());
    fields.put("master_repl_offset", appliedSum(now));
    fields.put("second_repl_offset", -1);
    fields.put("repl_backlog_active", 0);
    return fields;
  }

  static long appliedSum(NodeStatus now) {
    return now.replicas().stream().mapToLong(NodeStatus.ReplicaStatus::appliedIndex).sum();
  }

  private static Map<String, Object> cpu() {
    var bean = java.lang.management.ManagementFactory.getOperatingSystemMXBean();
    Map<String, Object> fields = new LinkedHashMap<>();
    if (bean instanceof com.sun.management.OperatingSystemMXBean system) {
      fields.put("used_cpu_sys", "0.000000");
      fields.put("used_cpu_user", seconds(system.getProcessCpuTime()));
    }
    long loop = LoopLoad.cpuNanos();
    long user = Math.min(loop, LoopLoad.userNanos());
    fields.put("used_cpu_sys_main_thread", seconds(loop - user));
    fields.put("used_cpu_user_main_thread", seconds(user));
    return fields;
  }

  private static String seconds(long nanos) {
    return String.format(Locale.ROOT, "%.6f", nanos / 1e9);
  }

  /** On the cluster face only what this node leads, for there one adds up what nodes say. */
  private Map<String, Object> keyspace(NodeStatus now, boolean cluster) {
    List<NodeStatus.ReplicaStatus> counted =
        now.replicas().stream()
            .filter(replica -> !cluster || replica.leaderId().equals(facts.nodeId()))
            .toList();
    long keys = counted.stream().mapToLong(NodeStatus.ReplicaStatus::keys).sum();
    long expires = counted.stream().mapToLong(NodeStatus.ReplicaStatus::volatileKeys).sum();
    // Nobody knows the average without going through all of them; Redis says 0 until it has.
    return keys == 0
        ? Map.of()
        : Map.of("db0", "keys=" + keys + ",expires=" + expires + ",avg_ttl=0");
  }

  private Map<String, Object> shardwell(NodeStatus now) {
    List<NodeStatus.ReplicaStatus> shards =
        now.replicas().stream().filter(replica -> replica.shard() >= 0).toList();
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("node_id", facts.nodeId());
    fields.put("cluster_id", now.clusterId());
    fields.put("ready", now.ready() ? 1 : 0);
    fields.put("not_ready_reason", now.notReadyReason());
    fields.put("nodes", now.nodes().size());
    fields.put("shards", now.shards());
    fields.put("replicas_here", shards.size());
    fields.put(
        "leaders_here",
        shards.stream().filter(replica -> replica.leaderId().equals(facts.nodeId())).count());
    fields.put(
        "loop_busy_percent", counters.loopLoad.percent(nanoTime.getAsLong(), LoopLoad.cpuNanos()));
    fields.put("failed_requests", counters.failedRequests());
    fields.put(
        "peer_frames_dropped",
        now.nodes().stream().mapToLong(NodeStatus.PeerStatus::droppedFrames).sum());
    fields.put(
        "peer_messages_dropped",
        now.nodes().stream().mapToLong(NodeStatus.PeerStatus::droppedMessages).sum());
    fields.put("log_bytes", now.logBytes());
    fields.put("disk_free_bytes", now.disk().freeBytes());
    fields.put("min_free_bytes", now.disk().minFreeBytes());
    return fields;
  }
}
