/** Measurements of the log on a real disk. Nothing here asserts a speed. */
@NullMarked
package io.shardwell.storage.benchmark;

import org.jspecify.annotations.NullMarked;
