package io.shardwell.server.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.shardwell.raftgroup.ClientAddress;
import io.shardwell.raftgroup.EventLoop;
import io.shardwell.raftgroup.NodeStatus;
import io.shardwell.raftgroup.routing.SlotOwners;
import io.shardwell.server.protocol.Answer;
import io.shardwell.statemachine.Reply;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * Shows the shapes in which the cluster face tells of the cluster, as Redis 7 has them: three
 * nodes, four shards, seen by n1.
 */
class ClusterCommandsTest {

  private final ClientInfo client = new ClientInfo(1, "a", "b", Face.CLUSTER, 0, () -> {});
  private final Set<String> unreachable = new HashSet<>();
  private long nowNanos;
  private final SlotOwners owners =
      new SlotOwners(
          "n1",
          List.of(
              List.of("n1", "n2", "n3"),
              List.of("n2", "n3", "n1"),
              List.of("n3", "n1", "n2"),
              List.of("n1", "n3", "n2")),
          () -> nowNanos,
          node -> !unreachable.contains(node),
          ClusterCommandsTest::address);
  private final ClusterCommands commands =
      new ClusterCommands(owners, this::status, new WallClock());

  ClusterCommandsTest() {
    owners.replicaKnows(0, "n1", 3);
    owners.replicaKnows(1, "n2", 1);
    owners.replicaKnows(2, "n3", 1);
    owners.replicaKnows(3, "n1", 5);
  }

  private static ClientAddress address(String node) {
    return new ClientAddress("10.0.0." + node.charAt(1), 6379, -1, 8379, 7379);
  }

  private NodeStatus status() {
    List<NodeStatus.PeerStatus> nodes = new ArrayList<>();
    for (String id : List.of("n1", "n2", "n3")) {
      boolean reachable = !unreachable.contains(id);
      nodes.add(
          new NodeStatus.PeerStatus(
              id,
              "10.1.0.9",
              16379,
              "",
              -1,
              -1,
              -1,
              -1,
              reachable,
              id.equals("n1") ? 0 : 500,
              0,
              0));
    }
    return new NodeStatus(
        "n1",
        1,
        "c0ffee",
        true,
        "",
        1,
        2,
        4,
        nodes,
        List.of(),
        0,
        new NodeStatus.DiskStatus(-1, 0, false, false),
        0,
        0);
  }

  private Answer ask(String... words) {
    byte[][] argv = new byte[words.length + 1][];
    argv[0] = "CLUSTER".getBytes(StandardCharsets.US_ASCII);
    for (int i = 0; i < words.length; i++) {
      argv[i + 1] = words[i].getBytes(StandardCharsets.UTF_8);
    }
    List<Answer> answers = new ArrayList<>();
    commands.answer(
        new Call(
            client,
            argv,
            () -> {
              throw new AssertionError("asked for data");
            },
            answers::add));
    assertThat(answers).hasSize(1);
    return answers.get(0);
  }

  private String text(String... words) {
    return text(Answer.toReply(ask(words)));
  }

  private static String text(Reply reply) {
    if (reply instanceof Reply.Bulk bulk) {
      return new String(bulk.value(), StandardCharsets.UTF_8);
    }
    if (reply instanceof Reply.Array array) {
      return array.items().stream().map(ClusterCommandsTest::text).toList().toString();
    }
    if (reply instanceof Reply.Failure failure) {
      return "-" + failure.text();
    }
    return reply instanceof Reply.Int integer ? Long.toString(integer.value()) : reply.toString();
  }

  @Test
  void nodesAreMastersOfWhatTheyLead() {
    List<String> lines = text("NODES").lines().toList();
    assertThat(lines).hasSize(3);
    assertThat(lines.get(0))
        .matches(
            "[0-9a-f]{40} 10\\.0\\.0\\.1:7379@16379 myself,master - 0 0 5 connected 0-4095"
                + " 12288-16383");
    assertThat(lines.get(1)).endsWith(" 10.0.0.2:7379@16379 master - 0 0 1 connected 4096-8191");
    assertThat(text("MYID")).isEqualTo(lines.get(0).substring(0, 40)).hasSize(40);
    assertThat(lines.stream().map(line -> line.substring(0, 40)).distinct()).hasSize(3);
  }

  @Test
  void aLostLeaderKeepsItsSlotsUntilAnotherIsKnown() {
    unreachable.add("n2");
    owners.replicaKnows(1, null, 2);
    assertThat(text("NODES")).contains("master,fail? - 0 0 1 disconnected 4096-8191");
    nowNanos += 1_000_000_000L;
    assertThat(text("INFO"))
        .contains("cluster_state:ok\r\n", "cluster_slots_pfail:4096\r\n", "cluster_size:3\r\n");
    nowNanos += 600_000_000L;
    assertThat(text("INFO"))
        .contains("cluster_state:fail\r\n", "cluster_slots_fail:4096\r\n")
        .contains("cluster_slots_ok:12288\r\n", "cluster_slots_assigned:16384\r\n");
    owners.replicaKnows(1, "n3", 7);
    assertThat(text("NODES"))
        .contains("master,fail - 0 0 0 disconnected\n")
        .contains(" master - 0 0 7 connected 4096-12287\n");
    assertThat(text("INFO"))
        .contains("cluster_state:ok\r\n", "cluster_size:2\r\n", "cluster_known_nodes:3\r\n")
        .contains("cluster_current_epoch:7\r\n", "cluster_my_epoch:5\r\n");
  }

  /** Some clients give a node the role it was named in last: an owner is named as nothing else. */
  @Test
  void slotsAndShardsNameOwnersOnly() {
    String id1 = text("MYID");
    assertThat(text("SLOTS"))
        .startsWith("[[0, 4095, [10.0.0.1, 7379, " + id1 + ", []]], [4096, 8191, [10.0.0.2, ");
    List<Reply> slots = ((Reply.Array) Answer.toReply(ask("SLOTS"))).items();
    assertThat(slots).hasSize(4).allMatch(slot -> ((Reply.Array) slot).items().size() == 3);
    assertThat(text("SHARDS")).contains("role, master").doesNotContain("role, replica");
    client.readOnly = true;
    assertThat(text("SHARDS")).contains("role, replica");
    client.readOnly = false;
    assertThat(text("SHARDS")).doesNotContain("role, replica");
  }

  @Test
  void aNodesMetadataInSlotsIsAMap() {
    Answer range = Answer.itemsOf(ask("SLOTS")).get(0);
    Answer node = Answer.itemsOf(range).get(2);
    assertThat(Answer.itemsOf(node).get(3)).isEqualTo(Answer.pairs());
  }

  @Test
  void slotsAndShardsHaveTheLeaderFirstAfterReadonly() {
    client.readOnly = true;
    String id1 = text("MYID");
    List<Reply> slots = ((Reply.Array) Answer.toReply(ask("SLOTS"))).items();
    assertThat(slots).hasSize(4);
    assertThat(text(slots.get(0)))
        .startsWith("[0, 4095, [10.0.0.1, 7379, " + id1 + ", []], [10.0.0.2, 7379, ");
    assertThat(text(slots.get(2))).startsWith("[8192, 12287, [10.0.0.3, 7379, ");
    List<Reply> shards = ((Reply.Array) Answer.toReply(ask("SHARDS"))).items();
    assertThat(shards).hasSize(4);
    assertThat(text(shards.get(3)))
        .startsWith(
            "[slots, [12288, 16383], nodes, [[id, "
                + id1
                + ", port, 7379, ip, 10.0.0.1, endpoint, 10.0.0.1, role, master,"
                + " replication-offset, 0, health, online], [id, ")
        .contains("10.0.0.3, role, replica,");
  }

  @Test
  void theRestIsAnsweredOrRefusedInRedissWords() {
    assertThat(text("KEYSLOT", "{user}1")).isEqualTo("5474");
    assertThat(text("KEYSLOT"))
        .isEqualTo("-ERR wrong number of arguments for 'cluster|keyslot' command");
    assertThat(text("COUNTKEYSINSLOT", "x")).startsWith("-ERR value is not an integer");
    assertThat(text("COUNTKEYSINSLOT", "16384")).isEqualTo("-ERR Invalid slot");
    assertThat(text("COUNTKEYSINSLOT", "5000")).as("of another node").isEqualTo("0");
    assertThat(text("GETKEYSINSLOT", "1", "-1")).isEqualTo("-ERR Invalid slot or number of keys");
    assertThat(text("GETKEYSINSLOT", "5000", "9")).isEqualTo("[]");
    assertThat(text("REPLICAS", text("MYID"))).isEqualTo("[]");
    assertThat(text("REPLICAS", "abc")).isEqualTo("-ERR Unknown node abc");
    assertThat(text("MEET", "10.0.0.9", "7379")).startsWith("-ERR slots and leaders move by");
    assertThat(text("BOGUS")).startsWith("-ERR unknown subcommand 'BOGUS'. Try CLUSTER HELP.");
    List<Reply> links = ((Reply.Array) Answer.toReply(ask("LINKS"))).items();
    assertThat(links).hasSize(4);
    assertThat(text(links.get(0)))
        .startsWith("[direction, to, node, ")
        .contains("create-time, 9500");
  }

  /** Only its wall clock is asked. */
  private static final class WallClock implements EventLoop {
    @Override
    public void execute(Runnable task) {
      throw new AssertionError();
    }

    @Override
    public Timer schedule(Runnable task, long delayNanos) {
      throw new AssertionError();
    }

    @Override
    public long nanoTime() {
      return 0;
    }

    @Override
    public long wallClockMillis() {
      return 10_000;
    }

    @Override
    public boolean inLoop() {
      return true;
    }
  }
}
