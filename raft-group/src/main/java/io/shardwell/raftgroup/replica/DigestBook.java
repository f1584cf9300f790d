package io.shardwell.raftgroup.replica;

import io.microraft.RaftEndpoint;
import java.util.Collection;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds out whether this replica's state is still that of the others (DESIGN 9): it remembers its
 * digests at every so many log entries, tells them, and compares what the others tell.
 *
 * <p>Equal positions of the log mean equal histories, because what is applied is committed. So a
 * difference is never a matter of timing: some replica has computed, stored or fetched something
 * else. Which one, only a majority can say. If most voters have the same other digest, this replica
 * is wrong, and halts before it answers anybody or votes itself into leadership. If not, it is
 * right or nobody knows (two replicas, or one of three is away): then it says so and goes on.
 *
 * <p>Nothing is compared that was not computed here entry by entry: a fetched snapshot and a
 * restart begin a new book. Loop thread only.
 */
public final class DigestBook {

  private static final Logger LOGGER = LoggerFactory.getLogger(DigestBook.class);

  /** Own digests that are remembered. */
  private static final int REMEMBERED = 1024;

  /** Digests of one message at most. */
  public static final int MOST_TOLD = 128;

  /** Positions for which others' digests are remembered. */
  private static final int MOST_CLAIMED = 256;

  private final int group;
  private final int stride;
  private final Supplier<Collection<RaftEndpoint>> voters;
  private final Consumer<String> halt;

  // Invariant: own digests at first, first + stride .. last; last is 0 if there are none.
  private final long[] digests = new long[REMEMBERED];
  private long first;
  private long last;
  private long told;

  // By position; those above last wait for it.
  private final TreeMap<Long, Map<ReplicaEndpoint, Long>> claims = new TreeMap<>();

  private String difference = "";
  private long differsAt;

  /** What a replica tells: its digests at some consecutive multiples of the stride. */
  @SuppressWarnings("ArrayRecordComponent") // Never compared, never changed.
  public record Digests(long lastPosition, long[] digests) {}

  /**
   * @param stride entries between two positions; all replicas' strides should have common multiples
   * @param voters the group's, now
   * @param halt this replica is wrong, and says why
   */
  DigestBook(
      int group, int stride, Supplier<Collection<RaftEndpoint>> voters, Consumer<String> halt) {
    this.group = group;
    this.stride = stride;
    this.voters = voters;
    this.halt = halt;
  }

  int stride() {
    return stride;
  }

  boolean isPosition(long index) {
    return index % stride == 0;
  }

  /** This replica has applied the entry there, and now has this digest. */
  void applied(long position, long digest) {
    assert isPosition(position) && position > last : position + " after " + last;
    if (last == 0 || position != last + stride) {
      first = position;
    }
    last = position;
    first = Math.max(first, last - (REMEMBERED - 1L) * stride);
    digests[slot(position)] = digest;
    claims.headMap(first).clear();
    if (claims.containsKey(position)) {
      judge(position);
    }
  }

  /** The state is that of a fetched snapshot: what was remembered was another's. */
  void replaced() {
    first = 0;
    last = 0;
    told = 0;
    claims.clear();
    difference = "";
  }

  /** What the others should hear now: what is new, at least the newest. */
  public Digests news() {
    if (last == 0) {
      return new Digests(0, new long[0]);
    }
    long from = Math.max(first, Math.min(last, told + stride));
    from = Math.max(from, last - (MOST_TOLD - 1L) * stride);
    long[] news = new long[(int) ((last - from) / stride) + 1];
    for (int i = 0; i < news.length; i++) {
      news[i] = digests[slot(from + (long) i * stride)];
    }
    told = last;
    return new Digests(last, news);
  }

  /** Another replica tells its digests. */
  public void heard(ReplicaEndpoint from, int itsStride, Digests its) {
    if (itsStride <= 0) {
      return;
    }
    for (int i = 0; i < its.digests().length; i++) {
      long position = its.lastPosition() - (its.digests().length - 1L - i) * itsStride;
      boolean forgotten = last > 0 && position < first;
      if (position > 0 && isPosition(position) && !forgotten) {
        claims.computeIfAbsent(position, unused -> new HashMap<>()).put(from, its.digests()[i]);
        if (position <= last) {
          judge(position);
        }
      }
    }
    while (claims.size() > MOST_CLAIMED) {
      claims.pollFirstEntry();
    }
  }

  /** The link to or from this node broke: it may come back as another. */
  void forget(String nodeId) {
    Iterator<Map<ReplicaEndpoint, Long>> all = claims.values().iterator();
    while (all.hasNext()) {
      Map<ReplicaEndpoint, Long> each = all.next();
      each.keySet().removeIf(endpoint -> endpoint.nodeId().equals(nodeId));
      if (each.isEmpty()) {
        all.remove();
      }
    }
  }

  /** In which way replicas differ, if they did where they were compared last; else empty. */
  public String difference() {
    return difference;
  }

  private int slot(long position) {
    return (int) (position / stride % REMEMBERED);
  }

  private void judge(long position) {
    Map<ReplicaEndpoint, Long> said = claims.get(position);
    if (said == null) {
      return;
    }
    Collection<RaftEndpoint> all = voters.get();
    long mine = digests[slot(position)];
    Map<Long, Integer> others = new HashMap<>();
    int equal = 0;
    for (Map.Entry<ReplicaEndpoint, Long> claim : said.entrySet()) {
      if (claim.getValue() == mine) {
        equal++;
      } else if (all.contains(claim.getKey())) {
        others.merge(claim.getValue(), 1, Integer::sum);
      }
    }
    if (others.isEmpty()) {
      if (equal >= all.size() - 1) {
        claims.remove(position); // All have said it.
        difference = position > differsAt ? "" : difference;
      }
      return;
    }
    String words = describe(position, mine, said);
    int majority = all.size() / 2 + 1;
    if (others.values().stream().anyMatch(count -> count >= majority)) {
      halt.accept("this replica's state is not that of the others: " + words);
      return;
    }
    if (difference.isEmpty()) {
      LOGGER.error("replicas differ, and no majority says that this one is wrong: {}", words);
    }
    difference = words;
    differsAt = Math.max(differsAt, position);
  }

  private String describe(long position, long mine, Map<ReplicaEndpoint, Long> said) {
    StringBuilder words = new StringBuilder();
    words.append("shard ").append(group).append(", log entry ").append(position);
    words.append(": own digest ").append(Long.toHexString(mine));
    said.entrySet().stream()
        .sorted(Map.Entry.comparingByKey((a, b) -> a.nodeId().compareTo(b.nodeId())))
        .forEach(
            claim ->
                words
                    .append(", ")
                    .append(claim.getKey().nodeId())
                    .append(' ')
                    .append(Long.toHexString(claim.getValue())));
    return words.toString();
  }
}
