package io.shardwell.jepsen.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Shows that docs/compatibility.md says the truth about both sides: each line's example is sent to
 * redis-server and to a node, and each must answer as the line says. And, command by command, that
 * what clients ask about connections and commands is answered alike.
 */
class RedisDifferencesTest {
  private static final BesideRedis SERVERS = new BesideRedis(1, 4);

  @AfterAll
  static void stop() throws Exception {
    SERVERS.close();
  }

  private static SideBySide both(int protocol) throws Exception {
    return new SideBySide(SERVERS.redisPort(), SERVERS.port(0), protocol, KnownDifferences.read());
  }

  static List<KnownDifferences.Difference> differences() {
    return KnownDifferences.read().all();
  }

  @ParameterizedTest
  @MethodSource("differences")
  void eachKnownDifferenceIsOne(KnownDifferences.Difference difference) throws Exception {
    try (SideBySide both = both(2)) {
      List<Request> example = difference.example();
      for (Request before : example.subList(0, example.size() - 1)) {
        SideBySide.Answers answers = both.ask(before);
        assertThat(answers.shardwell()).isEqualTo(answers.redis());
      }
      Request last = example.get(example.size() - 1);
      SideBySide.Answers answers = both.ask(last);
      String told = SideBySide.described(last, answers);
      assertThat(difference.explains(last, answers.redis(), answers.shardwell())).as(told).isTrue();
      assertThat(answers.shardwell()).isNotEqualTo(answers.redis());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "PING a b",
        "ECHO",
        "ECHO a b",
        "SELECT",
        "AUTH",
        "AUTH x",
        "AUTH default x",
        "AUTH nobody x",
        "AUTH a b c",
        "HELLO 1",
        "HELLO 4",
        "HELLO x",
        "HELLO 3 FOO",
        "HELLO 3 AUTH",
        "HELLO 3 AUTH nobody x",
        "HELLO 3 SETNAME",
        "HELLO 3 SETNAME a\nb",
        "RESET",
        "RESET x",
        "CLIENT",
        "CLIENT FOO",
        "CLIENT GETNAME",
        "CLIENT GETNAME x",
        "CLIENT SETNAME",
        "CLIENT SETNAME me",
        "CLIENT SETNAME a\nb",
        "CLIENT SETNAME \u00e9",
        "CLIENT ID x",
        "CLIENT INFO x",
        "CLIENT NO-EVICT ON",
        "CLIENT NO-EVICT off",
        "CLIENT NO-EVICT x",
        "CLIENT NO-EVICT",
        "CLIENT REPLY ON",
        "CLIENT REPLY x",
        "CLIENT REPLY",
        "CLIENT KILL",
        "CLIENT KILL 1.2.3.4:5",
        "CLIENT KILL ID 999999",
        "CLIENT KILL ID x",
        "CLIENT KILL ID 0",
        "CLIENT KILL ID",
        "CLIENT KILL FOO x",
        "CLIENT KILL TYPE foo",
        "CLIENT KILL TYPE pubsub",
        "CLIENT KILL USER nobody",
        "CLIENT KILL SKIPME x",
        "CLIENT LIST TYPE foo",
        "CLIENT LIST TYPE pubsub",
        "CLIENT LIST ID x",
        "CLIENT LIST ID 999999",
        "CLIENT LIST ID 0",
        "CLIENT LIST ID -1",
        "CLIENT LIST ID 0 x",
        "CLIENT LIST FOO",
        "CLIENT GETREDIR",
        "CLIENT UNPAUSE",
        "COMMAND FOO",
        "COMMAND COUNT x",
        "COMMAND INFO nosuch",
        "COMMAND DOCS nosuch",
        "COMMAND LIST x",
        "COMMAND LIST FILTERBY",
        "COMMAND LIST FILTERBY foo bar",
        "COMMAND LIST FILTERBY PATTERN getr*",
        "COMMAND LIST FILTERBY MODULE nosuch",
        "COMMAND LIST FILTERBY ACLCAT nosuch",
        "COMMAND GETKEYS",
        "COMMAND GETKEYS GET",
        "COMMAND GETKEYS GET a",
        "COMMAND GETKEYS GET a b",
        "COMMAND GETKEYS nosuch a",
        "COMMAND GETKEYS PING a",
        "COMMAND GETKEYS DBSIZE x",
        "COMMAND GETKEYS MSET a 1 b 2",
        "COMMAND GETKEYS MSET a 1 b",
        "COMMAND GETKEYS MGET a b a",
        "COMMAND GETKEYS RENAME a b",
        "COMMAND GETKEYS SET a 1 EX 10",
        "COMMAND GETKEYS OBJECT ENCODING a",
        "COMMAND GETKEYS MEMORY USAGE a",
        "OBJECT",
        "OBJECT FOO",
        "OBJECT ENCODING",
        "OBJECT ENCODING none",
        "OBJECT FREQ none",
        "OBJECT FREQ here",
        "OBJECT IDLETIME none",
        "OBJECT IDLETIME",
        "OBJECT REFCOUNT none",
        "OBJECT REFCOUNT here",
        "MEMORY",
        "MEMORY FOO",
        "MEMORY USAGE",
        "MEMORY USAGE none",
        "MEMORY USAGE none SAMPLES",
        "MEMORY USAGE none SAMPLES x",
        "MEMORY USAGE none SAMPLES -1",
        "CONFIG",
        "CONFIG FOO",
        "CONFIG GET",
        "CONFIG GET nosuch",
        "CONFIG GET *-read-only",
        "CONFIG SET",
        "CONFIG SET nosuch 1",
        "CONFIG SET nosuch",
        "CONFIG SET maxmemory 0 nosuch",
        "CONFIG RESETSTAT",
        "CONFIG RESETSTAT x",
        "INFO nosuch",
        "SLOWLOG",
        "SLOWLOG FOO",
        "SLOWLOG GET x",
        "SLOWLOG GET -2",
        "SLOWLOG RESET",
        "LATENCY FOO",
        "LATENCY LATEST",
        "LATENCY HISTORY x",
        "LATENCY HISTORY",
        "LATENCY RESET",
        "MODULE LIST",
        "MODULE FOO",
        "ACL WHOAMI",
        "ACL USERS",
        "ACL FOO",
        "CLUSTER",
        "CLUSTER SLOTS",
        "CLUSTER KEYSLOT",
        "EXEC x",
        "DISCARD x",
        "MULTI x",
        "WATCH",
        "READONLY",
        "READWRITE",
        "ASKING",
        "READONLY x",
        "TIME x",
        "ROLE x",
        "DBSIZE x",
        "GETBIT here 134217728",
        "GETBIT here 4294967295",
        "GETBIT here 4294967296",
      })
  void alike(String line) throws Exception {
    Request request = new Request(List.of(line.split(" ")));
    for (int protocol = 2; protocol <= 3; protocol++) {
      try (SideBySide both = both(protocol)) {
        both.ask(Request.of("SET", "here", "v"));
        SideBySide.Answers answers = both.ask(request);
        boolean alike =
            answers.redis().sorted().equals(answers.shardwell().sorted())
                || KnownDifferences.read()
                    .explaining(request, answers.redis(), answers.shardwell())
                    .isPresent();
        assertThat(alike).as(SideBySide.described(request, answers)).isTrue();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"POST / HTTP/1.1", "post", "Host: x", "hOST:"})
  void aLineOfHttpEndsTheConnection(String line) throws Exception {
    for (int port : List.of(SERVERS.redisPort(), SERVERS.port(0))) {
      try (WireConnection connection = new WireConnection(port)) {
        connection.send(List.of(line.split(" ")));
        assertThatThrownBy(connection::read).hasMessage("closed without an answer");
      }
    }
  }

  /** Refused whatever comes with them, so their rows say less than Redis's. */
  private static final Set<String> REFUSED =
      Set.of(
          "shutdown",
          "replicaof",
          "slaveof",
          "sync",
          "psync",
          "replconf",
          "failover",
          "save",
          "bgsave",
          "bgrewriteaof",
          "migrate",
          "restore");

  @Test
  void rowsOfTheCommandTableAreThoseOfRedis() throws Exception {
    int compared = 0;
    try (SideBySide both = both(2)) {
      SideBySide.Answers all = both.ask(Request.of("COMMAND", "LIST"));
      for (WireReply name : all.shardwell().items()) {
        String command = String.valueOf(name.text());
        SideBySide.Answers rows = both.ask(Request.of("COMMAND", "INFO", command));
        WireReply theirs = rows.redis().items().get(0);
        WireReply ours = rows.shardwell().items().get(0);
        if (!theirs.items().isEmpty() && !REFUSED.contains(command)) {
          // Name, arity, flags, keys, ACL categories; tips and subcommands depend on what we have.
          for (int field : new int[] {0, 1, 2, 3, 4, 5, 6}) {
            assertThat(ours.items().get(field).sorted())
                .as("field %d of %s", field, command)
                .isEqualTo(theirs.items().get(field).sorted());
          }
          assertThat(withoutNotes(ours.items().get(8)))
              .as("key specifications of %s", command)
              .isEqualTo(withoutNotes(theirs.items().get(8)));
          compared++;
        }
      }
    }
    assertThat(compared).isGreaterThan(60);
  }

  /** In RESP3 most parts of a row are sets, and subcommands are a list, unless there are none. */
  @ParameterizedTest
  @ValueSource(strings = {"get", "mset", "ping", "config", "config|get"})
  void partsOfARowAreOfRedisTypes(String command) throws Exception {
    try (SideBySide both = both(3)) {
      SideBySide.Answers rows = both.ask(Request.of("COMMAND", "INFO", command));
      assertThat(types(rows.shardwell())).isEqualTo(types(rows.redis()));
    }
  }

  private static List<Character> types(WireReply rows) {
    return rows.items().get(0).items().stream().map(WireReply::type).toList();
  }

  /** Redis explains some of its key specifications in a sentence. */
  private static List<String> withoutNotes(WireReply specs) {
    List<String> all = new ArrayList<>();
    for (WireReply spec : specs.items()) {
      List<WireReply> fields = spec.items();
      boolean noted = "notes".equals(fields.get(0).text());
      fields.subList(noted ? 2 : 0, fields.size()).forEach(field -> all.add(field.toString()));
    }
    return all;
  }
}
