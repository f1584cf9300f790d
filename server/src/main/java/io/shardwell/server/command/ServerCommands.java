package io.shardwell.server.command;

import io.shardwell.raftgroup.EventLoop;
import io.shardwell.raftgroup.NodeStatus;
import io.shardwell.raftgroup.reads.FollowerReads;
import io.shardwell.raftgroup.routing.SlotOwners;
import io.shardwell.server.protocol.Answer;
import io.shardwell.statemachine.Inspection;
import io.shardwell.statemachine.Invocation;
import io.shardwell.statemachine.Limits;
import io.shardwell.statemachine.Reply;
import io.shardwell.statemachine.Slots;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The table of commands a node answers by itself, and their execution. Loop thread only. */
public final class ServerCommands {

  private static final String CLUSTER_DISABLED = "ERR This instance has cluster support disabled";

  private static final Answer NO_FREQUENCY =
      Answer.failure(
          "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note"
              + " that when switching between policies at runtime LRU and LFU data will take some"
              + " time to adjust.");

  /** Redis says something like it when it counts uses instead of taking times. */
  private static final Answer NO_IDLE_TIME =
      Answer.failure(
          "ERR idle time not tracked. Please note that recency is kept as an order of uses, part of"
              + " the replicated history, and not as a time.");

  private static final int LONGEST_NAME = 32;

  private final Map<String, ServerCommand> table = new LinkedHashMap<>();
  private final NodeFacts facts;
  private final Supplier<NodeStatus> status;
  private final ConfigCommand config;
  private final ClusterRouting routing;
  private final ClusterCommands clusterFace;
  private final TransactionCommands transactions;
  private final NodeCounters counters;

  private Runnable shutdown = () -> {};

  /**
   * The table of one node.
   *
   * @param status this node's as of the moment asked for
   * @param owners for the cluster face
   * @param followers for its clients that said READONLY; null where there is no data
   */
  public ServerCommands(
      NodeFacts facts,
      Supplier<NodeStatus> status,
      Clients clients,
      NodeCounters counters,
      MemorySetting memory,
      EventLoop clock,
      SlotOwners owners,
      @Nullable FollowerReads followers) {
    this.facts = facts;
    this.counters = counters;
    this.status = status;
    this.config = new ConfigCommand(facts, counters, status, memory);
    this.routing = new ClusterRouting(owners, followers);
    this.transactions = new TransactionCommands(owners::shards, routing, memory, this);
    this.clusterFace = new ClusterCommands(owners, status, clock);
    InfoCommand info =
        new InfoCommand(facts, status, clients, counters, memory::current, clock::nanoTime);
    add(ServerCommand.of("ping", ConnectionCommands::ping));
    add(ServerCommand.of("echo", ConnectionCommands::echo));
    add(ServerCommand.of("quit", ConnectionCommands::quit));
    add(ServerCommand.of("reset", ConnectionCommands::reset));
    add(ServerCommand.of("multi", TransactionCommands::multi));
    add(ServerCommand.later("exec", transactions::exec));
    add(ServerCommand.of("discard", TransactionCommands::discard));
    add(ServerCommand.later("watch", transactions::watch));
    add(ServerCommand.of("unwatch", TransactionCommands::unwatch));
    add(ServerCommand.of("select", ConnectionCommands::select));
    add(ServerCommand.of("auth", ConnectionCommands::auth));
    add(ServerCommand.of("hello", call -> ConnectionCommands.hello(call, facts)));
    add(
        ServerCommand.of(
            "client", call -> ConnectionCommands.client(call, clients, clock.nanoTime())));
    add(ServerCommand.of("command", CommandIntrospection::answer));
    add(ServerCommand.of("info", info::answer));
    add(ServerCommand.later("config", config::execute));
    add(ServerCommand.of("time", call -> time(clock)));
    add(ServerCommand.of("role", call -> role()));
    WaitCommands waiting = new WaitCommands(owners, facts.dir() != null);
    add(ServerCommand.of("wait", waiting::waitForReplicas));
    add(ServerCommand.of("waitaof", waiting::waitForDisks));
    add(ServerCommand.of("shutdown", this::shutdown));
    add(ServerCommand.of("readonly", call -> readOnly(call, true)));
    add(ServerCommand.of("readwrite", call -> readOnly(call, false)));
    add(ServerCommand.of("asking", ServerCommands::asking));
    add(ServerCommand.later("cluster", this::cluster));
    add(ServerCommand.of("slowlog", ServerCommands::slowlog));
    add(ServerCommand.of("latency", ServerCommands::latency));
    add(ServerCommand.of("module", call -> Answer.NOTHING));
    add(ServerCommand.of("script", ScriptCommands::script));
    add(ServerCommand.of("function", ScriptCommands::function));
    add(ServerCommand.of("acl", ServerCommands::acl));
    add(ServerCommand.later("memory", this::memory));
    add(ServerCommand.later("object", call -> inspect("object", call)));
    add(ServerCommand.of("shardwell", this::shardwell));
    add(ServerCommand.of("help", call -> help()));
    addRefusals();
  }

  private void addRefusals() {
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

  /**
   * Whether the client's command is answered here and now, or soon, without its shard: by MOVED or
   * CROSSSLOT, or from a follower. Only on the cluster face.
   *
   * @param onReply then called exactly once
   */
  public boolean answers(ClientInfo client, Invocation invocation, Consumer<Reply> onReply) {
    return client.face == Face.CLUSTER && routing.answers(client, invocation, onReply);
  }

  /** What SHUTDOWN does: begins the graceful stop of this node, and returns at once. */
  public void onShutdown(Runnable stop) {
    shutdown = stop;
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

  /** The name under which a call is counted and shown: with its subcommand if there is one. */
  public String fullName(String name, byte[][] words) {
    return Objects.requireNonNull(table.get(name)).fullName(words);
  }

  /** What this node's clients have had. */
  NodeCounters counters() {
    return counters;
  }

  /** Executes a command that {@link #find} has found. */
  public void execute(String name, Call call) {
    ServerCommand command = table.get(name);
    if (command == null) {
      throw new IllegalArgumentException(name);
    }
    Answer refusal = command.refusal(call);
    if (refusal != null) {
      call.answer(TransactionCommands.refused(call.client, name, refusal));
    } else {
      command.execute(call);
    }
  }

  /**
   * Whether the client's command is to be queued: it is between MULTI and EXEC.
   *
   * @param own the command's name if {@link #find} has found it
   */
  public boolean isQueued(ClientInfo client, @Nullable String own) {
    return client.transaction.isOpen() && !TransactionCommands.isNotQueued(own);
  }

  /** Whether the command queues others, or is about those queued or the keys watched. */
  public static boolean isOfTransactions(@Nullable String own) {
    return TransactionCommands.isOfTransactions(own);
  }

  /** Queues a command, or says why not; then the transaction is void. */
  public Answer queue(ClientInfo client, byte[][] words, @Nullable String own) {
    return transactions.queue(client, words, own);
  }

  /** Why the words are no call of a command that {@link #find} has found; null if they are. */
  @Nullable Answer refusal(String name, Call call) {
    return Objects.requireNonNull(table.get(name)).refusal(call);
  }

  private static Answer time(EventLoop clock) {
    long millis = clock.wallClockMillis();
    return Answer.items(
        Answer.bulk(Long.toString(millis / 1000)),
        Answer.bulk(Long.toString(millis % 1000 * 1000)));
  }

  /**
   * As SIGTERM: everything is durable and leaderships are handed over, whatever the options say.
   * Redis answers nothing if it stops.
   */
  private Answer shutdown(Call call) {
    for (int i = 1; i < call.count(); i++) {
      switch (call.upper(i)) {
        case "SAVE", "NOSAVE", "NOW", "FORCE" -> {}
        case "ABORT" -> {
          return call.count() == 2 ? Answer.failure("ERR No shutdown in progress.") : Errors.SYNTAX;
        }
        default -> {
          return Errors.SYNTAX;
        }
      }
    }
    call.client.setReplyMode(ClientInfo.ReplyMode.OFF);
    call.client.quit = true;
    shutdown.run();
    return Answer.OK;
  }

  private Answer role() {
    return Answer.items(
        Answer.bulk("master"),
        Answer.integer(InfoCommand.appliedSum(status.get())),
        Answer.NOTHING);
  }

  /** Until READWRITE, reads need not go to the leader (docs/cluster-face.md). */
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
      case "MYID" -> Answer.bulk(clusterFace.idOf(facts.nodeId()));
      case "KEYSLOT" -> Answer.integer(Slots.of(call.bytes(2)));
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

  private void memory(Call call) {
    Answer refusal = samplesRefusal(call);
    if (refusal != null) {
      call.answer(refusal);
    } else {
      inspect("memory", call);
    }
  }

  /** What is wrong with the words of MEMORY USAGE behind its key. */
  private static @Nullable Answer samplesRefusal(Call call) {
    boolean samples = call.count() == 5 && call.upper(3).equals("SAMPLES");
    OptionalLong depth = samples ? call.number(4) : OptionalLong.of(0);
    if (depth.isEmpty()) {
      return Errors.NOT_AN_INTEGER;
    }
    return (call.count() != 3 && !samples) || depth.getAsLong() < 0 ? Errors.SYNTAX : null;
  }

  /** Looks at the key at position 2 without using it, unless the cluster face has it elsewhere. */
  private void inspect(String name, Call call) {
    Function<Reply, Answer> shown = Objects.requireNonNull(inspection(name, call));
    Reply moved = call.client.face == Face.CLUSTER ? routing.moved(call.bytes(2)) : null;
    Invocation.Parsed question = Inspection.question(call.bytes(2));
    if (moved != null) {
      call.answer(new Answer.Plain(moved));
    } else if (question instanceof Invocation.Bad bad) {
      call.answer(new Answer.Plain(bad.failure()));
    } else {
      call.submit(
          ((Invocation.Ok) question).invocation(), reply -> call.answer(shown.apply(reply)));
    }
  }

  /**
   * How OBJECT or MEMORY USAGE is answered by what {@link Inspection#question} is answered for the
   * key at position 2. Null if this is another command, or does not ask for a key, or is wrong.
   */
  static @Nullable Function<Reply, Answer> inspection(String name, Call call) {
    String what = call.count() < 3 ? "" : call.upper(1);
    if (name.equals("object") && call.count() == 3) {
      return reply -> shown(reply, value -> object(what, value));
    }
    if (name.equals("memory") && what.equals("USAGE") && samplesRefusal(call) == null) {
      long beside = (long) call.bytes(2).length + Limits.ENTRY_OVERHEAD_BYTES;
      return reply -> shown(reply, value -> Answer.integer(beside + value.valueBytes()));
    }
    return null;
  }

  private static Answer shown(Reply reply, Function<Inspection, Answer> then) {
    Inspection value = Inspection.of(reply);
    return value == null ? new Answer.Plain(reply) : then.apply(value);
  }

  /** ENCODING, FREQ, IDLETIME and REFCOUNT of a key. */
  private static Answer object(String what, Inspection value) {
    return switch (what) {
      case "FREQ" -> NO_FREQUENCY;
      case "IDLETIME" -> NO_IDLE_TIME;
      case "REFCOUNT" -> Answer.integer(1);
      default -> Answer.bulk(encoding(value));
    };
  }

  /** As Redis would store it. */
  private static String encoding(Inspection value) {
    if (value.isWholeNumber()) {
      return "int";
    }
    return value.valueBytes() <= 44 ? "embstr" : "raw";
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
