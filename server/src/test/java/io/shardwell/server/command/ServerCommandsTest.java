package io.shardwell.server.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.shardwell.raftgroup.ClientAddress;
import io.shardwell.raftgroup.ClientSession;
import io.shardwell.raftgroup.EventLoop;
import io.shardwell.raftgroup.NodeStatus;
import io.shardwell.raftgroup.routing.SlotOwners;
import io.shardwell.server.protocol.Answer;
import io.shardwell.server.protocol.RespEncoder;
import io.shardwell.statemachine.Command;
import io.shardwell.statemachine.EvictionPolicy;
import io.shardwell.statemachine.Limits;
import io.shardwell.statemachine.MemoryLimit;
import io.shardwell.statemachine.Reply;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Shows what a node answers by itself, without sockets and without data: handshakes, introspection
 * and settings, in the words and shapes clients look for.
 */
class ServerCommandsTest {

  private static final long START_NANOS = 5_000_000_000L;

  private static final SlotOwners OWNERS =
      new SlotOwners(
          "n1", List.of(List.of("n1")), () -> 0, node -> true, node -> ClientAddress.UNKNOWN);

  private final Clients clients = new Clients(100);
  private final NodeCounters counters = new NodeCounters();
  private final TestMemory memory = new TestMemory();
  private final ClientInfo client = newClient("127.0.0.1:1001");
  private final List<String> closed = new ArrayList<>();

  private final ServerCommands commands =
      new ServerCommands(
          new NodeFacts(
              "n1",
              "ab".repeat(20),
              "127.0.0.1",
              6379,
              -1,
              16379,
              8379,
              7379,
              "/data",
              100,
              1,
              false,
              "epoll",
              START_NANOS),
          ServerCommandsTest::status,
          clients,
          counters,
          memory,
          new StoppedClock(),
          OWNERS,
          null);

  private ClientInfo newClient(String address) {
    ClientInfo created =
        new ClientInfo(
            clients.nextId(),
            address,
            "127.0.0.1:6379",
            Face.SINGLE_IMAGE,
            START_NANOS,
            () -> closed.add(address));
    clients.add(created);
    return created;
  }

  private static NodeStatus status() {
    var replica =
        new NodeStatus.ReplicaStatus(
            0, 0, 16383, "LEADER", "n1", 3, 7, 7, 7, 0, 2, 1, 100, 4, 6, 8, 9, 1, 1, "", 0, 0);
    return new NodeStatus(
        "n1",
        1,
        "c0ffee",
        true,
        "",
        1000,
        1,
        1,
        List.of(
            new NodeStatus.PeerStatus("n1", "h", 1, "", -1, -1, -1, -1, true, 0, 0, 0),
            new NodeStatus.PeerStatus("n2", "h", 1, "", -1, -1, -1, -1, true, 9, 3, 4)),
        List.of(replica),
        4096,
        new NodeStatus.DiskStatus(1 << 20, 0, false, false),
        0,
        0);
  }

  /** As the shape shows it: flat text in brackets. */
  private String call(String... words) {
    return text(answer(words));
  }

  private Answer answer(String... words) {
    byte[][] argv = new byte[words.length][];
    for (int i = 0; i < words.length; i++) {
      argv[i] = words[i].getBytes(StandardCharsets.UTF_8);
    }
    String name = commands.find(argv[0]);
    assertThat(name).isNotNull();
    List<Answer> answers = new ArrayList<>();
    commands.execute(
        name == null ? "" : name, new Call(client, argv, ServerCommandsTest::noData, answers::add));
    assertThat(answers).hasSize(1);
    return answers.get(0);
  }

  private static ClientSession noData() {
    throw new AssertionError("asked for data");
  }

  private static String text(Answer answer) {
    return text(Answer.toReply(answer));
  }

  private static String text(Reply reply) {
    if (reply instanceof Reply.Bulk bulk) {
      return new String(bulk.value(), StandardCharsets.UTF_8);
    }
    if (reply instanceof Reply.Array array) {
      return array.items().stream().map(ServerCommandsTest::text).toList().toString();
    }
    if (reply instanceof Reply.Status status) {
      return "+" + status.text();
    }
    if (reply instanceof Reply.Failure failure) {
      return "-" + failure.text();
    }
    return reply instanceof Reply.Int integer ? Long.toString(integer.value()) : "nil";
  }

  @Test
  void helloAgreesOnAVersionAndANameOrChangesNothing() {
    assertThat(call("HELLO"))
        .isEqualTo(
            "[server, redis, version, 7.2.0, proto, 2, id, 1, mode, standalone, role, master,"
                + " modules, []]");
    assertThat(answer("HELLO", "3", "AUTH", "default", "x", "SETNAME", "me"))
        .isInstanceOf(Answer.Pairs.class);
    assertThat(client.resp()).isEqualTo(RespEncoder.RESP3);
    assertThat(call("CLIENT", "GETNAME")).isEqualTo("me");
    assertThat(call("HELLO", "2", "AUTH", "other", "x")).startsWith("-WRONGPASS ");
    assertThat(call("HELLO", "2", "SETNAME", "a b")).startsWith("-ERR Client names cannot contain");
    assertThat(call("HELLO", "2", "FOO")).isEqualTo("-ERR Syntax error in HELLO option 'FOO'");
    assertThat(call("HELLO", "x"))
        .isEqualTo("-ERR Protocol version is not an integer or out of range");
    assertThat(client.resp()).isEqualTo(RespEncoder.RESP3);
    assertThat(call("RESET")).isEqualTo("+RESET");
    assertThat(client.resp()).isEqualTo(RespEncoder.RESP2);
    assertThat(call("AUTH", "x")).startsWith("-ERR AUTH <password> called without any password");
  }

  @Test
  void clientsAreListedAndKilled() {
    ClientInfo other = newClient("127.0.0.1:1002");
    assertThat(call("CLIENT", "SETINFO", "LIB-NAME", "jedis")).isEqualTo("+OK");
    assertThat(call("CLIENT", "INFO"))
        .startsWith("id=1 addr=127.0.0.1:1001 laddr=127.0.0.1:6379 ")
        .contains(" lib-name=jedis ", " resp=2 ", " age=2 ", " qbuf=26 ");
    assertThat(call("CLIENT", "LIST").lines()).hasSize(2);
    assertThat(call("CLIENT", "LIST", "ID", "2").lines()).hasSize(1);
    assertThat(call("CLIENT", "LIST", "ID", "-1", "0", "9")).isEmpty();
    assertThat(call("CLIENT", "LIST", "ID", "x")).isEqualTo("-ERR Invalid client ID");
    assertThat(call("CLIENT", "KILL", "127.0.0.1:9")).isEqualTo("-ERR No such client");
    assertThat(call("CLIENT", "KILL", "TYPE", "normal")).isEqualTo("1");
    assertThat(closed).containsExactly(other.address);
    assertThat(client.hasQuit()).isFalse();
    assertThat(call("CLIENT", "KILL", "ID", "1", "SKIPME", "no")).isEqualTo("1");
    assertThat(client.hasQuit()).isTrue();
  }

  /** The answers to EXEC of these commands of the node itself: one, or none yet. */
  private List<Answer> transaction(List<List<String>> queued) {
    assertThat(call("MULTI")).isEqualTo("+OK");
    for (List<String> words : queued) {
      byte[][] argv =
          words.stream().map(word -> word.getBytes(StandardCharsets.UTF_8)).toArray(byte[][]::new);
      assertThat(text(commands.queue(client, argv, commands.find(argv[0])))).isEqualTo("+QUEUED");
    }
    List<Answer> answers = new ArrayList<>();
    byte[][] exec = {"EXEC".getBytes(StandardCharsets.UTF_8)};
    commands.execute("exec", new Call(client, exec, ServerCommandsTest::noData, answers::add));
    return answers;
  }

  private Answer answer(List<String> start, String word, int times) {
    List<String> words = new ArrayList<>(start);
    words.addAll(Collections.nCopies(times, word));
    return answer(words.toArray(String[]::new));
  }

  /** Once each word of 3 bytes was answered with a tree of its own, of 20 kB. */
  @Test
  void whatIsAskedForOftenIsHeldOnceAndRefusedWhenTooLong() {
    for (String subcommand : List.of("INFO", "DOCS")) {
      var many = answer(List.of("COMMAND", subcommand), "cluster", 1000);
      List<Answer> items =
          many instanceof Answer.Pairs pairs
              ? pairs.keysAndValues()
              : ((Answer.Items) many).items();
      Set<Answer> distinct = Collections.newSetFromMap(new IdentityHashMap<>());
      distinct.addAll(items);
      assertThat(distinct.size()).isLessThanOrEqualTo(2);
      assertThat(text(answer(List.of("COMMAND", subcommand), "cluster", 100_000)))
          .startsWith("-ERR reply exceeds the maximum size");
    }
    assertThat(call("CLIENT", "LIST", "ID", "1", "1").lines()).hasSize(2);
    assertThat(text(answer(List.of("CLIENT", "LIST", "ID"), "1", 200_000)))
        .startsWith("-ERR reply exceeds the maximum size");
  }

  /** Once only the replies of shards counted. */
  @Test
  void theNodesAnswersInATransactionHaveOneLimit() {
    List<Answer> answers =
        transaction(
            Collections.nCopies(Limits.MAX_TRANSACTION_COMMANDS, List.of("COMMAND", "DOCS")));
    assertThat(answers).hasSize(1);
    ByteBuf encoded = Unpooled.buffer();
    List<Answer> items = ((Answer.Items) answers.get(0)).items();
    int shown = 0;
    for (Answer each : items) {
      if (each instanceof Answer.Pairs) {
        RespEncoder.RESP3.encode(each, encoded);
        shown++;
      } else {
        assertThat(text(each)).startsWith("-ERR executed, but its reply is left out");
      }
    }
    assertThat(items).hasSize(Limits.MAX_TRANSACTION_COMMANDS);
    assertThat(shown).isPositive();
    assertThat(encoded.readableBytes()).isLessThan(Limits.MAX_TRANSACTION_REPLY_BYTES);
  }

  /** Once what followed overtook CONFIG SET, if all was for the node itself. */
  @Test
  void nothingIsTakenWhileATransactionAwaitsItsAnswers() {
    memory.isSlow = true;
    List<Answer> answers = transaction(List.of(List.of("CONFIG", "SET", "maxmemory", "100mb")));
    assertThat(client.isHeld()).isTrue();
    assertThat(answers).isEmpty();
    memory.whenChanged.run();
    assertThat(client.isHeld()).isFalse();
    assertThat(answers).map(ServerCommandsTest::text).containsExactly("[+OK]");
    assertThat(transaction(List.of(List.of("PING")))).hasSize(1);
    assertThat(client.isHeld()).isFalse();
  }

  @Test
  void commandDescribesBothTables() {
    int count = Integer.parseInt(call("COMMAND", "COUNT"));
    assertThat(count).isGreaterThan(Command.values().length + 20);
    Reply all = Answer.toReply(answer("COMMAND"));
    assertThat(((Reply.Array) all).items()).hasSize(count);
    assertThat(call("COMMAND", "INFO", "mset", "nosuch"))
        .isEqualTo(
            "[[mset, -3, [+write, +denyoom], 1, -1, 2, [+@write, +@string, +@slow], [],"
                + " [[flags, [+OW, +update],"
                + " begin_search, [type, index, spec, [index, 1]],"
                + " find_keys, [type, range, spec, [lastkey, -1, keystep, 2, limit, 0]]]],"
                + " []], nil]");
    assertThat(call("COMMAND", "INFO", "PING")).startsWith("[[ping, -1, [");
    assertThat(call("COMMAND", "DOCS", "get")).startsWith("[get, [summary, Returns the value");
    assertThat(call("COMMAND", "LIST", "FILTERBY", "PATTERN", "mget*")).isEqualTo("[mget]");
    assertThat(call("COMMAND", "GETKEYS", "MSET", "a", "1", "b", "2")).isEqualTo("[a, b]");
    assertThat(call("COMMAND", "GETKEYS", "MEMORY", "USAGE", "k")).isEqualTo("[k]");
    assertThat(call("COMMAND", "GETKEYSANDFLAGS", "RENAME", "a", "b"))
        .isEqualTo("[[a, [+RW, +access, +delete]], [b, [+OW, +update]]]");
    assertThat(call("COMMAND", "INFO", "cluster|slots")).startsWith("[[cluster|slots, 2, [");
    assertThat(call("COMMAND", "GETKEYS", "PING", "a"))
        .isEqualTo("-ERR The command has no key arguments");
    assertThat(call("COMMAND", "GETKEYS", "GET", "a", "b"))
        .isEqualTo("-ERR Invalid number of arguments specified for command");
    for (Command command : Command.values()) {
      if (!command.isInternal()) {
        assertThat(CommandTable.row(command.lowerName()).summary()).isNotEmpty();
      }
    }
  }

  @Test
  void infoHasTheFieldsToolsReadFor() {
    counters.commands = 9;
    String info = call("INFO");
    assertThat(info)
        .contains("\r\nredis_version:7.2.0\r\n")
        .contains("\r\nredis_mode:standalone\r\n")
        .contains("\r\nuptime_in_seconds:2\r\n")
        .contains("\r\nconnected_clients:1\r\n")
        .contains("\r\nblocked_clients:0\r\n")
        .contains("\r\ntotal_commands_processed:9\r\n")
        .contains("\r\ntotal_connections_received:")
        .contains("\r\nexpired_keys:4\r\n")
        .contains("\r\nevicted_keys:6\r\n")
        .contains("\r\nkeyspace_hits:8\r\n", "\r\nkeyspace_misses:9\r\n")
        .contains("\r\nmaxmemory:0\r\n")
        .contains("\r\nused_memory:")
        .contains("\r\nrole:master\r\n")
        .contains("\r\nconnected_slaves:0\r\n")
        .contains("\r\nmaster_repl_offset:7\r\n")
        .contains("\r\naof_enabled:1\r\n")
        .contains("\r\ncluster_enabled:0\r\n")
        .contains("\r\npeer_frames_dropped:3\r\n")
        .contains("\r\npeer_messages_dropped:4\r\n")
        .contains("\r\ndb0:keys=2,");
    assertThat(call("INFO", "keyspace")).contains("\r\ndb0:keys=2,expires=1,avg_ttl=0\r\n");
    assertThat(call("INFO", "clients", "keyspace").lines().filter(line -> line.startsWith("#")))
        .containsExactly("# Clients", "# Keyspace");
  }

  @Test
  void configTellsTheTruthAndRefusesChange() {
    assertThat(call("CONFIG", "GET", "append*"))
        .isEqualTo("[appendfsync, always, appendonly, yes]");
    assertThat(call("CONFIG", "GET", "save", "p[a-o]rt")).isEqualTo("[port, 6379, save, ]");
    assertThat(call("CONFIG", "GET", "nosuch")).isEqualTo("[]");
    assertThat(call("CONFIG", "GET", "*-read-only"))
        .isEqualTo("[replica-read-only, yes, slave-read-only, yes]");
    assertThat(call("CONFIG", "SET", "port", "1")).endsWith("can't set immutable config");
    assertThat(call("CONFIG", "SET", "maxmemory", "5", "port")).isEqualTo("-ERR syntax error");
    assertThat(call("CONFIG", "SET", "save", "", "appendfsync", "Always"))
        .as("what is so already")
        .isEqualTo("+OK");
    assertThat(call("CONFIG", "SET", "maxmemory", "5", "port", "1"))
        .isEqualTo(
            "-ERR CONFIG SET failed (possibly related to argument 'port') - can't set immutable"
                + " config");
    assertThat(call("CONFIG", "GET", "maxmemory*"))
        .isEqualTo("[maxmemory, 0, maxmemory-policy, noeviction]");
    counters.commands = 5;
    assertThat(call("CONFIG", "RESETSTAT")).isEqualTo("+OK");
    assertThat(counters.commands).isZero();
  }

  /** Once a class of MiB was gone through for each letter of each name: minutes of the loop. */
  @Test
  void patternsAreShortAndFew() {
    String longest = "*[" + "x".repeat(Glob.MAX_PATTERN_BYTES - 4) + "t]";
    assertThat(call("CONFIG", "GET", longest)).contains("port");
    assertThat(call("COMMAND", "LIST", "FILTERBY", "PATTERN", longest)).contains("get");
    String tooLong = "*[" + "x".repeat(Glob.MAX_PATTERN_BYTES - 3) + "t]";
    assertThat(call("CONFIG", "GET", tooLong, "port")).isEqualTo("[port, 6379]");
    assertThat(call("COMMAND", "LIST", "FILTERBY", "PATTERN", tooLong)).isEqualTo("[]");
    String[] words = new String[2 + ConfigCommand.MAX_PATTERNS];
    Arrays.fill(words, "port");
    words[0] = "CONFIG";
    words[1] = "GET";
    assertThat(call(words)).isEqualTo("[port, 6379]");
    String[] oneMore = Arrays.copyOf(words, words.length + 1);
    oneMore[words.length] = "port";
    assertThat(call(oneMore)).isEqualTo("-ERR CONFIG GET takes at most 64 patterns");
  }

  @Test
  void theSmallOnes() {
    assertThat(call("PING")).isEqualTo("+PONG");
    assertThat(call("ping", "x")).isEqualTo("x");
    assertThat(call("ECHO", "x")).isEqualTo("x");
    assertThat(call("SELECT", "0")).isEqualTo("+OK");
    assertThat(call("TIME")).isEqualTo("[1700000000, 123000]");
    assertThat(call("ROLE")).isEqualTo("[master, 7, []]");
    assertThat(call("CLUSTER", "KEYSLOT", "123456789")).isEqualTo("12739");
    assertThat(call("CLUSTER", "MYID"))
        .as("the SHA-1 of n1, as on the cluster face")
        .isEqualTo("40b3eab63f3f1d4fa48e09559401c5ed4efceaa6");
    assertThat(call("CLUSTER", "INFO")).contains("cluster_enabled:0", "cluster_state:ok");
    assertThat(call("CLUSTER", "NODES"))
        .isEqualTo("-ERR This instance has cluster support disabled");
    assertThat(call("MODULE", "LIST")).isEqualTo("[]");
    assertThat(call("ACL", "WHOAMI")).isEqualTo("default");
    assertThat(call("SLOWLOG", "LEN")).isEqualTo("0");
    assertThat(call("SHARDWELL", "STATUS")).startsWith("{\"nodeId\":\"n1\"");
    assertThat(call("HELP")).contains("GET ", "SHARDWELL");
    assertThat(call("WAIT", "1", "0")).as("one replica").isEqualTo("0");
    assertThat(call("WAIT", "x", "0")).startsWith("-ERR value is not an integer");
    assertThat(call("WAIT", "1", "x")).startsWith("-ERR timeout is not an integer");
    assertThat(call("WAIT", "1", "-1")).isEqualTo("-ERR timeout is negative");
    assertThat(call("WAITAOF", "1", "0", "0")).isEqualTo("[1, 0]");
    assertThat(call("WAITAOF", "2", "0", "0")).contains("value must between 0 and 1");
  }

  @Test
  void shutdownStopsTheNodeWithoutAnAnswer() {
    int[] stops = {0};
    commands.onShutdown(() -> stops[0]++);
    assertThat(call("SHUTDOWN", "ABORT")).isEqualTo("-ERR No shutdown in progress.");
    assertThat(call("SHUTDOWN", "LATER")).isEqualTo("-ERR syntax error");
    assertThat(stops[0]).isZero();
    call("SHUTDOWN", "NOSAVE");
    assertThat(stops[0]).isEqualTo(1);
    assertThat(client.hasQuit()).isTrue();
    assertThat(client.stillTakesAnswer(true)).isFalse();
  }

  @Test
  void everyContainerHasHelp() {
    for (CommandRow row : CommandTable.commands()) {
      List<CommandRow> subcommands = CommandTable.subcommands(row.name());
      if (subcommands.isEmpty() || row.name().equals("shardwell")) {
        continue;
      }
      String help = call(row.name(), "help");
      assertThat(help).as(row.name()).contains("<subcommand> [<arg> [value] [opt] ...]");
      for (CommandRow each : subcommands) {
        assertThat(help).contains("+" + each.subcommand().toUpperCase(Locale.ROOT));
      }
      assertThat(call(row.name(), "help", "x"))
          .isEqualTo("-ERR wrong number of arguments for '" + row.name() + "|help' command");
      assertThat(call("COMMAND", "INFO", row.name() + "|help")).startsWith("[[");
    }
    assertThat(call("CLIENT", "HELP"))
        .contains("+LIST [TYPE t] [ID n ...], +    Describes all connections.");
    assertThat(call("CLUSTER", "NOSUCH"))
        .isEqualTo("-ERR unknown subcommand 'NOSUCH'. Try CLUSTER HELP.");
  }

  @Test
  void statisticsCountCallsTheirTimeAndTheirErrors() {
    CommandStats stats = counters.stats();
    counters.answered(stats.of(Command.GET), null, Reply.NIL, 3_000);
    counters.answered(stats.of(Command.GET), null, Reply.ONE, 2_000);
    Reply.Failure failure = new Reply.Failure("OOM command not allowed");
    counters.answered(stats.of(Command.SET), null, failure, 0);
    stats.of(Command.SET).rejected();
    counters.answered(stats.of("client|list"), Answer.OK, null, 1_500);
    assertThat(call("INFO", "commandstats"))
        .contains(
            "\r\ncmdstat_client|list:calls=1,usec=1,usec_per_call=1.50,rejected_calls=0,failed_calls=0"
                + "\r\ncmdstat_get:calls=2,usec=5,usec_per_call=2.50,rejected_calls=0,failed_calls=0"
                + "\r\ncmdstat_set:calls=1,usec=0,usec_per_call=0.00,rejected_calls=1,failed_calls=1");
    assertThat(call("INFO", "errorstats")).contains("\r\nerrorstat_OOM:count=1\r\n");
    assertThat(call("INFO")).contains("errorstat_OOM").doesNotContain("cmdstat_");
    assertThat(call("INFO", "all")).contains("cmdstat_get");
    assertThat(call("CONFIG", "RESETSTAT")).isEqualTo("+OK");
    assertThat(call("INFO", "everything"))
        .doesNotContain("cmdstat_", "errorstat_")
        .contains("\r\nkeyspace_hits:0\r\n", "\r\nkeyspace_misses:0\r\n");
    for (int kind = 0; kind < 2 * CommandStats.MAX_ERROR_KINDS; kind++) {
      counters.stats().failure(new Reply.Failure("E" + kind + " x"));
    }
    assertThat(call("INFO", "errorstats").lines())
        .as("a heading, and not more than so many")
        .hasSize(1 + CommandStats.MAX_ERROR_KINDS);
  }

  @Test
  void memoryIsSetInRedisUnitsAndShown() {
    assertThat(call("CONFIG", "SET", "MaxMemory", "2gb", "maxmemory-policy", "allkeys-LRU"))
        .isEqualTo("+OK");
    assertThat(call("CONFIG", "GET", "maxmemory*"))
        .isEqualTo("[maxmemory, 2147483648, maxmemory-policy, allkeys-lru]");
    assertThat(call("CONFIG", "SET", "maxmemory", "1m")).isEqualTo("+OK");
    assertThat(call("INFO", "memory"))
        .contains("\r\nused_memory:100\r\n")
        .contains("\r\nmaxmemory:1000000\r\n")
        .contains("\r\nmaxmemory_policy:allkeys-lru\r\n");
    assertThat(call("INFO", "stats"))
        .contains("\r\nexpired_keys:4\r\n")
        .contains("\r\nevicted_keys:6\r\n");
    assertThat(call("CONFIG", "SET", "maxmemory", "lots"))
        .endsWith("argument must be a memory value");
    assertThat(call("CONFIG", "SET", "maxmemory", "-1"))
        .endsWith("argument must be a memory value");
    assertThat(call("CONFIG", "SET", "maxmemory", "9999999999gb"))
        .endsWith("argument must be a memory value");
    assertThat(call("CONFIG", "SET", "maxmemory", "1", "maxmemory", "2"))
        .endsWith("duplicate parameter");
    assertThat(call("CONFIG", "SET", "maxmemory-policy", "allkeys-lfu"))
        .endsWith("one of the following: noeviction, allkeys-lru, volatile-lru");
    assertThat(call("CONFIG", "GET", "maxmemory")).isEqualTo("[maxmemory, 1000000]");
  }

  /** What `meta` would do, at once or when the test says so. */
  private static final class TestMemory implements MemorySetting {
    private MemoryLimit current = MemoryLimit.NONE;
    private boolean isSlow;
    private Runnable whenChanged = () -> {};

    @Override
    public MemoryLimit current() {
      return current;
    }

    @Override
    public boolean isOutOfMemory() {
      return false;
    }

    @Override
    public void change(
        @Nullable Long bytes, @Nullable EvictionPolicy policy, Consumer<Reply> onReply) {
      current =
          new MemoryLimit(
              current.revision() + 1,
              bytes == null ? current.bytes() : bytes,
              policy == null ? current.policy() : policy);
      whenChanged = () -> onReply.accept(Reply.OK);
      if (!isSlow) {
        whenChanged.run();
      }
    }
  }

  /** Two seconds after the start, in November 2023. */
  private static final class StoppedClock implements EventLoop {
    @Override
    public long nanoTime() {
      return START_NANOS + 2_000_000_000L;
    }

    @Override
    public long wallClockMillis() {
      return 1_700_000_000_123L;
    }

    @Override
    public void execute(Runnable task) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Timer schedule(Runnable task, long delayNanos) {
      throw new UnsupportedOperationException();
    }

    @Override
    public boolean inLoop() {
      return true;
    }
  }
}
