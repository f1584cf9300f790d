package io.shardwell.server.command;

import io.shardwell.raftgroup.NodeStatus;
import io.shardwell.server.MemorySize;
import io.shardwell.server.protocol.Answer;
import io.shardwell.server.protocol.RequestDecoder;
import io.shardwell.statemachine.EvictionPolicy;
import io.shardwell.statemachine.Limits;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * CONFIG: Redis's names for what is so here. Only maxmemory and its policy can be set while a node
 * runs, and that for the whole cluster.
 */
final class ConfigCommand {

  private static final String MAX_MEMORY = "maxmemory";
  private static final String POLICY = "maxmemory-policy";
  private static final String POLICIES =
      String.join(", ", Stream.of(EvictionPolicy.values()).map(EvictionPolicy::text).toList());

  /** Patterns of one CONFIG GET: more than there are settings ask for none more. */
  static final int MAX_PATTERNS = 64;

  private static final Answer TOO_MANY_PATTERNS =
      Answer.failure("ERR CONFIG GET takes at most " + MAX_PATTERNS + " patterns");

  private final Map<String, String> settings = new TreeMap<>();

  /** What is different for those who come by the cluster face. */
  private final Map<String, String> ofClusterFace = new TreeMap<>();

  private final NodeCounters counters;
  private final Supplier<NodeStatus> status;
  private final MemorySetting memory;

  ConfigCommand(
      NodeFacts facts, NodeCounters counters, Supplier<NodeStatus> status, MemorySetting memory) {
    this.status = status;
    this.counters = counters;
    this.memory = memory;
    boolean durable = facts.dir() != null;
    settings.put("bind", facts.bind());
    settings.put("port", Integer.toString(facts.port()));
    settings.put("tls-port", "0");
    settings.put("protected-mode", facts.insecure() ? "no" : "yes");
    settings.put("requirepass", "");
    settings.put("maxclients", Integer.toString(facts.maxClients()));
    settings.put("io-threads", Integer.toString(facts.ioThreads()));
    settings.put("timeout", "0");
    settings.put("tcp-keepalive", "300");
    settings.put("databases", "1");
    settings.put("dir", durable ? String.valueOf(facts.dir()) : "");
    settings.put("logfile", "");
    settings.put("loglevel", "notice");
    settings.put("save", "");
    // Every write is in the log of a majority, synced, before it is answered.
    settings.put("appendonly", durable ? "yes" : "no");
    settings.put("appendfsync", durable ? "always" : "no");
    settings.put("proto-max-bulk-len", Integer.toString(Limits.MAX_VALUE_BYTES));
    settings.put("client-query-buffer-limit", Integer.toString(RequestDecoder.MAX_REQUEST_BYTES));
    settings.put("cluster-enabled", "no");
    // As Redis has it of a primary, too: clients that ask think of replicas.
    settings.put("replica-read-only", "yes");
    settings.put("slave-read-only", "yes");
    settings.put("notify-keyspace-events", "");
    settings.put("slowlog-log-slower-than", "-1");
    settings.put("slowlog-max-len", "0");
    settings.put("latency-monitor-threshold", "0");
    settings.put("shutdown-timeout", "10");
    settings.put("shardwell-node-id", facts.nodeId());
    settings.put("shardwell-text-port", Integer.toString(facts.textPort()));
    settings.put("shardwell-peer-port", Integer.toString(facts.peerPort()));
    settings.put("shardwell-http-port", Integer.toString(facts.httpPort()));
    settings.put("shardwell-cluster-port", Integer.toString(facts.clusterPort()));
    ofClusterFace.put("port", Integer.toString(facts.clusterPort()));
    ofClusterFace.put("cluster-enabled", "yes");
  }

  /** One more truth, known elsewhere. */
  void put(String name, String value) {
    settings.put(name, value);
  }

  void execute(Call call) {
    if (call.upper(1).equals("SET")) {
      set(call);
    } else {
      call.answer(answer(call));
    }
  }

  private Answer answer(Call call) {
    return switch (call.upper(1)) {
      case "GET" -> get(call);
      case "RESETSTAT" -> {
        counters.reset(status.get());
        yield Answer.OK;
      }
      case "REWRITE" -> Answer.failure("ERR The server is running without a config file");
      default -> Errors.unknownSubcommand(call, "config");
    };
  }

  private Answer get(Call call) {
    if (call.count() - 2 > MAX_PATTERNS) {
      return TOO_MANY_PATTERNS;
    }
    List<Glob> patterns = new ArrayList<>();
    for (int i = 2; i < call.count(); i++) {
      patterns.add(Glob.of(call.bytes(i)));
    }
    List<Answer> found = new ArrayList<>();
    settings.put(MAX_MEMORY, Long.toString(memory.current().bytes()));
    settings.put(POLICY, memory.current().policy().text());
    settings.forEach(
        (name, value) -> {
          if (patterns.stream().anyMatch(pattern -> pattern.matches(name))) {
            found.add(Answer.bulk(name));
            found.add(Answer.bulk(shown(call, name, value)));
          }
        });
    return new Answer.Pairs(found);
  }

  private String shown(Call call, String name, String value) {
    return call.client.face == Face.CLUSTER ? ofClusterFace.getOrDefault(name, value) : value;
  }

  private void set(Call call) {
    if (call.count() % 2 != 0) {
      call.answer(Errors.SYNTAX);
      return;
    }
    Set<String> named = new HashSet<>();
    @Nullable Long bytes = null;
    @Nullable EvictionPolicy policy = null;
    for (int i = 2; i < call.count(); i += 2) {
      String name = call.text(i).toLowerCase(Locale.ROOT);
      if (!named.add(name)) {
        call.answer(failed(call, i, "duplicate parameter"));
        return;
      }
      if (name.equals(MAX_MEMORY)) {
        try {
          bytes = MemorySize.parse(call.text(i + 1));
        } catch (IllegalArgumentException wrong) {
          call.answer(failed(call, i, "argument must be a memory value"));
          return;
        }
      } else if (name.equals(POLICY)) {
        policy = EvictionPolicy.byText(call.text(i + 1));
        if (policy == null) {
          call.answer(failed(call, i, "argument(s) must be one of the following: " + POLICIES));
          return;
        }
      } else if (settings.containsKey(name)) {
        if (!shown(call, name, settings.get(name)).equalsIgnoreCase(call.text(i + 1))) {
          call.answer(failed(call, i, "can't set immutable config"));
          return;
        }
      } else {
        call.answer(
            Answer.failure(
                "ERR Unknown option or number of arguments for CONFIG SET - '"
                    + Errors.echo(call, i)
                    + "'"));
        return;
      }
    }
    if (bytes == null && policy == null) {
      call.answer(Answer.OK); // All is as it was asked for: tools restore what they have found.
      return;
    }
    memory.change(bytes, policy, reply -> call.answer(new Answer.Plain(reply)));
  }

  private static Answer failed(Call call, int at, String why) {
    return Answer.failure(
        "ERR CONFIG SET failed (possibly related to argument '"
            + Errors.echo(call, at)
            + "') - "
            + why);
  }
}
