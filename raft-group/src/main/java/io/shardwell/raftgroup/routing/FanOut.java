package io.shardwell.raftgroup.routing;

import io.shardwell.statemachine.Command;
import io.shardwell.statemachine.Invocation;
import io.shardwell.statemachine.Limits;
import io.shardwell.statemachine.Reply;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Commands that concern several shards: split, sent to each, and their replies merged. Each part is
 * linearizable, the whole is not atomic; the first failure of a part is the answer. Loop thread
 * only.
 */
final class FanOut {

  private static final byte[] CURSOR_START = {'0'};
  private static final byte[] KEYS_SLICE = "1000".getBytes(StandardCharsets.US_ASCII);
  private static final Reply INVALID_CURSOR = new Reply.Failure("ERR invalid cursor");
  private static final Reply CROSS_SLOT =
      new Reply.Failure("CROSSSLOT Keys in request don't hash to the same slot");

  private final Router router;
  private int randomKeyShard;

  FanOut(Router router) {
    this.router = router;
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
    Gathering gathering = new Gathering(positions.size(), merge, onReply);
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
  void everywhere(ShardOrder order, Invocation invocation, Consumer<Reply> onReply) {
    switch (invocation.command()) {
      case SCAN -> scan(order, invocation, onReply);
      case KEYS -> new KeysWalk(order, invocation.argument(0), onReply).next();
      case RANDOMKEY -> randomKey(order, invocation, onReply);
      case DBSIZE -> toAll(order, invocation, FanOut::sum, onReply);
      default -> toAll(order, invocation, parts -> parts.values().iterator().next(), onReply);
    }
  }

  private void toAll(
      ShardOrder order,
      Invocation invocation,
      Function<Map<Integer, Reply>, Reply> merge,
      Consumer<Reply> onReply) {
    Gathering gathering = new Gathering(router.shards(), merge, onReply);
    for (int shard = 0; shard < router.shards(); shard++) {
      order.submit(shard, invocation, gathering.part(shard));
    }
  }

  /**
   * One step of a scan over all shards, one shard after the other. The cursor is the shard's own,
   * times the number of shards, plus the shard; 0 begins and ends.
   */
  private void scan(ShardOrder order, Invocation invocation, Consumer<Reply> onReply) {
    OptionalLong parsed = ScanCursor.parse(invocation.argument(0));
    if (parsed.isEmpty()) {
      onReply.accept(INVALID_CURSOR);
      return;
    }
    long cursor = parsed.getAsLong();
    boolean ours =
        Long.compareUnsigned(Long.divideUnsigned(cursor, router.shards()), Limits.SCAN_CURSORS) < 0;
    // One that nobody was given leads to the end: an answer as good as any, and Redis gives one.
    int shard = ours ? (int) Long.remainderUnsigned(cursor, router.shards()) : router.shards() - 1;
    long inner = ours ? Long.divideUnsigned(cursor, router.shards()) : Limits.SCAN_CURSORS - 1;
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
            next = shard + 1 == router.shards() ? 0 : shard + 1L;
          }
          onReply.accept(
              new Reply.Array(List.of(new Reply.Bulk(ascii(next)), step.items().get(1))));
        });
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
    private final byte[] pattern;
    private final Consumer<Reply> onReply;
    // A key may be met twice while the walk goes on.
    private final Map<ByteBuffer, Reply> found = new LinkedHashMap<>();
    private int shard;
    private byte[] cursor = CURSOR_START;

    KeysWalk(ShardOrder order, byte[] pattern, Consumer<Reply> onReply) {
      this.order = order;
      this.pattern = pattern;
      this.onReply = onReply;
    }

    void next() {
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

    private void slice(Reply reply) {
      if (!(reply instanceof Reply.Array step)) {
        onReply.accept(reply);
        return;
      }
      for (Reply key : ((Reply.Array) step.items().get(1)).items()) {
        found.put(ByteBuffer.wrap(((Reply.Bulk) key).value()), key);
      }
      cursor = ((Reply.Bulk) step.items().get(0)).value();
      if (number(step.items().get(0)) == 0) {
        shard++;
      }
      if (shard < router.shards()) {
        next();
        return;
      }
      onReply.accept(new Reply.Array(List.copyOf(found.values())));
    }
  }

  /** A key of the first shard that has one, beginning with another shard each time. */
  private void randomKey(ShardOrder order, Invocation invocation, Consumer<Reply> onReply) {
    int first = randomKeyShard++ % router.shards();
    toAll(
        order,
        invocation,
        parts -> {
          for (int i = 0; i < router.shards(); i++) {
            Reply part = parts.get((first + i) % router.shards());
            if (part instanceof Reply.Bulk) {
              return part;
            }
          }
          return Reply.NIL;
        },
        onReply);
  }

  /** Waits for the parts of one command. */
  private static final class Gathering {
    private final Map<Integer, Reply> parts = new TreeMap<>();
    private final Function<Map<Integer, Reply>, Reply> merge;
    private final Consumer<Reply> onReply;
    private int missing;

    Gathering(int missing, Function<Map<Integer, Reply>, Reply> merge, Consumer<Reply> onReply) {
      this.missing = missing;
      this.merge = merge;
      this.onReply = onReply;
    }

    Consumer<Reply> part(int shard) {
      return reply -> {
        parts.put(shard, reply);
        missing--;
        if (missing == 0) {
          onReply.accept(whole());
        }
      };
    }

    private Reply whole() {
      for (Reply part : parts.values()) {
        if (part instanceof Reply.Failure) {
          return part;
        }
      }
      return merge.apply(parts);
    }
  }
}
