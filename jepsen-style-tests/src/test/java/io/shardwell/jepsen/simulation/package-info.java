/**
 * A whole cluster in one thread: the real engines and storages on virtual time, a simulated network
 * and simulated disks, everything drawn from one seed.
 */
@NullMarked
package io.shardwell.jepsen.simulation;

import org.jspecify.annotations.NullMarked;
