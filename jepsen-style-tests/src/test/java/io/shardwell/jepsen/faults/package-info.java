/** Faults drawn from a seed against real servers, and what their clients see of them. */
@org.jspecify.annotations.NullMarked
package io.shardwell.jepsen.faults;
