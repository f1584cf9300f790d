/** Decides whether what clients saw could have come from one correct, single-threaded store. */
@NullMarked
package io.shardwell.jepsen.checker;

import org.jspecify.annotations.NullMarked;
