package io.shardwell.server.command;

/** As what a listener shows the cluster to its clients (DESIGN 11). */
public enum Face {
  /** One Redis server: any command, any key, anywhere. */
  SINGLE_IMAGE,
  /**
   * A Redis Cluster: each node answers for the slots it leads and points to others for the rest.
   */
  CLUSTER,
  /** The single image for people: a line is a command, a line is the answer. */
  PLAIN_TEXT
}
