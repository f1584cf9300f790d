/** Measurements that need a whole cluster of processes. Nothing here asserts a speed. */
@NullMarked
package io.shardwell.jepsen.benchmark;

import org.jspecify.annotations.NullMarked;
