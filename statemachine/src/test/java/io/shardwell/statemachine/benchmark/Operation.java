package io.shardwell.statemachine.benchmark;

/** What is measured, one key each. */
public enum Operation {
  /** A value is read. */
  GET,
  /** A value takes the place of another one of the same length. */
  SET_OVERWRITE,
  /** A key is set that was not there; it is removed again outside of the measurement. */
  SET_NEW,
  /** A decimal number is read, counted up and written. */
  INCR,
  /** A deadline takes the place of another one. */
  EXPIRE
}
