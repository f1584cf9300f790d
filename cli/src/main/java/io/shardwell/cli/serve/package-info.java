/** One node as a process of its own: settings in layers, start, graceful stop. */
package io.shardwell.cli.serve;
