/** Commands on keys: one command to one node, its reply written as redis-cli writes it. */
package io.shardwell.cli.client;
