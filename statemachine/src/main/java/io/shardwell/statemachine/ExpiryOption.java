package io.shardwell.statemachine;

/** The words that give a deadline, alike in SET and GETEX, and the arithmetic behind them. */
enum ExpiryOption {
  EX(true, true),
  PX(false, true),
  EXAT(true, false),
  PXAT(false, false);

  private static final long MILLIS_PER_SECOND = 1000;

  private final boolean inSeconds;
  private final boolean relative;

  ExpiryOption(boolean inSeconds, boolean relative) {
    this.inSeconds = inSeconds;
    this.relative = relative;
  }

  /**
   * The deadline in milliseconds of a SET, which must lie after the epoch: counted from log time
   * where the option is relative; -1 if the time is out of range, as all that are not positive are.
   */
  long deadline(long time, long logTime) {
    if (time <= 0 || (inSeconds && time > Long.MAX_VALUE / MILLIS_PER_SECOND)) {
      return -1;
    }
    long millis = inSeconds ? time * MILLIS_PER_SECOND : time;
    long base = relative ? logTime : 0;
    return millis > Long.MAX_VALUE - base ? -1 : millis + base;
  }

  /** Whether a time, of any sign, can be the deadline of an EXPIRE. */
  boolean inRange(long time, long logTime) {
    if (inSeconds
        && (time > Long.MAX_VALUE / MILLIS_PER_SECOND
            || time < Long.MIN_VALUE / MILLIS_PER_SECOND)) {
      return false;
    }
    long millis = inSeconds ? time * MILLIS_PER_SECOND : time;
    return !relative || millis <= Long.MAX_VALUE - logTime;
  }

  /** The deadline of a time that is {@link #inRange}; past and negative ones included. */
  long signedDeadline(long time, long logTime) {
    assert inRange(time, logTime);
    return (inSeconds ? time * MILLIS_PER_SECOND : time) + (relative ? logTime : 0);
  }
}
