package io.shardwell.cli.status;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.shardwell.raftgroup.NodeStatus;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * Shows how the answers of nodes become one picture, by statuses written by the nodes' own code: so
 * this also holds both ends to the same field names.
 */
class ClusterViewTest {

  private static final int SHARDS = 2;

  /** What a test says about one replica; the rest is the same everywhere. */
  private record Told(String role, int term, long commit, long applied, long digest) {
    Told(String role, int term, long index) {
      this(role, term, index, index, index);
    }
  }

  private static NodeReport node(String id, Told... shards) throws IOException {
    List<NodeStatus.PeerStatus> peers = new ArrayList<>();
    for (int i = 1; i <= 3; i++) {
      peers.add(
          new NodeStatus.PeerStatus(
              "n" + i, "10.0.0." + i, 16379, "db" + i, 6379, -1, 8379, 7379, true, 1, 0, 0));
    }
    List<NodeStatus.ReplicaStatus> replicas = new ArrayList<>();
    for (int i = 0; i < shards.length; i++) {
      Told told = shards[i];
      replicas.add(
          new NodeStatus.ReplicaStatus(
              i - 1,
              i == 0 ? -1 : (i - 1) * 8192,
              i == 0 ? -1 : i * 8192 - 1,
              told.role,
              "",
              told.term,
              told.commit,
              told.applied,
              told.applied,
              0,
              7,
              0,
              3000,
              0,
              0,
              0,
              0,
              0,
              told.digest,
              "",
              0,
              0));
    }
    NodeStatus status =
        new NodeStatus(
            id,
            -1,
            "c0ffee",
            true,
            "",
            65_000,
            1,
            SHARDS,
            peers,
            replicas,
            64L << 20,
            new NodeStatus.DiskStatus(3L << 30, 256L << 20, false, false),
            0,
            0);
    return NodeReport.parse(status.toJson().getBytes(UTF_8));
  }

  private static ClusterView view(Map<String, String> silent, NodeReport... reports) {
    Map<String, NodeReport> byId = new LinkedHashMap<>();
    for (NodeReport report : reports) {
      byId.put(report.nodeId(), report);
    }
    return ClusterView.of(reports[0], byId, silent);
  }

  private static Told leader(int term, long index) {
    return new Told("leader", term, index);
  }

  private static Told follower(int term, long index) {
    return new Told("follower", term, index);
  }

  private static ClusterView healthy() throws IOException {
    return view(
        Map.of(),
        node("n1", leader(1, 3), follower(2, 90), follower(1, 5)),
        node("n2", follower(1, 3), leader(2, 100), follower(1, 5)),
        node("n3", follower(1, 3), follower(2, 100), leader(1, 5)));
  }

  @Test
  void aHealthyClusterHasLeadersAndNoProblems() throws IOException {
    ClusterView view = healthy();
    assertThat(view.serving()).isTrue();
    assertThat(view.problems()).isEmpty();
    assertThat(view.shards())
        .extracting(ClusterView.Shard::leaderId)
        .containsExactly("n1", "n2", "n3");
    assertThat(view.nodes()).extracting(ClusterView.Node::leads).containsExactly(0, 1, 1);
  }

  @Test
  void theTableShowsWhoIsBehind() throws IOException {
    assertThat(StatusTable.render(healthy()))
        .isEqualTo(
            """
            Cluster c0ffee

            NODE  CLIENTS   PEERS           STATE  UPTIME  LEADS       LOG     FREE
            n1    db1:6379  10.0.0.1:16379  ready   1m 5s      0  64.0 MiB  3.0 GiB
            n2    db2:6379  10.0.0.2:16379  ready   1m 5s      1  64.0 MiB  3.0 GiB
            n3    db3:6379  10.0.0.3:16379  ready   1m 5s      1  64.0 MiB  3.0 GiB

            SHARD  SLOTS       LEADER  TERM  COMMIT  APPLIED  LAG    KEYS    BYTES
            meta   -           n1         1       3        3  0         7  2.9 KiB
            0      0-8191      n2         2     100      100  n1:10     7  2.9 KiB
            1      8192-16383  n3         1       5        5  0         7  2.9 KiB
            """);
  }

  @Test
  void aSilentNodeIsNamedAndTheRestServes() throws IOException {
    ClusterView view =
        view(
            Map.of("n3", "Connection refused"),
            node("n1", leader(1, 3), leader(2, 9), follower(2, 5)),
            node("n2", follower(1, 3), follower(2, 9), leader(2, 5)));
    assertThat(view.serving()).isTrue();
    assertThat(view.problems()).containsExactly("node n3 does not answer: Connection refused");
    assertThat(StatusTable.render(view))
        .contains("no answer")
        .contains("! node n3 does not answer");
  }

  @Test
  void aShardWithoutALeaderIsAFailure() throws IOException {
    ClusterView view =
        view(
            Map.of("n2", "timed out"),
            node("n1", leader(1, 3), follower(2, 9), new Told("follower", 3, 5)),
            node("n3", follower(1, 3), leader(2, 9), follower(2, 5)));
    assertThat(view.serving()).isFalse();
    assertThat(view.problems()).contains("1 of 3 groups without a leader: 1");
  }

  @Test
  void aShardNobodyTellsOfIsThereAllTheSame() throws IOException {
    ClusterView view = view(Map.of("n2", "x", "n3", "y"), node("n1", leader(1, 3)));
    assertThat(view.shards()).hasSize(1 + SHARDS);
    assertThat(view.problems()).contains("2 of 3 groups without a leader: 0, 1");
  }

  @Test
  void ofTwoLeadersTheOneInTheHigherTermCounts() throws IOException {
    ClusterView view =
        view(
            Map.of(),
            node("n1", leader(1, 3), leader(2, 9), leader(1, 5)),
            node("n2", leader(4, 3), leader(1, 9), follower(1, 5)));
    assertThat(view.shards())
        .extracting(ClusterView.Shard::leaderId)
        .containsExactly("n2", "n1", "n1");
    assertThat(view.shards().get(0).term()).isEqualTo(4);
  }

  /** Cut off, or about to hear of it: whoever leads now, or will, is not among the answers. */
  @Test
  void aLeaderOfAnEarlierTermThanAnyKnownOneCountsForNone() throws IOException {
    ClusterView view =
        view(
            Map.of("n3", "timed out"),
            node("n1", leader(1, 3), leader(2, 9), follower(3, 5)),
            node("n2", follower(1, 3), follower(3, 9), leader(3, 5)));
    assertThat(view.shards())
        .extracting(ClusterView.Shard::leaderId)
        .containsExactly("n1", "", "n2");
    assertThat(view.serving()).isFalse();
    assertThat(view.problems()).contains("1 of 3 groups without a leader: 0");
  }

  @Test
  void replicasThatDifferAtTheSameIndexAreAFailure() throws IOException {
    ClusterView view =
        view(
            Map.of(),
            node("n1", leader(1, 3), leader(1, 9), new Told("leader", 1, 5, 5, 0xa)),
            node("n2", follower(1, 3), follower(1, 9), new Told("follower", 1, 5, 5, 0xb)),
            node("n3", follower(1, 3), follower(1, 9), new Told("follower", 1, 5, 4, 0xc)));
    assertThat(view.serving()).isFalse();
    assertThat(view.problems()).containsExactly("group 1 differs between n1 and n2: report this");
  }

  @Test
  void theJsonIsOneObjectWithTheSameFacts() throws IOException {
    JsonTree json = JsonTree.parse(StatusJson.render(healthy()).getBytes(UTF_8));
    assertThat(json.yes("serving")).isTrue();
    assertThat(json.objects("nodes")).hasSize(3);
    JsonTree shard = json.objects("shards").get(1);
    assertThat(shard.text("leader")).isEqualTo("n2");
    assertThat(shard.number("commitIndex")).isEqualTo(100);
    assertThat(shard.objects("replicas").get(0).number("lag")).isEqualTo(10);
  }

  @Test
  void aStatusOfAnotherKindIsAnErrorThatNamesTheField() {
    assertThatThrownBy(() -> NodeReport.parse("[]".getBytes(UTF_8)))
        .isInstanceOf(IOException.class);
    assertThatThrownBy(() -> NodeReport.parse("{\"nodes\":[]}".getBytes(UTF_8)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("\"replicas\"");
    assertThatThrownBy(() -> NodeReport.parse("{\"nodes\":".getBytes(UTF_8)))
        .isInstanceOf(IOException.class);
  }
}
