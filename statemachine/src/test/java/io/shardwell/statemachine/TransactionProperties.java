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
          boolean exists = together.read("EXISTS", key).equals(Reply.ONE);
          boolean right = random.nextInt(4) > 0;
          holds &= right;
          watched.add(new Transaction.Watched(bytes(key), exists == right, together.index));
        }
      }
      List<Reply> replies = together.write(List.of(new Transaction(watched, calls).toInvocation()));
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
            List.of(new Transaction.Watched(bytes("w"), true, 7)),
            List.of(Shard.call("SET", "k", "v"), Shard.call("MGET", "k", "l")));
    Invocation sent =
        InvocationCodec.decode(InvocationCodec.encode(List.of(transaction.toInvocation()))).get(0);
    assertThat(sent.keys().stream().map(TransactionProperties::text))
        .as("for its shard")
        .containsExactly("w");
    assertThat(Transaction.of(sent).keys().stream().map(TransactionProperties::text))
        .containsExactly("w", "k", "k", "l");
    assertThat(Transaction.of(sent).calls()).hasSize(2);
    assertThat(Invocation.parse(new byte[][] {bytes("TRANSACTION"), bytes("x")}))
        .as("no client's words")
        .isInstanceOf(Invocation.Bad.class);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
