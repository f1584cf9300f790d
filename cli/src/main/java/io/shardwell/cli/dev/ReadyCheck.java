package io.shardwell.cli.dev;

import io.shardwell.cli.dev.DevPlan.DevNode;
import io.shardwell.cli.status.ClusterQuery;
import io.shardwell.cli.status.ClusterView;
import io.shardwell.cli.status.NodeReport;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** Finds out whether a cluster serves: every living node ready, every shard with a leader. */
final class ReadyCheck {

  sealed interface Result {
    /** Not yet. */
    record Waiting(String why) implements Result {}

    /** It serves, and this is what it says it is. */
    record Serving(ClusterShape shape) implements Result {}
  }

  private final ClusterQuery query = new ClusterQuery(Duration.ofSeconds(1));

  Result check(List<DevNode> alive) {
    NodeReport last = null;
    for (DevNode node : alive) {
      try {
        last = query.ask(DevPlan.HOST, node.port());
      } catch (IOException failure) {
        return new Result.Waiting(node.id() + " does not answer: " + failure.getMessage());
      }
      if (!last.ready()) {
        return new Result.Waiting(node.id() + " is not ready: " + last.notReadyReason());
      }
    }
    return last == null ? new Result.Waiting("no node is alive") : checkLeaders(alive, last);
  }

  private Result checkLeaders(List<DevNode> alive, NodeReport report) {
    try {
      ClusterView view = query.askAll(DevPlan.HOST, alive.get(0).port());
      return view.serving()
          ? new Result.Serving(new ClusterShape(report.nodes().size(), report.shards()))
          : new Result.Waiting(String.join("; ", view.problems()));
    } catch (IOException failure) {
      return new Result.Waiting(alive.get(0).id() + " does not answer: " + failure.getMessage());
    }
  }
}
