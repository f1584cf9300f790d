package io.shardwell.statemachine;

import java.util.ArrayList;
import java.util.List;

/** Leads a call to its command. */
final class Execution {
  private Execution() {}

  /**
   * Executes a call.
   *
   * @param stampMillis the moment from which TTL and PTTL count; in the log it is log time
   * @throws RuntimeException if the call is one that {@link Invocation} would have refused, or a
   *     command is broken; nothing has changed then
   */
  static Reply execute(Keyspace keys, Invocation call, long stampMillis) {
    if (!call.hasValidArity()) {
      throw new IllegalArgumentException("wrong arity: " + call);
    }
    Reply.Failure tooLarge = call.sizeFailure();
    if (tooLarge != null) {
      return tooLarge;
    }
    return switch (call.command()) {
      case GET -> StringCommands.get(keys, call);
      case MGET -> StringCommands.mget(keys, call);
      case STRLEN -> StringCommands.strlen(keys, call);
      case GETRANGE, SUBSTR -> StringCommands.getRange(keys, call);
      case SET -> StringCommands.set(keys, call);
      case SETNX -> StringCommands.setNx(keys, call);
      case SETEX -> StringCommands.setEx(keys, call, ExpiryOption.EX);
      case PSETEX -> StringCommands.setEx(keys, call, ExpiryOption.PX);
      case GETSET -> StringCommands.getSet(keys, call);
      case GETDEL -> StringCommands.getDel(keys, call);
      case GETEX -> StringCommands.getEx(keys, call);
      case APPEND -> StringCommands.append(keys, call);
      case SETRANGE -> StringCommands.setRange(keys, call);
      case MSET -> StringCommands.mset(keys, call);
      case MSETNX -> StringCommands.msetNx(keys, call);
      case INCR -> NumberCommands.add(keys, call.argument(0), 1);
      case DECR -> NumberCommands.add(keys, call.argument(0), -1);
      case INCRBY -> NumberCommands.incrementBy(keys, call);
      case DECRBY -> NumberCommands.decrementBy(keys, call);
      case INCRBYFLOAT -> NumberCommands.incrementByFloat(keys, call);
      case EXPIRE -> ExpiryCommands.expire(keys, call, ExpiryOption.EX);
      case PEXPIRE -> ExpiryCommands.expire(keys, call, ExpiryOption.PX);
      case EXPIREAT -> ExpiryCommands.expire(keys, call, ExpiryOption.EXAT);
      case PEXPIREAT -> ExpiryCommands.expire(keys, call, ExpiryOption.PXAT);
      case PERSIST -> ExpiryCommands.persist(keys, call);
      case TTL -> ExpiryCommands.ttl(keys, call.argument(0), stampMillis);
      case PTTL -> ExpiryCommands.pttl(keys, call.argument(0), stampMillis);
      case EXPIRETIME -> ExpiryCommands.expireTime(keys, call.argument(0), true);
      case PEXPIRETIME -> ExpiryCommands.expireTime(keys, call.argument(0), false);
      case DEL, UNLINK -> KeyCommands.delete(keys, call);
      case EXISTS, TOUCH -> KeyCommands.countExisting(keys, call);
      case TYPE -> KeyCommands.type(keys, call);
      case GETVER -> Reply.integer(keys.version(call.argument(0)));
      case RENAME -> KeyCommands.rename(keys, call);
      case RENAMENX -> KeyCommands.renameNx(keys, call);
      case DBSIZE -> Reply.integer(keys.size());
      case FLUSHALL, FLUSHDB -> KeyCommands.flush(keys, call);
      case KEYS -> KeyCommands.keys(keys, call);
      case SCAN -> KeyCommands.scan(keys, call);
      case DELEX -> ConditionalCommands.delEx(keys, call);
      case DELIFEQ -> ConditionalCommands.delIfEq(keys, call);
      case DIGEST -> ConditionalCommands.digest(keys, call);
      case SETBIT -> BitCommands.setBit(keys, call);
      case GETBIT -> BitCommands.getBit(keys, call);
      case BITCOUNT -> BitCommands.bitCount(keys, call);
      case BITPOS -> BitCommands.bitPos(keys, call);
      case BITOP -> BitCommands.bitOp(keys, call);
      case BITFIELD, BITFIELD_RO -> BitfieldCommands.bitfield(keys, call);
      case COPY -> KeyCommands.copy(keys, call);
      case LCS -> LcsCommand.lcs(keys, call);
      case MSETEX -> StringCommands.msetEx(keys, call);
      case WATCHED -> watched(keys, call);
      case TRANSACTION -> throw new IllegalArgumentException("transaction as a single call");
      case RANDOMKEY -> KeyCommands.randomKey(keys, stampMillis);
    };
  }

  /** What a later transaction needs to know: after which entry this is, and which keys exist. */
  private static Reply watched(Keyspace keys, Invocation call) {
    List<Reply> seen = new ArrayList<>(call.argumentCount() + 1);
    seen.add(Reply.integer(keys.index()));
    for (int i = 0; i < call.argumentCount(); i++) {
      seen.add(keys.contains(call.argument(i)) ? Reply.ONE : Reply.ZERO);
    }
    return new Reply.Array(seen);
  }
}
