package io.shardwell.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.shardwell.server.Node;
import io.shardwell.server.NodeConfig;
import io.shardwell.server.NodeStartException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Shows what users type and what they see, by whole commands against a real node in memory. */
class KeyCommandsTest {

  private static Node node;

  private final CommandLineHarness shell = new CommandLineHarness();

  @BeforeAll
  static void startNode() throws NodeStartException {
    node = Node.start(NodeConfig.builder("n1").port(0).peerPort(0).shards(4).build());
    assertThat(node.awaitReady(Duration.ofSeconds(30))).isTrue();
  }

  @AfterAll
  static void stopNode() {
    node.close();
  }

  @BeforeEach
  void empty() {
    run("exec", "FLUSHALL");
  }

  /** Runs a command on the node; returns its exit code. */
  private int run(String... arguments) {
    List<String> all = new ArrayList<>(List.of(arguments));
    int end = all.indexOf("--");
    all.addAll(end < 0 ? all.size() : end, List.of("--port", Integer.toString(node.port())));
    return shell.run(all.toArray(String[]::new));
  }

  @Test
  void valuesGoInAndComeOutBare() {
    assertThat(run("set", "greeting", "hällo wörld")).isZero();
    assertThat(shell.out()).isEqualTo("OK\n");
    assertThat(run("get", "greeting")).isZero();
    assertThat(shell.out()).isEqualTo("hällo wörld\n");
    assertThat(run("get", "nobody")).isZero();
    assertThat(shell.out()).isEqualTo("\n");
    assertThat(run("del", "greeting", "nobody")).isZero();
    assertThat(shell.out()).isEqualTo("1\n");
  }

  @Test
  void onATerminalTypesShow() {
    shell.onTerminal();
    run("set", "greeting", "hello");
    assertThat(run("get", "greeting")).isZero();
    assertThat(shell.out()).isEqualTo("\"hello\"\n");
    run("get", "nobody");
    assertThat(shell.out()).isEqualTo("(nil)\n");
    run("incr", "counter");
    assertThat(shell.out()).isEqualTo("(integer) 1\n");
    run("get", "greeting", "--raw");
    assertThat(shell.out()).isEqualTo("hello\n");
    run("get", "greeting", "--no-raw");
    assertThat(shell.out()).isEqualTo("\"hello\"\n");
  }

  @Test
  void optionsOfTheCommandsReachTheNode() {
    assertThat(run("set", "k", "v", "EX", "100")).isZero();
    run("ttl", "k");
    assertThat(shell.out()).isIn("99\n", "100\n");
    run("set", "k", "w", "NX");
    assertThat(shell.out()).isEqualTo("\n");
    assertThat(run("expire", "k", "1000", "LT")).isZero();
    assertThat(shell.out()).isEqualTo("0\n");
    assertThat(run("expire", "k", "50")).isZero();
    assertThat(shell.out()).isEqualTo("1\n");
    assertThat(run("exec", "MSET", "a", "1", "b", "2")).isZero();
    assertThat(run("exec", "MGET", "a", "b")).isZero();
    assertThat(shell.out()).isEqualTo("1\n2\n");
    assertThat(run("ping")).isZero();
    assertThat(shell.out()).isEqualTo("PONG\n");
    assertThat(run("ping", "hi")).isZero();
    assertThat(shell.out()).isEqualTo("hi\n");
  }

  @Test
  void valuesMayLookLikeOptions() {
    assertThat(run("set", "k", "-5")).isZero();
    run("incr", "k");
    assertThat(shell.out()).isEqualTo("-4\n");
    assertThat(run("set", "k", "@file")).isZero();
    run("get", "k");
    assertThat(shell.out()).isEqualTo("@file\n");
    assertThat(run("set", "--", "k", "--port")).isZero();
    run("get", "k");
    assertThat(shell.out()).isEqualTo("--port\n");
    assertThat(run("set", "", "")).isZero();
    assertThat(run("exec", "EXISTS", "")).isZero();
    assertThat(shell.out()).isEqualTo("1\n");
  }

  @Test
  void anErrorReplyIsAFailureAndNoValue() {
    run("set", "k", "text");
    assertThat(run("incr", "k")).isEqualTo(1);
    assertThat(shell.out()).isEmpty();
    assertThat(shell.err()).isEqualTo("ERR value is not an integer or out of range\n");
    assertThat(run("exec", "NOSUCH")).isEqualTo(1);
    assertThat(shell.err()).startsWith("ERR unknown command");
  }

  @Test
  void theStatusOfARealNodeIsUnderstood() {
    assertThat(run("cluster", "status")).as(shell.err()).isZero();
    assertThat(shell.out()).contains("n1").contains("0-4095").contains("12288-16383");
    assertThat(run("cluster", "status", "--format", "json")).isZero();
    assertThat(shell.out()).contains("\"serving\" : true").contains("\"shard\" : \"meta\"");
  }
}
