/**
 * What a shard's data does: commands, keyspace, expiry by log time, sessions, snapshots, digest.
 *
 * <p>Nothing here does I/O, reads a clock, draws a random number or starts a thread: equal log
 * entries give equal bytes on every replica and every JVM. Bytes are shared by convention: an array
 * that was handed over is never changed afterwards, neither by the giver nor by the taker.
 */
@NullMarked
package io.shardwell.statemachine;

import org.jspecify.annotations.NullMarked;
