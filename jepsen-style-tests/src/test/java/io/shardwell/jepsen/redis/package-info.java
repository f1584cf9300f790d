/**
 * The same commands to Redis and to Shardwell, side by side: what differs is a bug or a line in
 * docs/compatibility.md.
 */
package io.shardwell.jepsen.redis;
