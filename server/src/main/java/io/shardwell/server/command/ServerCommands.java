package io.shardwell.server.command;

import io.shardwell.raftgroup.EventLoop;
import io.shardwell.raftgroup.NodeStatus;
import io.shardwell.server.protocol.Answer;
import io.shardwell.statemachine.Command;
import io.shardwell.statemachine.Reply;
import io.shardwell.statemachine.Slots;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The table of commands a node answers by itself, and their execution. Loop thread only. */
public final class ServerCommands {

  private static final String CLUSTER_DISABLED = "ERR This instance has cluster support disabled";

  // What Redis charges for the least entry; the true cost here is within a factor of two of it.
  private static final int ENTRY_OVERHEAD_BYTES = 64;

  private static final Answer NO_FREQUENCY =
      Answer.failure(
          "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note"
              + " that when switching between policies at runtime LRU and LFU data will take some"
              + " time to adjust.");

  private static final int LONGEST_NAME = 32;

  private final Map<String, ServerCommand> table = new LinkedHashMap<>();
  private final NodeFacts facts;
  private final Supplier<NodeStatus> status;
  private final ConfigCommand config;

  /** Status is this node's as of the moment asked for. */
  public ServerCommands(
      NodeFacts facts,
      Supplier<NodeStatus> status,
      Clients clients,
      NodeCounters counters,
      EventLoop clock) {
    this.facts = facts;
    this.status = status;
    this.config = new ConfigCommand(facts, counters);
    InfoCommand info = new InfoCommand(facts, status, clients, counters, clock::nanoTime);
    add(ServerCommand.of("ping", ConnectionCommands::ping));
    add(ServerCommand.of("echo", ConnectionCommands::echo));
    add(ServerCommand.of("quit", ConnectionCommands::quit));
    add(ServerCommand.of("reset", ConnectionCommands::reset));
    add(ServerCommand.of("select", ConnectionCommands::select));
    add(ServerCommand.of("auth", ConnectionCommands::auth));
    add(ServerCommand.of("hello", call -> ConnectionCommands.hello(call, facts)));
    add(
        ServerCommand.of(
            "client", call -> ConnectionCommands.client(call, clients, clock.nanoTime())));
    add(ServerCommand.of("command", CommandIntrospection::answer));
    add(ServerCommand.of("info", info::answer));
    add(ServerCommand.of("config", config::answer));
    add(ServerCommand.of("time", call -> time(clock)));
    add(ServerCommand.of("role", call -> role()));
    add(ServerCommand.of("readonly", call -> clusterOnly()));
    add(ServerCommand.of("readwrite", call -> clusterOnly()));
    add(ServerCommand.of("asking", call -> clusterOnly()));
    add(ServerCommand.of("cluster", this::cluster));
    add(ServerCommand.of("slowlog", ServerCommands::slowlog));
    add(ServerCommand.of("latency", ServerCommands::latency));
    add(ServerCommand.of("module", call -> Answer.NOTHING));
    add(ServerCommand.of("acl", ServerCommands::acl));
    add(ServerCommand.later("memory", ServerCommands::memory));
    add(ServerCommand.later("object", ServerCommands::object));
    add(ServerCommand.of("shardwell", this::shardwell));
    add(ServerCommand.of("help", call -> help()));
    addRefusals();
  }

  private void addRefusals() {
    refuse("shutdown", "ERR a node stops on SIGTERM or Ctrl-C, not on a client's word");
    String replication = "ERR replication is built in: see 'shardwell cluster status'";
    for (String name : List.of("replicaof", "slaveof", "sync", "psync", "replconf", "failover")) {
      refuse(name, replication);
    }
    String persistence = "ERR every write is durable when it is answered: there is nothing to save";
    for (String name : List.of("save", "bgsave", "bgrewriteaof")) {
      refuse(name, persistence);
    }
    refuse("migrate", "ERR data moves by itself: see 'shardwell cluster status'");
    refuse("restore", "ERR RESTORE is not supported: write values with SET");
  }

  private void refuse(String name, String why) {
    Answer answer = Answer.failure(why);
    add(ServerCommand.of(name, call -> answer));
  }

  private void add(ServerCommand command) {
    table.put(command.name(), command);
  }

  /** One more truth for CONFIG GET. */
  public void putSetting(String name, String value) {
    config.put(name, value);
  }

  /** The name in lower case if the server itself answers such a command, else null. */
  public @Nullable String find(byte[] name) {
    if (name.length > LONGEST_NAME) {
      return null;
    }
    String lower = new String(name, StandardCharsets.ISO_8859_1).toLowerCase(Locale.ROOT);
    return table.containsKey(lower) ? lower : null;
  }

  /** Executes a command that {@link #find} has found. */
  public void execute(String name, Call call) {
    ServerCommand command = table.get(name);
    if (command == null) {
      throw new IllegalArgumentException(name);
    }
    command.execute(call);
  }

  private static Answer time(EventLoop clock) {
    long millis = clock.wallClockMillis();
    return Answer.items(
        Answer.bulk(Long.toString(millis / 1000)),
        Answer.bulk(Long.toString(millis % 1000 * 1000)));
  }

  private Answer role() {
    return Answer.items(
        Answer.bulk("master"),
        Answer.integer(InfoCommand.appliedSum(status.get())),
        Answer.NOTHING);
  }

  private static Answer clusterOnly() {
    return Answer.failure(CLUSTER_DISABLED);
  }

  /** This port is the single image: what would show it as a cluster is refused as Redis does it. */
  private Answer cluster(Call call) {
    return switch (call.upper(1)) {
      case "INFO" -> {
        NodeStatus now = status.get();
        yield new Answer.Text(
            "cluster_enabled:0\r\ncluster_state:"
                + (now.ready() ? "ok" : "fail")
                + "\r\ncluster_slots_assigned:16384\r\ncluster_slots_ok:"
                + (now.ready() ? 16384 : 0)
                + "\r\ncluster_slots_pfail:0\r\ncluster_slots_fail:"
                + (now.ready() ? 0 : 16384)
                + "\r\ncluster_known_nodes:"
                + now.nodes().size()
                + "\r\ncluster_size:"
                + now.nodes().size()
                + "\r\ncluster_current_epoch:"
                + now.mapEpoch()
                + "\r\n");
      }
      case "MYID" -> Answer.bulk(facts.nodeId());
      case "KEYSLOT" ->
          call.count() == 3
              ? Answer.integer(Slots.of(call.bytes(2)))
              : Errors.subcommandArity(call, "cluster");
      default -> Answer.failure(CLUSTER_DISABLED);
    };
  }

  private static Answer slowlog(Call call) {
    return switch (call.upper(1)) {
      case "GET" -> {
        OptionalLong most = call.count() == 3 ? call.number(2) : OptionalLong.of(-1);
        boolean valid = most.isPresent() && most.getAsLong() >= -1;
        yield valid
            ? Answer.NOTHING
            : Answer.failure("ERR count should be greater than or equal to -1");
      }
      case "LEN" -> Answer.integer(0);
      case "RESET" -> Answer.OK;
      default -> Errors.unknownSubcommand(call, "slowlog");
    };
  }

  private static Answer latency(Call call) {
    return switch (call.upper(1)) {
      case "LATEST", "HISTORY" -> Answer.NOTHING;
      case "HISTOGRAM" -> Answer.pairs();
      case "RESET" -> Answer.integer(0);
      default -> Errors.unknownSubcommand(call, "latency");
    };
  }

  private static Answer acl(Call call) {
    return switch (call.upper(1)) {
      case "WHOAMI" -> Answer.bulk("default");
      case "USERS" -> Answer.items(Answer.bulk("default"));
      case "LIST" ->
          Answer.items(Answer.bulk("user default on nopass sanitize-payload ~* &* +@all"));
      default -> Errors.unknownSubcommand(call, "acl");
    };
  }

  private static void memory(Call call) {
    boolean samples = call.count() == 5 && call.upper(3).equals("SAMPLES");
    OptionalLong depth = samples ? call.number(4) : OptionalLong.of(0);
    if (depth.isEmpty()) {
      call.answer(Errors.NOT_AN_INTEGER);
      return;
    }
    if ((call.count() != 3 && !samples) || depth.getAsLong() < 0) {
      call.answer(Errors.SYNTAX);
      return;
    }
    byte[] key = call.bytes(2);
    call.ask(
        Command.GET,
        key,
        reply ->
            call.answer(
                reply instanceof Reply.Bulk value
                    ? Answer.integer(
                        (long) key.length + value.value().length + ENTRY_OVERHEAD_BYTES)
                    : new Answer.Plain(reply)));
  }

  /** ENCODING, FREQ and REFCOUNT of a key. */
  private static void object(Call call) {
    String what = call.upper(1);
    call.ask(
        Command.GET,
        call.bytes(2),
        reply ->
            call.answer(
                !(reply instanceof Reply.Bulk value)
                    ? new Answer.Plain(reply)
                    : switch (what) {
                      case "FREQ" -> NO_FREQUENCY;
                      case "REFCOUNT" -> Answer.integer(1);
                      default -> Answer.bulk(encoding(value.value()));
                    }));
  }

  /** As Redis would store it. */
  private static String encoding(byte[] value) {
    if (value.length <= 20) {
      String text = new String(value, StandardCharsets.ISO_8859_1);
      try {
        if (Long.toString(Long.parseLong(text)).equals(text)) {
          return "int";
        }
      } catch (NumberFormatException e) {
        // Not a number, then.
      }
    }
    return value.length <= 44 ? "embstr" : "raw";
  }

  private Answer shardwell(Call call) {
    return switch (call.upper(1)) {
      case "STATUS" -> Answer.bulk(status.get().toJson());
      case "VERSION" -> Answer.bulk(NodeFacts.VERSION);
      default -> Errors.unknownSubcommand(call, "shardwell");
    };
  }

  private Answer help() {
    List<String> lines = new ArrayList<>(CommandIntrospection.help().lines().toList());
    return new Answer.Text(String.join("\n", lines) + "\n");
  }
}
