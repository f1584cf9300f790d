package io.shardwell.cli.data;

import io.shardwell.cli.Table;
import io.shardwell.raftgroup.cluster.MetaState;
import io.shardwell.storage.DamagedStorageException;
import io.shardwell.storage.DirectoryReport;
import io.shardwell.storage.NodeMetadata;
import java.nio.file.Path;

/** What was found in a directory, for people: the verdict last. */
final class ReportText {

  private ReportText() {}

  static String render(Path path, DirectoryReport report) {
    StringBuilder text = new StringBuilder();
    NodeMetadata metadata = report.metadata();
    if (metadata != null) {
      text.append("incarnation ")
          .append(Long.toHexString(metadata.incarnation()))
          .append(", boot ")
          .append(metadata.bootNumber())
          .append(metadata.rejoins() ? ", to be fetched from the other nodes" : "")
          .append("; log ")
          .append(report.logBytes())
          .append(" bytes, snapshots ")
          .append(report.snapshotBytes())
          .append(" bytes\n");
    }
    if (!report.groups().isEmpty()) {
      Table table = new Table("SHARD", ">TERM", ">SNAPSHOT", ">FIRST", ">LAST", ">ENTRY BYTES");
      for (DirectoryReport.Group group : report.groups()) {
        table.row(
            shard(group.group()),
            group.term(),
            group.snapshotIndex(),
            group.firstIndex(),
            group.lastIndex(),
            group.entryBytes());
      }
      text.append(table.render());
    }
    report.notes().forEach(note -> text.append("note: ").append(note).append('\n'));
    for (DirectoryReport.Damage damage : report.damage()) {
      text.append("DAMAGED ")
          .append(damage.file())
          .append(" at ")
          .append(damage.offset())
          .append(
              damage.group() == DamagedStorageException.NO_GROUP
                  ? ""
                  : ", shard " + shard(damage.group()))
          .append(": ")
          .append(damage.what())
          .append('\n');
    }
    if (report.isNew()) {
      text.append(path)
          .append(" is empty: no node has begun in it, or its data are lost; see")
          .append(" shardwell data repair --help.\n");
    } else if (report.isSound()) {
      text.append(path).append(" is sound.\n");
    } else {
      text.append(path)
          .append(" is damaged: no node may vote with it; see shardwell data repair --help.\n");
    }
    return text.toString();
  }

  static String shard(int group) {
    return group == MetaState.GROUP ? "meta" : Integer.toString(group);
  }
}
