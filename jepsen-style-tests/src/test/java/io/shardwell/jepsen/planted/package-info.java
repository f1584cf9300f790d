/** Bugs planted on purpose, to see whether the simulator catches them. */
@NullMarked
package io.shardwell.jepsen.planted;

import org.jspecify.annotations.NullMarked;
