package io.shardwell.cli.dev;

import static org.assertj.core.api.Assertions.assertThat;

import io.shardwell.cli.dev.DevPlan.DevNode;
import java.nio.file.Path;
import java.util.List;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Shows where the nodes of a local cluster listen: as promised, and never twice on one port. */
class DevPlanProperties {

  @Example
  void theDocumentedPorts() {
    List<DevNode> nodes = DevPlan.of(new ClusterShape(3, 16), 6379, Path.of("d"), null).nodes();
    assertThat(nodes)
        .containsExactly(
            new DevNode("n1", Path.of("d/n1"), 6379, 7379, 6600, 8379, 16379),
            new DevNode("n2", Path.of("d/n2"), 6380, 7380, 6601, 8380, 16380),
            new DevNode("n3", Path.of("d/n3"), 6381, 7381, 6602, 8381, 16381));
  }

  @Property(tries = 200)
  void allPortsDiffer(
      @ForAll @IntRange(min = 1, max = DevPlan.MAX_NODES) int nodes,
      @ForAll @IntRange(min = 1, max = 65_535) int wished) {
    int base = Math.min(wished, DevPlan.basePortLimit(nodes) - 1);
    List<Integer> ports =
        DevPlan.of(new ClusterShape(nodes, 16), base, Path.of("d"), null).nodes().stream()
            .flatMap(node -> node.ports().stream())
            .toList();
    assertThat(ports).doesNotHaveDuplicates().allMatch(port -> port > 0 && port < 65_536);
  }

  @Example
  void aNodeIsToldAllOthers() {
    DevPlan plan = DevPlan.of(new ClusterShape(2, 4), 7000, Path.of("d"), null);
    assertThat(String.join(" ", plan.serveCommand(plan.nodes().get(1))))
        .isEqualTo(
            "serve --id n2 --dir d/n2 --nodes n1=127.0.0.1:17000,n2=127.0.0.1:17001"
                + " --bind 127.0.0.1 --port 7001 --cluster-port 8001 --text-port 7222 --peer-port 17001"
                + " --http-port 9001 --shards 4");
  }

  @Example
  void aLimitForFreeSpaceReachesEveryNode() {
    DevPlan plan = DevPlan.of(new ClusterShape(2, 4), 7000, Path.of("d"), 1L << 30);
    for (DevNode node : plan.nodes()) {
      assertThat(plan.serveCommand(node)).containsSequence("--min-free-bytes", "1073741824");
    }
  }
}
