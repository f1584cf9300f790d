/** Programs that measure the state machine alone; they assert nothing (docs/benchmarks.md). */
@org.jspecify.annotations.NullMarked
package io.shardwell.statemachine.benchmark;
