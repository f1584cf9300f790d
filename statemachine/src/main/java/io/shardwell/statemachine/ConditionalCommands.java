package io.shardwell.statemachine;

/** Commands that look before they delete, and DIGEST, which tells them what to look for. */
final class ConditionalCommands {
  private ConditionalCommands() {}

  static Reply delEx(Keyspace keys, Invocation call) {
    byte[] key = call.argument(0);
    if (call.argumentCount() == 1) {
      return removed(keys, key);
    }
    Condition.Kind kind = Condition.Kind.of(call.argument(1));
    if (kind == null || call.argumentCount() != 3) {
      return Failures.SYNTAX;
    }
    Condition condition = new Condition(kind, call.argument(2));
    Reply.Failure failure = condition.failure();
    if (failure != null) {
      return failure;
    }
    return condition.holds(keys, key) ? removed(keys, key) : Reply.ZERO;
  }

  static Reply delIfEq(Keyspace keys, Invocation call) {
    Condition condition = new Condition(Condition.Kind.IFEQ, call.argument(1));
    return condition.holds(keys, call.argument(0)) ? removed(keys, call.argument(0)) : Reply.ZERO;
  }

  private static Reply removed(Keyspace keys, byte[] key) {
    return keys.remove(key) ? Reply.ONE : Reply.ZERO;
  }

  static Reply digest(Keyspace keys, Invocation call) {
    byte[] value = keys.get(call.argument(0));
    return value == null ? Reply.NIL : Reply.Bulk.of(Digest.of(value));
  }
}
