package io.shardwell.statemachine;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What a memory limit means, said as plainly as possible: each command is tried on a copy; if the
 * result is too large, the keys are sorted by their last use and the first ones are removed until
 * it is not, or the command is refused.
 */
final class NaiveMemory {
  private static final Reply OOM =
      new Reply.Failure("OOM command not allowed when used memory > 'maxmemory'.");

  /** Redis's flag; RENAME and RENAMENX do not have it, but can need room. */
  private static final Set<String> DENYOOM =
      Set.of("SET", "SETNX", "GETSET", "APPEND", "SETRANGE", "MSET", "MSETNX", "INCR", "DECR");

  private final NaiveStore store = new NaiveStore();
  private final int victimsPerEntry;
  private long limit;
  private EvictionPolicy policy = EvictionPolicy.NOEVICTION;
  private long ceiling;
  private long evicted;

  NaiveMemory(int victimsPerEntry) {
    this.victimsPerEntry = victimsPerEntry;
  }

  NaiveStore store() {
    return store;
  }

  long evicted() {
    return evicted;
  }

  void setLimit(long newLimit, EvictionPolicy newPolicy) {
    limit = newLimit;
    policy = newPolicy;
  }

  /** Whether the limit is exceeded and no key may be evicted. */
  boolean isStuck() {
    return isAbove(limit, store) && victims(Set.of()).isEmpty();
  }

  /** Whether the reads of a transaction make their keys the last ones used. */
  boolean countsReads() {
    return limit > 0 && policy != EvictionPolicy.NOEVICTION && store.bytes() > limit / 4 * 3;
  }

  void beginEntry(long stamp) {
    store.advance(stamp);
    ceiling = Math.max(limit, store.bytes());
  }

  /** While the limit is exceeded because it was lowered, each entry evicts a few keys. */
  void endEntry() {
    List<String> victims = victims(Set.of());
    for (int i = 0; i < Math.min(victimsPerEntry, victims.size()) && isAbove(limit, store); i++) {
      evict(victims.get(i));
    }
  }

  Reply execute(List<String> call) {
    NaiveStore result = store.copy();
    result.execute(store.logTime(), call);
    boolean wrote = result.uses() > store.uses();
    boolean mayGrow = DENYOOM.contains(call.get(0)) || result.bytes() > store.bytes();
    if (wrote && mayGrow && isAbove(limit, result)) {
      List<String> victims = new ArrayList<>(victims(ownKeys(call)));
      if (isAbove(limit, without(victims, call))) {
        return OOM;
      }
      while (isAbove(ceiling, without(List.of(), call))) {
        evict(victims.remove(0));
      }
    }
    return store.execute(store.logTime(), call);
  }

  /** What the command would leave if these keys were removed before it. */
  private NaiveStore without(List<String> victims, List<String> call) {
    NaiveStore result = store.copy();
    victims.forEach(result::remove);
    result.execute(store.logTime(), call);
    return result;
  }

  private List<String> victims(Set<String> except) {
    if (policy == EvictionPolicy.NOEVICTION) {
      return List.of();
    }
    return store.keysByUse(policy == EvictionPolicy.VOLATILE_LRU).stream()
        .filter(key -> !except.contains(key))
        .toList();
  }

  private void evict(String key) {
    store.remove(key);
    evicted++;
  }

  private boolean isAbove(long most, NaiveStore which) {
    return limit > 0 && which.bytes() > most;
  }

  private static Set<String> ownKeys(List<String> call) {
    Set<String> keys = new HashSet<>();
    for (byte[] key : Shard.call(call).keys()) {
      keys.add(new String(key, java.nio.charset.StandardCharsets.ISO_8859_1));
    }
    return keys;
  }
}
