package io.shardwell.statemachine.benchmark;

import org.openjdk.jmh.infra.Blackhole;

/** One of the things compared. Only {@link #run} is measured. */
interface Table {
  /** Puts a key in, for EXPIRE with a deadline. */
  void load(Operation operation, byte[] key, byte[] value);

  /** Takes a batch for the next run; the arrays become the table's own. */
  void prepare(Operation operation, byte[][] keys, byte[][] values);

  /** Does what was prepared. */
  void run(Blackhole sink);

  /** Removes the keys that the run has added. */
  void remove(byte[][] keys);
}
