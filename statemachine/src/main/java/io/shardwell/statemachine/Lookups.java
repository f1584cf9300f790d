package io.shardwell.statemachine;

/**
 * Counts the keys that calls looked up to read them: those they found and those they did not, as
 * Redis 7.0 counts keyspace hits and misses. A call that was refused counts for nothing, and so
 * does one that only writes.
 *
 * <p>No part of the state: each replica counts on its own.
 */
final class Lookups {
  private long hits;
  private long misses;

  long hits() {
    return hits;
  }

  long misses() {
    return misses;
  }

  void clear() {
    hits = 0;
    misses = 0;
  }

  void add(long moreHits, long moreMisses) {
    hits += moreHits;
    misses += moreMisses;
  }

  /** What {@link #count} must be told of a call that replaces what it reads; else 0. */
  static int foundBefore(Keyspace keys, Invocation call) {
    int found = 0;
    if (call.command() == Command.BITOP) {
      for (int i = 2; i < call.argumentCount(); i++) {
        found += keys.contains(call.argument(i)) ? 1 : 0;
      }
    }
    return found;
  }

  /**
   * Counts a call that was executed just now. Where the answer tells what was found, the keyspace
   * is not asked again.
   */
  void count(Keyspace keys, Invocation call, Reply reply, int foundBefore) {
    if (reply instanceof Reply.Failure) {
      return;
    }
    switch (call.command()) {
      case GET, GETEX, GETDEL, GETSET -> found(reply != Reply.NIL);
      case SET -> {
        // Without GET it answers nil too, where its condition does not hold.
        if (reply instanceof Reply.Bulk || (reply == Reply.NIL && asksForOldValue(call))) {
          found(reply != Reply.NIL);
        }
      }
      case MGET -> ((Reply.Array) reply).items().forEach(value -> found(value != Reply.NIL));
      case EXISTS, TOUCH -> {
        long found = ((Reply.Int) reply).value();
        add(found, call.argumentCount() - found);
      }
      case TTL, PTTL, EXPIRETIME, PEXPIRETIME ->
          found(((Reply.Int) reply).value() != Keyspace.ABSENT);
      case STRLEN, GETRANGE, SUBSTR, TYPE, GETBIT, BITCOUNT, BITPOS, BITFIELD_RO, LCS ->
          lookUpAll(keys, call);
      case GETVER, DIGEST -> lookUpAll(keys, call); // Not in Redis 7.0.
      case BITFIELD -> {
        if (BitfieldCommands.onlyReads(call)) {
          lookUpAll(keys, call);
        }
      }
      case COPY -> found(reply.equals(Reply.ONE) || keys.contains(call.argument(0)));
      case BITOP -> add(foundBefore, call.argumentCount() - 2L - foundBefore);
      default -> {}
    }
  }

  private static boolean asksForOldValue(Invocation set) {
    StringOptions options = StringOptions.parse(set, 2);
    return options != null && options.get();
  }

  private void lookUpAll(Keyspace keys, Invocation call) {
    for (byte[] key : call.keys()) {
      found(keys.contains(key));
    }
  }

  private void found(boolean found) {
    if (found) {
      hits++;
    } else {
      misses++;
    }
  }
}
