package io.shardwell.server.command;

import io.shardwell.raftgroup.EventLoop;
import io.shardwell.raftgroup.NodeStatus;
import io.shardwell.raftgroup.routing.SlotOwners;
import io.shardwell.server.protocol.Answer;
import io.shardwell.statemachine.Command;
import io.shardwell.statemachine.Invocation;
import io.shardwell.statemachine.Reply;
import io.shardwell.statemachine.Slots;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The table of commands a node answers by itself, and their execution. Loop thread only. */
public final class ServerCommands {

  private static final String CLUSTER_DISABLED = "ERR This instance has cluster support disabled";

  // What Redis charges for the least entry; the true cost here is within a factor of two of it.
  private static final int ENTRY_OVERHEAD_BYTES = 64;

  private static final int LONGEST_NAME = 32;

  private final Map<String, ServerCommand> table = new LinkedHashMap<>();
  private final NodeFacts facts;
  private final Supplier<NodeStatus> status;
  private final CommandIntrospection introspection;
  private final ConfigCommand config;
  private final ClusterRouting routing;
  private final ClusterCommands clusterFace;

  /**
   * The table of one node.
   *
   * @param status this node's as of the moment asked for
   * @param owners for the cluster face
   */
  public ServerCommands(
      NodeFacts facts,
      Supplier<NodeStatus> status,
      Clients clients,
      NodeCounters counters,
      EventLoop clock,
      SlotOwners owners) {
    this.facts = facts;
    this.status = status;
    this.introspection = new CommandIntrospection(table);
    this.config = new ConfigCommand(facts, counters);
    this.routing = new ClusterRouting(owners);
    this.clusterFace = new ClusterCommands(owners, status, clock);
    InfoCommand info = new InfoCommand(facts, status, clients, counters, clock::nanoTime);
    String connection = "connection";
    String server = "server";
    String cluster = "cluster";
    add(ServerCommand.of("ping", -1, connection, "Answers PONG.", ConnectionCommands::ping));
    add(ServerCommand.of("echo", 2, connection, "Answers the word.", ConnectionCommands::echo));
    add(ServerCommand.of("quit", -1, connection, "Ends.", ConnectionCommands::quit));
    add(ServerCommand.of("reset", 1, connection, "Forgets names.", ConnectionCommands::reset));
    add(ServerCommand.of("select", 2, connection, "Only 0.", ConnectionCommands::select));
    add(ServerCommand.of("auth", -2, connection, "Logs in.", ConnectionCommands::auth));
    add(
        ServerCommand.of(
            "hello",
            -1,
            connection,
            "Agrees on a protocol version.",
            call -> ConnectionCommands.hello(call, facts)));
    add(
        ServerCommand.of(
            "client",
            -2,
            connection,
            "About connections.",
            call -> ConnectionCommands.client(call, clients, clock.nanoTime())));
    add(ServerCommand.of("command", -1, server, "About commands.", introspection::answer));
    add(ServerCommand.of("info", -1, server, "About this node.", info::answer));
    add(ServerCommand.of("config", -2, server, "Settings.", config::answer));
    add(ServerCommand.of("time", 1, server, "This node's clock.", call -> time(clock)));
    add(ServerCommand.of("role", 1, server, "Always master.", call -> role()));
    add(ServerCommand.of("readonly", 1, cluster, "Cluster face.", call -> readOnly(call, true)));
    add(ServerCommand.of("readwrite", 1, cluster, "Cluster face.", call -> readOnly(call, false)));
    add(ServerCommand.of("asking", 1, cluster, "Cluster face.", ServerCommands::asking));
    add(new ServerCommand("cluster", -2, cluster, "About the cluster.", this::cluster));
    add(ServerCommand.of("slowlog", -2, server, "Empty.", ServerCommands::slowlog));
    add(ServerCommand.of("latency", -2, server, "Empty.", ServerCommands::latency));
    add(ServerCommand.of("module", -2, server, "None.", ServerCommands::module));
    add(ServerCommand.of("acl", -2, server, "One user.", ServerCommands::acl));
    add(new ServerCommand("memory", -2, server, "A key's size.", this::memory));
    add(new ServerCommand("object", -2, "generic", "A key's form.", this::object));
    add(ServerCommand.of("shardwell", -2, server, "STATUS: JSON of this node.", this::shardwell));
    add(ServerCommand.of("help", -1, server, "This.", call -> help()));
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
    add(ServerCommand.of(name, -1, "server", "Refused.", call -> answer));
  }

  private void add(ServerCommand command) {
    table.put(command.name(), command);
  }

  /** MOVED or CROSSSLOT for a client of the cluster face; null if the command belongs here. */
  public @Nullable Reply refusal(Invocation invocation) {
    return routing.refusal(invocation);
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
    if (command.accepts(call.count())) {
      command.action().accept(call);
    } else {
      call.answer(Errors.arity(name));
    }
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

  /** Reads stay linearizable: a node that does not lead still answers MOVED (docs). */
  private static Answer readOnly(Call call, boolean readOnly) {
    if (call.client.face != Face.CLUSTER) {
      return Answer.failure(CLUSTER_DISABLED);
    }
    call.client.readOnly = readOnly;
    return Answer.OK;
  }

  /** No slot is ever half moved, so nothing follows from it. */
  private static Answer asking(Call call) {
    return call.client.face == Face.CLUSTER ? Answer.OK : Answer.failure(CLUSTER_DISABLED);
  }

  private void cluster(Call call) {
    if (call.client.face == Face.CLUSTER) {
      clusterFace.answer(call);
    } else {
      call.answer(clusterOfOne(call));
    }
  }

  /** The single image: what would show it as a cluster is refused as Redis does it. */
  private Answer clusterOfOne(Call call) {
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
      case "GET" -> Answer.NOTHING;
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

  private static Answer module(Call call) {
    return call.upper(1).equals("LIST") ? Answer.NOTHING : Errors.unknownSubcommand(call, "module");
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

  private void memory(Call call) {
    if (!call.upper(1).equals("USAGE")) {
      call.answer(Errors.unknownSubcommand(call, "memory"));
      return;
    }
    boolean samples = call.count() == 5 && call.upper(3).equals("SAMPLES");
    if (call.count() != 3 && !samples) {
      call.answer(call.count() < 3 ? Errors.subcommandArity(call, "memory") : Errors.SYNTAX);
      return;
    }
    byte[] key = call.bytes(2);
    askValue(
        call,
        reply ->
            call.answer(
                reply instanceof Reply.Bulk value
                    ? Answer.integer(
                        (long) key.length + value.value().length + ENTRY_OVERHEAD_BYTES)
                    : new Answer.Plain(reply)));
  }

  private void object(Call call) {
    if (!call.upper(1).equals("ENCODING")) {
      call.answer(Errors.unknownSubcommand(call, "object"));
      return;
    }
    if (call.count() != 3) {
      call.answer(Errors.subcommandArity(call, "object"));
      return;
    }
    askValue(
        call,
        reply ->
            call.answer(
                reply instanceof Reply.Bulk value
                    ? Answer.bulk(encoding(value.value()))
                    : new Answer.Plain(reply)));
  }

  /** Reads the value of the key at position 2, unless the cluster face has it elsewhere. */
  private void askValue(Call call, Consumer<Reply> then) {
    Reply moved = call.client.face == Face.CLUSTER ? routing.moved(call.bytes(2)) : null;
    if (moved != null) {
      call.answer(new Answer.Plain(moved));
    } else {
      call.ask(Command.GET, call.bytes(2), then);
    }
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
    List<String> lines = new ArrayList<>(introspection.help().lines().toList());
    return new Answer.Text(String.join("\n", lines) + "\n");
  }
}
