package io.shardwell.cli.dev;

import io.shardwell.cli.dev.DevPlan.DevNode;
import io.shardwell.cli.status.ClusterQuery;
import io.shardwell.cli.status.ClusterView;
import io.shardwell.cli.status.NodeReport;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** Finds out whether a cluster serves: every node ready, every shard with a leader. */
final class ReadyCheck {

  private final ClusterQuery query = new ClusterQuery(Duration.ofSeconds(1));

  /** What is missing yet, for people; empty when the cluster serves. */
  String missing(List<DevNode> alive) {
    ClusterView view = null;
    for (DevNode node : alive) {
      try {
        NodeReport report = query.ask(DevPlan.HOST, node.port());
        if (!report.ready()) {
          return node.id() + " is not ready: " + report.notReadyReason();
        }
        if (view == null) {
          view = query.askAll(DevPlan.HOST, node.port());
        }
      } catch (IOException failure) {
        return node.id() + " does not answer: " + failure.getMessage();
      }
    }
    if (view == null) {
      return "no node is alive";
    }
    return view.serving() ? "" : String.join("; ", view.problems());
  }
}
