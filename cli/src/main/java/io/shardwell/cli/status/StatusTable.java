package io.shardwell.cli.status;

import io.shardwell.cli.Table;
import io.shardwell.cli.status.NodeReport.Replica;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A cluster's status for people. */
final class StatusTable {

  private StatusTable() {}

  static String render(ClusterView view) {
    StringBuilder out = new StringBuilder();
    out.append("Cluster ")
        .append(view.clusterId().isEmpty() ? "(not formed yet)" : view.clusterId())
        .append("\n\n")
        .append(nodes(view))
        .append('\n')
        .append(shards(view));
    if (!view.problems().isEmpty()) {
      out.append('\n');
      view.problems().forEach(problem -> out.append("! ").append(problem).append('\n'));
    }
    return out.toString();
  }

  private static String nodes(ClusterView view) {
    Table table =
        new Table("NODE", "CLIENTS", "PEERS", "STATE", ">UPTIME", ">LEADS", ">LOG", ">FREE");
    for (ClusterView.Node node : view.nodes()) {
      NodeReport.Peer address = node.address();
      NodeReport report = node.report();
      String clients =
          address.clientHost().isEmpty() ? "?" : address.clientHost() + ":" + address.respPort();
      String peers = address.host() + ":" + address.peerPort();
      if (report == null) {
        table.row(address.id(), clients, peers, "no answer", "-", "-", "-", "-");
      } else {
        table.row(
            address.id(),
            clients,
            peers,
            report.ready() ? "ready" : "not ready",
            Figures.duration(report.uptimeMillis()),
            node.leads(),
            Figures.bytes(report.logBytes()),
            report.freeBytes() < 0 ? "-" : Figures.bytes(report.freeBytes()));
      }
    }
    return table.render();
  }

  private static String shards(ClusterView view) {
    Table table =
        new Table(
            "SHARD", "SLOTS", "LEADER", ">TERM", ">COMMIT", ">APPLIED", "LAG", ">KEYS", ">BYTES");
    for (ClusterView.Shard shard : view.shards()) {
      Replica leader = shard.leader();
      table.row(
          shard.name(),
          shard.number() == NodeReport.META || shard.firstSlot() < 0
              ? "-"
              : shard.firstSlot() + "-" + shard.lastSlot(),
          leader == null ? "none" : shard.leaderId(),
          shard.term(),
          shard.commitIndex(),
          leader == null ? "-" : leader.appliedIndex(),
          lag(shard),
          leader == null ? "-" : leader.keys(),
          leader == null ? "-" : Figures.bytes(leader.logicalBytes()));
    }
    return table.render();
  }

  /** Of those behind only: on a healthy cluster the column is all zeros. */
  private static String lag(ClusterView.Shard shard) {
    List<String> behind = new ArrayList<>();
    for (Map.Entry<String, Replica> replica : shard.replicas().entrySet()) {
      long lag = shard.lag(replica.getValue());
      if (lag > 0) {
        behind.add(replica.getKey() + ":" + lag);
      }
    }
    return behind.isEmpty() ? "0" : String.join(" ", behind);
  }
}
