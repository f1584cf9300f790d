package io.shardwell.cli.data;

import io.shardwell.cli.Surroundings;
import io.shardwell.raftgroup.cluster.ClusterTable;
import io.shardwell.raftgroup.wire.MalformedFrameException;
import io.shardwell.storage.DataDirectory;
import io.shardwell.storage.DirectoryReport;
import io.shardwell.storage.NodeMetadata;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ExitCode;

/** {@code shardwell data repair}: gives up a directory, so that its node is taken in anew. */
final class Repair {

  private static final DateTimeFormatter FOLDER =
      DateTimeFormatter.ofPattern("'damaged-'uuuuMMdd-HHmmss").withZone(ZoneOffset.UTC);

  /** The others of fewer nodes, or of fewer replicas, are no quorum. */
  private static final int MIN_REPLICAS = 3;

  private final Surroundings surroundings;
  private final Path path;
  private final boolean lost;
  private final boolean force;

  /**
   * @param lost whether the directory is known to be empty because its data are gone
   * @param force whether a sound directory is given up too
   */
  Repair(Surroundings surroundings, Path path, boolean lost, boolean force) {
    this.surroundings = surroundings;
    this.path = path;
    this.lost = lost;
    this.force = force;
  }

  /** Returns the exit code. */
  int run(DataDirectory directory) throws IOException {
    DirectoryReport report = directory.verify();
    NodeMetadata metadata = report.metadata();
    if (report.isSound() && metadata != null && metadata.rejoins()) {
      surroundings.out().println(path + " is ready: start its node, and it fetches everything.");
      return ExitCode.OK;
    }
    if (report.isNew()) {
      return lost
          ? giveUp(directory, report)
          : refuse(
              path
                  + " is empty. If its node has lost its"
                  + " data: shardwell data repair --lost "
                  + path);
    }
    if (isUnused(report)) {
      if (lost || force) {
        return giveUp(directory, report);
      }
      surroundings
          .out()
          .println(
              path
                  + " is sound, but no node has ever served with it. If it stands where a node's"
                  + " data were lost: shardwell data repair --lost "
                  + path);
      return ExitCode.OK;
    }
    if (report.isSound() && lost) {
      return refuse(path + " is not lost: there is a sound directory of a node.");
    }
    if (report.isSound() && !force) {
      surroundings.out().println(path + " is sound, there is nothing to repair.");
      return ExitCode.OK;
    }
    if (!force && report.damage().stream().allMatch(DirectoryReport.Damage::isForeignFile)) {
      return refuse(
          path
              + " is not damaged: "
              + report.damage().get(0).what()
              + ", which no node makes. Move it away, then: shardwell data verify "
              + path);
    }
    if (metadata == null && !force) {
      return refuse(
          path
              + " does not tell any more how many nodes its cluster has, and replicas of each shard"
              + " (metadata are gone or damaged). If both are three or more: shardwell data repair"
              + " --force "
              + path
              + ". If not, nobody else has what is here: do not, restore a backup.");
    }
    ClusterTable table = table(metadata);
    int nodes = table == null ? MIN_REPLICAS : table.incarnations().size();
    if (nodes < MIN_REPLICAS) {
      return refuse(
          path
              + " belongs to a cluster of "
              + nodes
              + (nodes == 1
                  ? " node: there is nobody"
                  : " nodes: without this one no quorum is left")
              + " to fetch from. What is needed is a backup.");
    }
    if (table != null && table.replicas() < MIN_REPLICAS) {
      return refuse(
          path
              + " belongs to a cluster with "
              + table.replicas()
              + " of each shard (--replicas): those that this node has would be without a quorum for"
              + " ever. What is needed is a backup.");
    }
    return giveUp(directory, report);
  }

  /**
   * Whether a node has begun with it and got no further, as after the loss of its directory: it is
   * in no cluster under this incarnation, and has promised nothing that could be denied.
   */
  private static boolean isUnused(DirectoryReport report) {
    NodeMetadata metadata = report.metadata();
    return report.isSound()
        && metadata != null
        && !metadata.opened()
        && metadata.clusterTable().length == 0
        && report.groups().isEmpty()
        && report.snapshotBytes() == 0;
  }

  private int refuse(String why) {
    surroundings.err().println(why);
    return ExitCode.SOFTWARE;
  }

  private int giveUp(DataDirectory directory, DirectoryReport report) throws IOException {
    String folder = FOLDER.format(Instant.now());
    directory.setAside(folder);
    if (!report.isNew()) {
      surroundings
          .out()
          .println(
              "What was there is in "
                  + path.resolve(folder)
                  + "; delete it when it is no longer needed.");
    }
    surroundings
        .out()
        .println(
            """
            Now start the node as usual. It comes back under a new incarnation: as soon as a quorum
            of the other nodes is up they take it in, and it fetches everything from them. Until
            /readyz says ok the cluster can lose no other node.""");
    return ExitCode.OK;
  }

  /** Of its cluster; null if that cannot be told. */
  private static @Nullable ClusterTable table(@Nullable NodeMetadata metadata) {
    try {
      return metadata == null || metadata.clusterTable().length == 0
          ? null
          : ClusterTable.decode(metadata.clusterTable());
    } catch (MalformedFrameException unknown) {
      return null;
    }
  }
}
