package io.shardwell.raftgroup.routing;

import io.shardwell.statemachine.Command;
import io.shardwell.statemachine.Invocation;
import io.shardwell.statemachine.Limits;
import io.shardwell.statemachine.Reply;
import io.shardwell.statemachine.Slots;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.IntPredicate;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Commands that concern several shards: split, sent to each, and their replies merged. Each part is
 * linearizable, the whole is not atomic. If parts fail, the first failure is the answer, unless it
 * would say of a write that nothing was applied where something may have been ({@link Gathering}).
 * Loop thread only.
 */
final class FanOut {

  private static final byte[] CURSOR_START = {'0'};
  private static final byte[] ANY_PATTERN = {'*'};
  private static final Reply NO_KEYS = new Reply.Array(List.of());
  private static final byte[] KEYS_SLICE = "1000".getBytes(StandardCharsets.US_ASCII);
  private static final Reply INVALID_CURSOR = new Reply.Failure("ERR invalid cursor");
  private static final Reply CROSS_SLOT =
      new Reply.Failure("CROSSSLOT Keys in request don't hash to the same slot");

  /**
   * How much memory the keys may take that all KEYS under way on this node gather, in bytes,
   * {@value #GATHERED_KEY_BYTES} for each key besides its own. All else is walked in slices; this
   * must be held as a whole.
   */
  static final long MAX_GATHERED_BYTES = Runtime.getRuntime().maxMemory() / 8;

  private static final int GATHERED_KEY_BYTES = 150;

  /**
   * Longest reply made of several shards' replies, in bytes as encoded. Each of them has its own
   * limit, and there may be a thousand; what is sent must fit into one buffer, four times as long
   * where it is quoted for people.
   */
  static final int MAX_MERGED_BYTES = 256 << 20;

  /** What an item of a reply takes beside its bytes: type, length, line ends, a place in a list. */
  private static final int ITEM_OVERHEAD_BYTES = 16;

  static final Reply MERGED_TOO_LARGE =
      new Reply.Failure("ERR reply exceeds the maximum size (" + MAX_MERGED_BYTES + " bytes)");

  static final Reply PATTERN_TOO_LONG =
      new Reply.Failure(
          "ERR pattern given up: it has more than " + Limits.MAX_PATTERN_BYTES + " bytes");

  private final Router router;
  private final long maxGatheredBytes;
  private final Reply tooManyKeys;
  private int randomKeyShard;

  // Invariant: the sum of the walks under way.
  private long gatheredBytes;

  /**
   * @param maxGatheredBytes {@link #MAX_GATHERED_BYTES}, or what a test has time for
   */
  FanOut(Router router, long maxGatheredBytes) {
    this.router = router;
    this.maxGatheredBytes = maxGatheredBytes;
    this.tooManyKeys =
        new Reply.Failure(
            "ERR too many keys: those that KEYS gathers take more than "
                + maxGatheredBytes
                + " bytes, an eighth of the heap. Use SCAN");
  }

  // --- by keys
  // -------------------------------------------------------------------------------------

  /** MGET, MSET, DEL and the like. */
  void byKeys(ShardOrder order, Invocation invocation, Consumer<Reply> onReply) {
    List<byte[]> keys = invocation.keys();
    if (keys.isEmpty()) {
      // Malformed, as an MSET without pairs: any shard knows the error text.
      order.submit(0, invocation, onReply);
      return;
    }
    int first = router.shardOf(keys.get(0));
    boolean together = true;
    int[] shardOfKey = new int[keys.size()];
    for (int i = 0; i < shardOfKey.length; i++) {
      shardOfKey[i] = router.shardOf(keys.get(i));
      together &= shardOfKey[i] == first;
    }
    Command command = invocation.command();
    if (together) {
      order.submit(first, invocation, onReply);
    } else if (command.spread() == Command.Spread.ONE_SHARD) {
      onReply.accept(CROSS_SLOT);
    } else {
      split(order, invocation, shardOfKey, onReply);
    }
  }

  private void split(
      ShardOrder order, Invocation invocation, int[] shardOfKey, Consumer<Reply> onReply) {
    Command command = invocation.command();
    int step = command.keyStep();
    if (invocation.argumentCount() % step != 0) {
      // MSET with a key too many: let one shard say so, without any effect.
      order.submit(shardOfKey[0], invocation, onReply);
      return;
    }
    Map<Integer, List<Integer>> positions = new TreeMap<>();
    for (int i = 0; i < shardOfKey.length; i++) {
      positions.computeIfAbsent(shardOfKey[i], unused -> new ArrayList<>()).add(i);
    }
    Function<Map<Integer, Reply>, Reply> merge =
        switch (command) {
          case MGET -> parts -> inOrder(parts, positions, shardOfKey.length);
          case MSET -> parts -> Reply.OK;
          default -> FanOut::sum;
        };
    Gathering gathering = new Gathering(command, positions.size(), merge, onReply);
    positions.forEach(
        (shard, ofShard) -> {
          byte[][] arguments = new byte[ofShard.size() * step][];
          for (int i = 0; i < ofShard.size(); i++) {
            for (int j = 0; j < step; j++) {
              arguments[i * step + j] = invocation.argument(ofShard.get(i) * step + j);
            }
          }
          order.submit(shard, Invocation.of(command, arguments), gathering.part(shard));
        });
  }

  private static Reply inOrder(
      Map<Integer, Reply> parts, Map<Integer, List<Integer>> positions, int count) {
    @Nullable Reply[] items = new Reply[count];
    positions.forEach(
        (shard, ofShard) -> {
          Reply.Array part = (Reply.Array) Objects.requireNonNull(parts.get(shard));
          for (int i = 0; i < ofShard.size(); i++) {
            items[ofShard.get(i)] = part.items().get(i);
          }
        });
    List<Reply> all = new ArrayList<>(count);
    for (Reply item : items) {
      all.add(Objects.requireNonNull(item));
    }
    return new Reply.Array(all);
  }

  private static Reply sum(Map<Integer, Reply> parts) {
    long sum = 0;
    for (Reply part : parts.values()) {
      sum += ((Reply.Int) part).value();
    }
    return new Reply.Int(sum);
  }

  // --- everywhere
  // ----------------------------------------------------------------------------------

  /** Commands without keys. */
  void everywhere(
      ShardOrder order, ShardScope scope, Invocation invocation, Consumer<Reply> onReply) {
    if (invocation.command() == Command.SCAN) {
      scan(order, scope, invocation, onReply);
      return;
    }
    if (invocation.command() == Command.KEYS
        && invocation.argument(0).length > Limits.MAX_PATTERN_BYTES) {
      onReply.accept(PATTERN_TOO_LONG);
      return;
    }
    IntPredicate concerned = invocation.command().isWrite() ? scope::covers : scope::counts;
    List<Integer> shards = IntStream.range(0, router.shards()).filter(concerned).boxed().toList();
    switch (invocation.command()) {
      case KEYS ->
          new KeysWalk(
                  order, shards, invocation.argument(0), key -> true, Integer.MAX_VALUE, onReply)
              .next();
      case RANDOMKEY -> toAll(order, shards, invocation, this::someKey, onReply);
      case DBSIZE -> toAll(order, shards, invocation, FanOut::sum, onReply);
      default -> toAll(order, shards, invocation, FanOut::anyOf, onReply);
    }
  }

  /** As the shards do not index their keys by slot: all keys of the slot's shard, sifted. */
  void keysInSlot(ShardOrder order, int slot, int limit, Consumer<Reply> onReply) {
    new KeysWalk(
            order,
            List.of(Slots.shardOf(slot, router.shards())),
            ANY_PATTERN,
            key -> Slots.of(key) == slot,
            limit,
            onReply)
        .next();
  }

  private static void toAll(
      ShardOrder order,
      List<Integer> shards,
      Invocation invocation,
      Function<Map<Integer, Reply>, Reply> merge,
      Consumer<Reply> onReply) {
    if (shards.isEmpty()) {
      onReply.accept(merge.apply(Map.of()));
      return;
    }
    Gathering gathering = new Gathering(invocation.command(), shards.size(), merge, onReply);
    for (int shard : shards) {
      order.submit(shard, invocation, gathering.part(shard));
    }
  }

  /** What a command answers that every shard answers alike; OK where none has to. */
  private static Reply anyOf(Map<Integer, Reply> parts) {
    return parts.isEmpty() ? Reply.OK : parts.values().iterator().next();
  }

  /**
   * One step of a scan over the scope's shards, one after the other. The cursor is the shard's own,
   * times the number of shards, plus the shard; 0 begins and ends. A shard once begun is walked to
   * its end even if it leaves the scope.
   */
  private void scan(
      ShardOrder order, ShardScope scope, Invocation invocation, Consumer<Reply> onReply) {
    OptionalLong parsed = ScanCursor.parse(invocation.argument(0));
    if (parsed.isEmpty()) {
      onReply.accept(INVALID_CURSOR);
      return;
    }
    long cursor = parsed.getAsLong();
    boolean ours =
        Long.compareUnsigned(Long.divideUnsigned(cursor, router.shards()), Limits.SCAN_CURSORS) < 0;
    // One that nobody was given leads to the end: an answer as good as any, and Redis gives one.
    int named = ours ? (int) Long.remainderUnsigned(cursor, router.shards()) : router.shards() - 1;
    long inner = ours ? Long.divideUnsigned(cursor, router.shards()) : Limits.SCAN_CURSORS - 1;
    int shard = inner == 0 ? nextCovered(scope, named) : named;
    if (shard == router.shards()) {
      onReply.accept(new Reply.Array(List.of(new Reply.Bulk(CURSOR_START), NO_KEYS)));
      return;
    }
    order.submit(
        shard,
        withCursor(invocation, inner),
        reply -> {
          if (!(reply instanceof Reply.Array step)) {
            onReply.accept(reply);
            return;
          }
          long innerNext = number(step.items().get(0));
          long next;
          if (innerNext != 0) {
            next = innerNext * router.shards() + shard;
          } else {
            next = nextCovered(scope, shard + 1) % router.shards();
          }
          onReply.accept(
              new Reply.Array(List.of(new Reply.Bulk(ascii(next)), step.items().get(1))));
        });
  }

  /** The first shard from this one on that the scope covers; the number of shards if none is. */
  private int nextCovered(ShardScope scope, int from) {
    int shard = from;
    while (shard < router.shards() && !scope.covers(shard)) {
      shard++;
    }
    return shard;
  }

  private static Invocation withCursor(Invocation invocation, long cursor) {
    byte[][] arguments = new byte[invocation.argumentCount()][];
    arguments[0] = ascii(cursor);
    for (int i = 1; i < arguments.length; i++) {
      arguments[i] = invocation.argument(i);
    }
    return Invocation.of(Command.SCAN, arguments);
  }

  private static byte[] ascii(long number) {
    return Long.toString(number).getBytes(StandardCharsets.US_ASCII);
  }

  private static long number(Reply reply) {
    return Long.parseLong(new String(((Reply.Bulk) reply).value(), StandardCharsets.US_ASCII));
  }

  /** KEYS as a walk in slices, so that it never holds a loop (DESIGN 4). */
  private final class KeysWalk {
    private final ShardOrder order;
    private final Iterator<Integer> shards;
    private final byte[] pattern;
    private final Predicate<byte[]> wanted;
    private final int limit;
    private final Consumer<Reply> onReply;
    // A key may be met twice while the walk goes on.
    private final Map<ByteBuffer, Reply> found = new LinkedHashMap<>();
    private long ownGatheredBytes;
    private long replyBytes;
    private int shard;
    private byte[] cursor = CURSOR_START;

    // Whether `shard` is walked and its cursor is valid.
    private boolean within;

    KeysWalk(
        ShardOrder order,
        List<Integer> shards,
        byte[] pattern,
        Predicate<byte[]> wanted,
        int limit,
        Consumer<Reply> onReply) {
      this.order = order;
      this.shards = shards.iterator();
      this.pattern = pattern;
      this.wanted = wanted;
      this.limit = limit;
      this.onReply = onReply;
    }

    void next() {
      if (!within) {
        if (!shards.hasNext() || found.size() >= limit) {
          end(
              new Reply.Array(
                  List.copyOf(found.values()).subList(0, Math.min(limit, found.size()))));
          return;
        }
        shard = shards.next();
        within = true;
      }
      Invocation slice =
          Invocation.of(
              Command.SCAN,
              cursor,
              new byte[] {'M', 'A', 'T', 'C', 'H'},
              pattern,
              new byte[] {'C', 'O', 'U', 'N', 'T'},
              KEYS_SLICE);
      order.submit(shard, slice, this::slice);
    }

    /** However it ends: what it has gathered is the answer's now, or nobody's. */
    private void end(Reply reply) {
      gatheredBytes -= ownGatheredBytes;
      assert gatheredBytes >= 0;
      onReply.accept(reply);
    }

    private void slice(Reply reply) {
      if (!(reply instanceof Reply.Array step)) {
        end(reply);
        return;
      }
      long before = ownGatheredBytes;
      for (Reply key : ((Reply.Array) step.items().get(1)).items()) {
        byte[] bytes = ((Reply.Bulk) key).value();
        if (wanted.test(bytes) && found.put(ByteBuffer.wrap(bytes), key) == null) {
          ownGatheredBytes += GATHERED_KEY_BYTES + bytes.length;
          replyBytes += ITEM_OVERHEAD_BYTES + bytes.length;
        }
      }
      gatheredBytes += ownGatheredBytes - before;
      if (replyBytes > MAX_MERGED_BYTES) {
        end(MERGED_TOO_LARGE);
        return;
      }
      if (gatheredBytes > maxGatheredBytes) {
        end(tooManyKeys);
        return;
      }
      cursor = ((Reply.Bulk) step.items().get(0)).value();
      within = number(step.items().get(0)) != 0 && found.size() < limit;
      next();
    }
  }

  /** A key of the first shard that has one, beginning with another shard each time. */
  private Reply someKey(Map<Integer, Reply> parts) {
    int first = Math.floorMod(randomKeyShard++, router.shards());
    for (int i = 0; i < router.shards(); i++) {
      Reply part = parts.get((first + i) % router.shards());
      if (part instanceof Reply.Bulk) {
        return part;
      }
    }
    return Reply.NIL;
  }

  /**
   * Waits for the parts of one command.
   *
   * <p>CLUSTERDOWN and TRYAGAIN promise that a command was not applied, and clients repeat it on
   * that word. So a write is answered with them only if every part of it failed for certain; as
   * soon as one part was applied or may have been, the whole is INDETERMINATE. What a shard itself
   * refuses, such as OOM, stays the answer: it promises nothing of the other shards.
   */
  private static final class Gathering {
    private final Command command;
    private final Map<Integer, Reply> parts = new TreeMap<>();
    private final Function<Map<Integer, Reply>, Reply> merge;
    private final Consumer<Reply> onReply;
    private int missing;

    /** Of values, as encoded: nothing else that shards answer here is long. */
    private long valueBytes;

    Gathering(
        Command command,
        int missing,
        Function<Map<Integer, Reply>, Reply> merge,
        Consumer<Reply> onReply) {
      this.command = command;
      this.missing = missing;
      this.merge = merge;
      this.onReply = onReply;
    }

    Consumer<Reply> part(int shard) {
      return reply -> {
        valueBytes += bytesOfValues(reply);
        // Beyond the limit no more is kept: the first failure will be the answer.
        parts.put(shard, valueBytes > MAX_MERGED_BYTES ? MERGED_TOO_LARGE : reply);
        missing--;
        if (missing == 0) {
          onReply.accept(whole());
        }
      };
    }

    private static long bytesOfValues(Reply reply) {
      long bytes = 0;
      if (reply instanceof Reply.Array values) {
        for (Reply value : values.items()) {
          bytes += ITEM_OVERHEAD_BYTES;
          bytes += value instanceof Reply.Bulk bulk ? bulk.value().length : 0;
        }
      }
      return bytes;
    }

    private Reply whole() {
      Reply failure = null;
      boolean applied = false;
      boolean promised = false;
      boolean uncertain = false;
      for (Reply part : parts.values()) {
        if (failure == null && part instanceof Reply.Failure) {
          failure = part;
        }
        applied |= !(part instanceof Reply.Failure);
        promised |= RoutingErrors.promisesNoEffect(part);
        uncertain |= RoutingErrors.isIndeterminate(part);
      }
      if (failure == null) {
        return merge.apply(parts);
      }
      boolean unknown = uncertain || (applied && promised);
      return unknown && command.isWrite() && parts.size() > 1
          ? RoutingErrors.PARTS_INDETERMINATE
          : failure;
    }
  }
}
