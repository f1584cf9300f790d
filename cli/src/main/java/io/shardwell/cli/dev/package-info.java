/** A whole cluster on one machine: one process for each node, all on loopback. */
package io.shardwell.cli.dev;
