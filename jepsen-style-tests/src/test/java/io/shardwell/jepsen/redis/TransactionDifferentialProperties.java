package io.shardwell.jepsen.redis;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterContainer;

/**
 * Shows that transactions answer as those of Redis 7.0: two clients of each take random turns with
 * WATCH, MULTI, EXEC and what belongs between, legal or not, on a few keys, and every answer is
 * compared. Keys come and go, also between WATCH and EXEC. Skipped where there is no redis-server.
 */
class TransactionDifferentialProperties {
  private static final int TURNS = 60;

  private static final BesideRedis SERVERS = new BesideRedis(1, 1);

  @AfterContainer
  static void stop() throws Exception {
    SERVERS.close();
  }

  @Property(tries = 60, seed = "3")
  void transactionsAnswerAsThoseOfRedis(
      @ForAll long seed, @ForAll @IntRange(min = 2, max = 3) int protocol) throws Exception {
    Random random = new Random(seed);
    int peer = SERVERS.redisPort();
    int own = SERVERS.port(0);
    try (WireConnection redisA = new WireConnection(peer);
        WireConnection redisB = new WireConnection(peer);
        WireConnection ownA = new WireConnection(own);
        WireConnection ownB = new WireConnection(own)) {
      for (WireConnection each : List.of(redisA, redisB, ownA, ownB)) {
        each.call("HELLO", Integer.toString(protocol));
        each.call("FLUSHALL");
      }
      List<String> story = new ArrayList<>();
      for (int turn = 0; turn < TURNS; turn++) {
        List<String> words = command(random);
        boolean first = random.nextInt(3) > 0;
        WireConnection theirs = first ? redisA : redisB;
        WireConnection ours = first ? ownA : ownB;
        theirs.send(words);
        ours.send(words);
        WireReply expected = theirs.read();
        WireReply answer = ours.read();
        story.add((first ? "A " : "B ") + words + " -> " + expected);
        assertThat(answer).as("seed %d: %s", seed, String.join("\n", story)).isEqualTo(expected);
      }
    }
  }

  private static List<String> command(Random random) {
    String key = "k" + random.nextInt(3);
    String value = Integer.toString(random.nextInt(100));
    return switch (random.nextInt(22)) {
      case 0, 1, 2 -> List.of("MULTI");
      case 3, 4, 5, 6 -> List.of("EXEC");
      case 7 -> List.of("DISCARD");
      case 8, 9 -> List.of("WATCH", key);
      case 10 -> List.of(random.nextBoolean() ? "UNWATCH" : "RESET");
      case 11 -> random.nextInt(3) == 0 ? wrong(random) : List.of("PING");
      case 12 -> random.nextInt(3) == 0 ? List.of("SET", key) : List.of("ECHO", value);
      case 13 -> List.of("INCR", key);
      case 14 -> List.of("APPEND", key, random.nextInt(4) == 0 ? "x" : value);
      case 15 -> List.of("EXPIRE", key, random.nextInt(4) == 0 ? "never" : "1000");
      case 16 -> List.of("MGET", "k0", "k1", "k2");
      case 17 -> List.of("GET", key);
      case 18, 19 -> List.of(random.nextInt(3) == 0 ? "GETDEL" : "DEL", key);
      default -> List.of("SET", key, value);
    };
  }

  private static List<String> wrong(Random random) {
    return switch (random.nextInt(6)) {
      case 0 -> List.of("EXEC", "x");
      case 1 -> List.of("DISCARD", "x");
      case 2 -> List.of("MULTI", "x");
      case 3 -> List.of("RESET", "x");
      case 4 -> List.of("WATCH");
      default -> List.of("NOSUCHCOMMAND");
    };
  }
}
