package io.shardwell.raftgroup.routing;

import static org.assertj.core.api.Assertions.assertThat;

import io.shardwell.raftgroup.VirtualLoop;
import io.shardwell.statemachine.Command;
import io.shardwell.statemachine.Invocation;
import io.shardwell.statemachine.Limits;
import io.shardwell.statemachine.Reply;
import io.shardwell.statemachine.Slots;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;

/**
 * What a client reads of a command that is split over shards never promises more than is true of
 * all parts. Shards are played by the test: each applies its part, refuses it, never gets it, or
 * leaves its fate open, and answers in any order.
 */
class FanOutProperties {

  private static final int SHARDS = 4;
  private static final Reply OUT_OF_MEMORY = new Reply.Failure("OOM no room");

  /** What may become of a part. */
  private enum Fate {
    APPLIED,
    NO_LEADER,
    QUEUE_FULL,
    REFUSED_BY_SHARD,
    UNKNOWN,
    REPLY_LOST;

    Reply reply(int shard, Command command) {
      return switch (this) {
        case APPLIED ->
            switch (command) {
              case MSET, FLUSHALL -> Reply.OK;
              case MGET -> new Reply.Array(List.of(Reply.NIL));
              default -> Reply.ONE;
            };
        case NO_LEADER -> new Reply.Failure("CLUSTERDOWN No leader for shard " + shard);
        case QUEUE_FULL -> RoutingErrors.queueFull(shard);
        case REFUSED_BY_SHARD -> OUT_OF_MEMORY;
        case UNKNOWN -> RoutingErrors.INDETERMINATE;
        case REPLY_LOST -> RoutingErrors.REPLY_LOST;
      };
    }

    boolean mayBeApplied() {
      return this == APPLIED || isUncertain();
    }

    boolean isUncertain() {
      return this == UNKNOWN || this == REPLY_LOST;
    }

    boolean neverReachedShard() {
      return this == NO_LEADER || this == QUEUE_FULL;
    }
  }

  /**
   * An MSET of which one shard had no leader and another applied its part was answered CLUSTERDOWN:
   * "not applied". Whoever repeated it could overwrite somebody's newer value.
   */
  @Example
  void aWriteThatWasAppliedInPartIsNotAnsweredAsIfItWasNot() {
    List<Fate> fates = List.of(Fate.NO_LEADER, Fate.APPLIED, Fate.APPLIED, Fate.APPLIED);
    for (Command command : List.of(Command.MSET, Command.DEL, Command.UNLINK, Command.FLUSHALL)) {
      assertThat(answer(command, fates, new Random(1)))
          .as(command.name())
          .isEqualTo(RoutingErrors.PARTS_INDETERMINATE);
    }
  }

  /** As docs/memory.md says: one shard may be full, and the others have applied their parts. */
  @Example
  void whatAShardRefusesItselfStaysTheAnswer() {
    List<Fate> fates = List.of(Fate.APPLIED, Fate.REFUSED_BY_SHARD, Fate.APPLIED, Fate.APPLIED);
    assertThat(answer(Command.MSET, fates, new Random(1))).isEqualTo(OUT_OF_MEMORY);
  }

  @Property(tries = 2000)
  void anAnswerToAWriteIsTrueOfAllItsParts(@ForAll long seed) {
    Random random = new Random(seed);
    List<Command> writes = List.of(Command.MSET, Command.DEL, Command.UNLINK, Command.FLUSHALL);
    Command command = writes.get(random.nextInt(writes.size()));
    List<Fate> fates = fates(random, Fate.values());
    String answer = code(answer(command, fates, random));
    boolean mayBeApplied = fates.stream().anyMatch(Fate::mayBeApplied);
    switch (answer) {
      case "" -> assertThat(fates).containsOnly(Fate.APPLIED);
      case "CLUSTERDOWN", "TRYAGAIN" -> assertThat(mayBeApplied).as("%s", fates).isFalse();
      case "OOM" -> assertThat(fates).contains(Fate.REFUSED_BY_SHARD).noneMatch(Fate::isUncertain);
      default -> {
        assertThat(answer).isEqualTo("INDETERMINATE");
        assertThat(mayBeApplied).as("%s", fates).isTrue();
        assertThat(fates)
            .as("not all certain")
            .anyMatch(fate -> fate.isUncertain() || fate.neverReachedShard());
      }
    }
    if (fates.stream().anyMatch(Fate::isUncertain)) {
      assertThat(answer).isEqualTo("INDETERMINATE");
    }
  }

  /** It has no effect that anybody could have to know of. */
  @Property(tries = 500)
  void theFirstFailureOfAReadIsItsAnswer(@ForAll long seed) {
    Random random = new Random(seed);
    List<Command> reads = List.of(Command.MGET, Command.EXISTS, Command.DBSIZE);
    Command command = reads.get(random.nextInt(reads.size()));
    List<Fate> fates =
        fates(random, new Fate[] {Fate.APPLIED, Fate.APPLIED, Fate.NO_LEADER, Fate.QUEUE_FULL});
    Reply answer = answer(command, fates, random);
    for (int shard = 0; shard < SHARDS; shard++) {
      if (fates.get(shard) != Fate.APPLIED) {
        assertThat(answer).isEqualTo(fates.get(shard).reply(shard, command));
        return;
      }
    }
    assertThat(answer).isNotInstanceOf(Reply.Failure.class);
  }

  /** Once it was encoded whatever its length, and above 2 GiB halted the node. */
  @Example
  void anMgetIsNotLongerThanOneReplyMayBe() {
    Reply value = new Reply.Bulk(new byte[4 << 20]);
    Reply longest = new Reply.Array(Collections.nCopies(15, value));
    List<Reply> parts = new ArrayList<>(Collections.nCopies(SHARDS, longest));
    Reply.Array fits = (Reply.Array) merged(parts);
    assertThat(fits.items()).hasSize(SHARDS * 15).containsOnly(value);
    parts.set(2, new Reply.Array(Collections.nCopies(19, value)));
    assertThat(merged(parts)).isEqualTo(FanOut.MERGED_TOO_LARGE);
  }

  /** Once each had an eighth of the heap: a pipeline of sixteen ended the process. */
  @Example
  void allKeysUnderWayHaveOneLimit() {
    KeysOfOneShard node = new KeysOfOneShard(2000);
    Walk slow = node.keys();
    slow.slice("5", 10);
    Walk tooMuch = node.keys();
    tooMuch.slice("5", 10);
    assertThat(tooMuch.answers.toString()).contains("ERR too many keys", "more than 2000 bytes");
    slow.slice("0", 1);
    assertThat(slow.answers).hasSize(1);
    assertThat(((Reply.Array) slow.answers.get(0)).items()).hasSize(11);
    Walk failing = node.keys();
    failing.slice("5", 10);
    failing.finish(RoutingErrors.queueFull(0));
    assertThat(failing.answers).containsExactly(RoutingErrors.queueFull(0));
    for (int i = 0; i < 3; i++) {
      Walk alone = node.keys();
      alone.slice("0", 12);
      assertThat(alone.answers).hasSize(1).first().isInstanceOf(Reply.Array.class);
    }
  }

  /** It goes to each shard with every thousand keys: a request of 16 MiB became gigabytes. */
  @Example
  void aPatternThatFitsNoKeyIsGivenUpBeforeAShardIsAsked() {
    KeysOfOneShard node = new KeysOfOneShard(1 << 20);
    List<Reply> answers = new ArrayList<>();
    byte[] longest = new byte[Limits.MAX_PATTERN_BYTES];
    node.router.execute(
        node.order,
        ShardScope.ALL,
        Invocation.of(Command.KEYS, Arrays.copyOf(longest, longest.length + 1)),
        answers::add);
    assertThat(node.asked).isEmpty();
    assertThat(answers).containsExactly(FanOut.PATTERN_TOO_LONG);
    node.router.execute(
        node.order, ShardScope.ALL, Invocation.of(Command.KEYS, longest), answers::add);
    assertThat(node.asked).hasSize(1);
  }

  /** A node with one shard, which the test plays. */
  private static final class KeysOfOneShard {
    private final List<Pending> asked = new ArrayList<>();
    private final ShardOrder order;
    private final Router router;

    KeysOfOneShard(long maxGatheredBytes) {
      VirtualLoop loop = new VirtualLoop();
      Patience patience = new Patience(loop, 1500);
      order = new ShardOrder(1, loop, patience, (shard, part) -> asked.add(part));
      router = new Router(1, loop, patience, List.of(), List.of(), shard -> {}, maxGatheredBytes);
    }

    Walk keys() {
      Walk walk = new Walk(asked);
      Invocation keys = Invocation.of(Command.KEYS, new byte[] {'*'});
      router.execute(order, ShardScope.ALL, keys, walk.answers::add);
      walk.next = asked.remove(0);
      return walk;
    }
  }

  /** One KEYS under way. */
  private static final class Walk {
    private final List<Pending> asked;
    private final List<Reply> answers = new ArrayList<>();
    private @Nullable Pending next;
    private int keys;

    Walk(List<Pending> asked) {
      this.asked = asked;
    }

    /** The shard answers the next slice with so many keys of four letters. */
    void slice(String cursor, int count) {
      List<Reply> found = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        found.add(Reply.Bulk.of("k" + (100 + keys++)));
      }
      finish(new Reply.Array(List.of(Reply.Bulk.of(cursor), new Reply.Array(found))));
    }

    void finish(Reply reply) {
      Objects.requireNonNull(next).finish(reply);
      next = asked.isEmpty() ? null : asked.remove(0);
    }
  }

  /** What is answered to an MGET of which each shard answers this. */
  private static Reply merged(List<Reply> parts) {
    List<byte[]> keys = new ArrayList<>();
    for (int shard = 0; shard < SHARDS; shard++) {
      keys.addAll(
          Collections.nCopies(
              ((Reply.Array) parts.get(shard)).items().size(),
              invocation(Command.MGET).argument(shard)));
    }
    Invocation mget = Invocation.of(Command.MGET, keys.toArray(new byte[0][]));
    return answer(mget, parts, new Random(1));
  }

  /** One for each shard; in half of the tries of two kinds only. */
  private static List<Fate> fates(Random random, Fate[] all) {
    Fate[] kinds =
        random.nextBoolean()
            ? all
            : new Fate[] {all[random.nextInt(all.length)], all[random.nextInt(all.length)]};
    List<Fate> fates = new ArrayList<>();
    for (int shard = 0; shard < SHARDS; shard++) {
      fates.add(kinds[random.nextInt(kinds.length)]);
    }
    return fates;
  }

  /** The code of an error, or nothing. */
  private static String code(Reply reply) {
    return reply instanceof Reply.Failure failure ? failure.text().split(" ", 2)[0] : "";
  }

  private static Reply answer(Command command, List<Fate> fates, Random random) {
    List<Reply> replies = new ArrayList<>();
    for (int shard = 0; shard < SHARDS; shard++) {
      replies.add(fates.get(shard).reply(shard, command));
    }
    return answer(invocation(command), replies, random);
  }

  private static Reply answer(Invocation invocation, List<Reply> replies, Random random) {
    VirtualLoop loop = new VirtualLoop();
    Patience patience = new Patience(loop, 1500);
    TreeMap<Integer, Pending> parts = new TreeMap<>();
    ShardOrder order =
        new ShardOrder(SHARDS, loop, patience, (shard, part) -> parts.put(shard, part));
    Router router = new Router(SHARDS, loop, patience, List.of(), List.of(), shard -> {});
    List<Reply> answers = new ArrayList<>();
    router.execute(order, ShardScope.ALL, invocation, answers::add);
    List<Integer> shards = new ArrayList<>(parts.keySet());
    assertThat(shards).hasSize(SHARDS);
    Collections.shuffle(shards, random);
    for (int shard : shards) {
      assertThat(answers).isEmpty();
      Objects.requireNonNull(parts.get(shard)).finish(replies.get(shard));
    }
    assertThat(answers).hasSize(1);
    return answers.get(0);
  }

  /** With a key in each shard, if it takes keys. */
  private static Invocation invocation(Command command) {
    if (command.spread() == Command.Spread.ALL_SHARDS) {
      return Invocation.of(command);
    }
    List<byte[]> words = new ArrayList<>();
    for (int shard = 0, i = 0; shard < SHARDS; i++) {
      byte[] key = ("k" + i).getBytes(StandardCharsets.UTF_8);
      if (Slots.shardOf(Slots.of(key), SHARDS) == shard) {
        words.add(key);
        for (int j = 1; j < command.keyStep(); j++) {
          words.add(key);
        }
        shard++;
      }
    }
    return Invocation.of(command, words.toArray(new byte[0][]));
  }
}
