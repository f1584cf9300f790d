package io.shardwell.jepsen.checker;

/** Which commands of one connection must take effect in the order of their calls. */
public enum ConnectionOrder {
  /** None: only real time orders them. */
  NONE,
  /** Those that may change something, among each other. */
  WRITES,
  /** All: a read sees what was called before it, and never less than an earlier read. */
  ALL;

  boolean binds(Operation first, Operation second) {
    return switch (this) {
      case NONE -> false;
      case WRITES -> !first.command().isRead() && !second.command().isRead();
      case ALL -> true;
    };
  }
}
