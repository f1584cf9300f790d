package io.shardwell.statemachine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/**
 * Shows that a transaction does what its calls do one after the other in one log entry, if its
 * watched keys are what they were, and nothing at all otherwise; on a replica, and on one restored
 * in the middle of the history.
 */
class TransactionProperties {
  private static final String[] KEYS = {"a", "b", "c"};

  @Property(tries = 300)
  void aTransactionDoesWhatItsCallsDo(@ForAll long seed) {
    Random random = new Random(seed);
    Shard together = new Shard();
    Shard apart = new Shard();
    for (int entry = 0; entry < 30; entry++) {
      List<Invocation> calls = calls(random);
      List<Transaction.Watched> watched = new ArrayList<>();
      boolean holds = true;
      for (String key : KEYS) {
        if (random.nextInt(3) == 0) {
          long version = version(together, key);
          boolean right = random.nextInt(4) > 0;
          holds &= right;
          watched.add(new Transaction.Watched(bytes(key), right ? version : version + 1));
        }
      }
      List<Reply> replies = together.write(List.of(new Transaction(watched, calls).invocation()));
      List<Reply> expected = apart.write(holds ? calls : List.of());
      assertThat(replies.get(0))
          .as("seed %d", seed)
          .isEqualTo(holds ? new Reply.Array(expected) : Reply.NIL);
      if (entry == 15) {
        ShardState restored = new ShardState();
        restored.installSnapshot(together.state.takeSnapshot());
        assertThat(restored.digest()).isEqualTo(together.state.digest());
      }
      for (String key : KEYS) {
        for (String question : List.of("GET", "PTTL", "GETVER")) {
          assertThat(together.read(question, key)).isEqualTo(apart.read(question, key));
        }
      }
    }
    together.state.check();
  }

  private static List<Invocation> calls(Random random) {
    List<Invocation> calls = new ArrayList<>();
    for (int i = random.nextInt(5); i >= 0; i--) {
      String key = KEYS[random.nextInt(KEYS.length)];
      String other = KEYS[random.nextInt(KEYS.length)];
      calls.add(
          switch (random.nextInt(9)) {
            case 0 -> Shard.call("GET", key);
            case 1 -> Shard.call("INCR", key);
            case 2 -> Shard.call("APPEND", key, "7");
            case 3 -> Shard.call("DEL", key, other);
            case 4 -> Shard.call("PEXPIRE", key, Integer.toString(random.nextInt(2_000)));
            case 5 -> Shard.call("RENAME", key, other);
            case 6 -> Shard.call("SET", key, "x", "GETVER");
            case 7 -> Shard.call("MGET", key, other);
            default -> Shard.call("SET", key, Integer.toString(random.nextInt(9)));
          });
    }
    return calls;
  }

  @Example
  void itTravelsAsACommandLikeAnyOther() {
    Transaction transaction =
        new Transaction(
            List.of(new Transaction.Watched(bytes("w"), 7)),
            List.of(Shard.call("SET", "k", "v"), Shard.call("MGET", "k", "l")));
    Invocation sent =
        InvocationCodec.decode(InvocationCodec.encode(List.of(transaction.invocation()))).get(0);
    assertThat(sent.keys().stream().map(TransactionProperties::text))
        .containsExactly("w", "k", "k", "l");
    assertThat(Transaction.read(sent).calls()).hasSize(2);
    assertThat(Invocation.parse(new byte[][] {bytes("TRANSACTION"), bytes("x")}))
        .as("no client's words")
        .isInstanceOf(Invocation.Bad.class);
  }

  @Example
  void aKeyThatExpiresHasChanged() {
    Shard shard = new Shard();
    shard.write("SET", "k", "v", "PX", "100");
    long version = version(shard, "k");
    shard.tick(1_000_000);
    Transaction late =
        new Transaction(
            List.of(new Transaction.Watched(bytes("k"), version)),
            List.of(Shard.call("SET", "other", "1")));
    assertThat(shard.write(List.of(late.invocation()))).containsExactly(Reply.NIL);
    assertThat(shard.read("GET", "other")).isEqualTo(Reply.NIL);
  }

  @Example
  void setAndDelexCompareFirst() {
    Shard shard = new Shard();
    assertThat(shard.write("SET", "k", "1", "IFEQ", "1")).isEqualTo(Reply.NIL);
    assertThat(shard.write("SET", "k", "1", "IFNE", "1")).isEqualTo(Reply.OK);
    assertThat(shard.write("SET", "k", "2", "IFNE", "1")).isEqualTo(Reply.NIL);
    assertThat(shard.write("SET", "k", "2", "IFEQ", "1", "GET")).isEqualTo(Reply.Bulk.of("1"));
    long version = version(shard, "k");
    String stale = Long.toString(version - 1);
    assertThat(shard.write("SET", "k", "3", "IFVER", stale)).isEqualTo(Reply.NIL);
    Reply token = shard.write("SET", "k", "3", "IFVER", Long.toString(version), "GETVER");
    assertThat(token).isEqualTo(new Reply.Int(version(shard, "k")));
    assertThat(shard.write("SET", "k", "4", "NX", "GETVER")).isEqualTo(Reply.NIL);
    assertThat(shard.write("SET", "new", "4", "IFVER", "0")).isEqualTo(Reply.OK);
    assertThat(shard.write("SET", "new", "5", "IFVER", "0")).isEqualTo(Reply.NIL);
    for (String[] wrong :
        new String[][] {
          {"SET", "k", "v", "IFEQ"},
          {"SET", "k", "v", "IFEQ", "a", "NX"},
          {"SET", "k", "v", "XX", "IFNE", "a"},
          {"SET", "k", "v", "IFEQ", "a", "IFNE", "b"},
          {"SET", "k", "v", "IFVER", "x"},
          {"SET", "k", "v", "GET", "GETVER"},
          {"DELEX", "k", "IFEQ"},
          {"DELEX", "k", "IFEQ", "a", "b"},
          {"DELEX", "k", "NX", "a"}
        }) {
      assertThat(shard.write(wrong)).as(String.join(" ", wrong)).isEqualTo(Failures.SYNTAX);
    }
    assertThat(shard.write("DELEX", "k", "IFEQ", "9")).isEqualTo(Reply.ZERO);
    assertThat(shard.write("DELEX", "absent", "IFNE", "9")).isEqualTo(Reply.ZERO);
    assertThat(shard.write("DELEX", "k", "IFEQ", "3")).isEqualTo(Reply.ONE);
    assertThat(shard.write("DELEX", "new")).isEqualTo(Reply.ONE);
    shard.write("SET", "k", "1");
    assertThat(shard.write("DELIFEQ", "k", "2")).isEqualTo(Reply.ZERO);
    assertThat(shard.write("DELIFEQ", "k", "1")).isEqualTo(Reply.ONE);
  }

  private static long version(Shard shard, String key) {
    return ((Reply.Int) shard.read("GETVER", key)).value();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
