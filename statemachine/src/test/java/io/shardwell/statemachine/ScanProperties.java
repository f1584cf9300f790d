package io.shardwell.statemachine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/**
 * Shows that SCAN returns every key that is there throughout, whatever happens between its calls:
 * the table grows and shrinks by thousands of other keys, and each call is answered by one of two
 * replicas, of which one was restored a moment ago.
 */
class ScanProperties {
  @Property(tries = 60)
  void returnsEveryKeyThatStays(
      @ForAll @IntRange(min = 1, max = 300) int staying,
      @ForAll @IntRange(min = 1, max = 60) int count,
      @ForAll @Size(min = 4, max = 30) List<@IntRange(max = 1500) Integer> populations) {
    Shard shard = new Shard();
    Set<String> expected = new HashSet<>();
    for (int i = 0; i < staying; i++) {
      expected.add("stays" + i);
      shard.write("SET", "stays" + i, "v");
    }
    Set<String> found = new HashSet<>();
    String cursor = "0";
    int calls = 0;
    int others = 0;
    do {
      int wanted = populations.get(calls % populations.size());
      others = resize(shard, others, wanted);
      ShardState replica = shard.state;
      if (calls % 2 == 1) {
        replica = new ShardState();
        replica.installSnapshot(shard.state.takeSnapshot());
      }
      Reply.Array reply = scan(replica, cursor, String.valueOf(count));
      cursor = ShardStateProperties.text(reply.items().get(0));
      assertThat(Long.parseLong(cursor)).isBetween(0L, Limits.SCAN_CURSORS - 1);
      Set<String> keys = ShardStateProperties.texts(reply.items().get(1));
      assertThat(((Reply.Array) reply.items().get(1)).items())
          .as("a call returns each key once")
          .hasSize(keys.size());
      found.addAll(keys);
      assertThat(++calls).as("it ends").isLessThan(5_000);
    } while (!cursor.equals("0"));
    assertThat(found).containsAll(expected);
    shard.state.check();
  }

  @Test
  void filtersDoNotMoveTheCursor() {
    Shard shard = new Shard();
    for (int i = 0; i < 100; i++) {
      shard.write("SET", "k" + i, "v");
    }
    Reply.Array all = (Reply.Array) shard.read("SCAN", "0", "COUNT", "20");
    Reply.Array matching = (Reply.Array) shard.read("SCAN", "0", "MATCH", "k1*", "COUNT", "20");
    Reply.Array lists = (Reply.Array) shard.read("SCAN", "0", "COUNT", "20", "TYPE", "list");
    Reply.Array strings =
        (Reply.Array) shard.read("SCAN", "0", "TYPE", "string", "COUNT", "20", "MATCH", "k1*");
    assertThat(((Reply.Array) all.items().get(1)).items()).hasSize(20);
    assertThat(matching.items().get(0)).isEqualTo(all.items().get(0));
    assertThat(ShardStateProperties.texts(matching.items().get(1)))
        .allMatch(k -> k.startsWith("k1"));
    assertThat(lists.items().get(0)).isEqualTo(all.items().get(0));
    assertThat(((Reply.Array) lists.items().get(1)).items()).isEmpty();
    assertThat(strings).isEqualTo(matching);
  }

  @Test
  void errorsAreThoseOfRedis() {
    Shard shard = new Shard();
    assertThat(shard.read("SCAN", "x")).isEqualTo(Failures.INVALID_CURSOR);
    assertThat(shard.read("SCAN", "-1")).isEqualTo(Failures.INVALID_CURSOR);
    assertThat(shard.read("SCAN", String.valueOf(Limits.SCAN_CURSORS)))
        .isEqualTo(Failures.INVALID_CURSOR);
    assertThat(shard.read("SCAN", "0", "COUNT", "0")).isEqualTo(Failures.SYNTAX);
    assertThat(shard.read("SCAN", "0", "COUNT", "x")).isEqualTo(Failures.NOT_AN_INTEGER);
    assertThat(shard.read("SCAN", "0", "COUNT")).isEqualTo(Failures.SYNTAX);
    assertThat(shard.read("SCAN", "0", "BAD", "x")).isEqualTo(Failures.SYNTAX);
    assertThat(shard.read("SCAN", String.valueOf(Limits.SCAN_CURSORS - 1)))
        .isEqualTo(new Reply.Array(List.of(Reply.Bulk.of("0"), new Reply.Array(List.of()))));
  }

  private static int resize(Shard shard, int from, int to) {
    int at = from;
    for (; at < to; at++) {
      shard.write("SET", "other" + at, "v");
    }
    for (; at > to; at--) {
      shard.write("DEL", "other" + (at - 1));
    }
    return at;
  }

  @Test
  void aStepEndsWhateverItsCount() {
    Shard many = new Shard();
    for (int i = 0; i < Limits.MAX_SCAN_COUNT + 100; i++) {
      many.write("SET", "k" + i, "v");
    }
    assertThat(keysOfOneStep(many)).isEqualTo(Limits.MAX_SCAN_COUNT);
    Shard lengthy = new Shard();
    for (int i = 0; i < 2 * Limits.MAX_SCAN_BYTES / Limits.MAX_KEY_BYTES; i++) {
      lengthy.write("SET", "k".repeat(Limits.MAX_KEY_BYTES - 3) + (100 + i), "v");
    }
    assertThat(keysOfOneStep(lengthy)).isEqualTo(Limits.MAX_SCAN_BYTES / Limits.MAX_KEY_BYTES);
  }

  /** A hundred keys of a million steps each: some four in a step of SCAN. */
  @Test
  void aStepEndsWhateverItsPattern() {
    Shard shard = new Shard();
    int keys = 100;
    for (int i = 0; i < keys; i++) {
      shard.write("SET", "a".repeat(2500) + i, "v");
    }
    String pattern = "*" + "a".repeat(500) + "b";
    int steps = 0;
    String cursor = "0";
    do {
      Reply.Array reply =
          (Reply.Array)
              shard.state.read(Shard.call("SCAN", cursor, "MATCH", pattern, "COUNT", "1000000"), 0);
      cursor = new String(((Reply.Bulk) reply.items().get(0)).value(), StandardCharsets.US_ASCII);
      steps++;
    } while (!cursor.equals("0"));
    assertThat(steps).isBetween(keys / 10, keys);
    shard.write("SET", "a".repeat(Limits.MAX_KEY_BYTES), "v");
    String tooDear = "*" + "a".repeat(20_000) + "b";
    assertThat(shard.state.read(Shard.call("KEYS", tooDear), 0))
        .isEqualTo(Failures.PATTERN_TOO_DEAR);
  }

  private static int keysOfOneStep(Shard shard) {
    Reply.Array reply = scan(shard.state, "0", "1000000");
    assertThat(reply.items().get(0)).isNotEqualTo(Reply.Bulk.of("0"));
    return ((Reply.Array) reply.items().get(1)).items().size();
  }

  private static Reply.Array scan(ShardState state, String cursor, String count) {
    return (Reply.Array) state.read(Shard.call("SCAN", cursor, "COUNT", count), 0);
  }
}
