/** What a cluster says about itself: asked node by node, seen as one. */
package io.shardwell.cli.status;
