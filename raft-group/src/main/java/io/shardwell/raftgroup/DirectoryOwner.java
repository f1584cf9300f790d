package io.shardwell.raftgroup;

import io.shardwell.raftgroup.cluster.ClusterTable;
import io.shardwell.raftgroup.wire.RaftCodec;
import io.shardwell.storage.NodeMetadata;
import io.shardwell.storage.NodeStorage;
import io.shardwell.storage.RecoveredReplica;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Which node a directory belongs to, to be asked before anything is opened on it: its replicas
 * would speak for members that another node is.
 */
public final class DirectoryOwner {

  private DirectoryOwner() {}

  /**
   * The node whose replicas are there; else the one that the cluster's table knows by the
   * directory's incarnation; null if neither says anything: any node may begin with it.
   */
  public static @Nullable String of(NodeStorage storage) {
    for (RecoveredReplica replica : storage.recovered().values()) {
      byte[] endpoint = replica.endpointState();
      if (endpoint != null) {
        byte[] identity = Arrays.copyOfRange(endpoint, 1, endpoint.length);
        return new RaftCodec().decodeEndpoint(identity).nodeId();
      }
    }
    NodeMetadata metadata = storage.metadata();
    return metadata.clusterTable().length == 0
        ? null
        : ClusterTable.decode(metadata.clusterTable()).nodeOf(metadata.incarnation());
  }
}
