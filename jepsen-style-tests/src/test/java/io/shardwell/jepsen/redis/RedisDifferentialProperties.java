package io.shardwell.jepsen.redis;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tag;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterContainer;

/**
 * Shows that Shardwell answers as Redis 7.0 does, by sending both the same random commands, legal
 * and illegal, in both protocol versions, and comparing every answer and the state at the end. What
 * may differ is the table of docs/compatibility.md. Skipped where there is no redis-server.
 */
class RedisDifferentialProperties {
  private static final BesideRedis ONE = new BesideRedis(1, 4);
  private static final BesideRedis THREE = new BesideRedis(3, 4);
  private static final KnownDifferences KNOWN = KnownDifferences.read();

  @AfterContainer
  static void stop() throws Exception {
    ONE.close();
    THREE.close();
  }

  @Provide
  Arbitrary<List<Request>> sequences() {
    return new RandomRequests().sequences();
  }

  @Property(tries = 95, seed = "1")
  void oneNodeAnswersAsRedis(
      @ForAll("sequences") List<Request> drawn, @ForAll @IntRange(min = 2, max = 3) int protocol)
      throws Exception {
    same(ONE, 0, drawn, protocol);
  }

  @Property(tries = 15, seed = "2")
  void anyNodeOfThreeAnswersAsRedis(
      @ForAll("sequences") List<Request> drawn,
      @ForAll @IntRange(min = 2, max = 3) int protocol,
      @ForAll @IntRange(max = 2) int node)
      throws Exception {
    same(THREE, node, drawn, protocol);
  }

  @Tag("chaos")
  @Property(tries = 1000)
  void oneNodeAnswersAsRedisForLong(
      @ForAll("sequences") List<Request> drawn, @ForAll @IntRange(min = 2, max = 3) int protocol)
      throws Exception {
    same(ONE, 0, drawn, protocol);
  }

  @Tag("chaos")
  @Property(tries = 100)
  void anyNodeOfThreeAnswersAsRedisForLong(
      @ForAll("sequences") List<Request> drawn,
      @ForAll @IntRange(min = 2, max = 3) int protocol,
      @ForAll @IntRange(max = 2) int node)
      throws Exception {
    same(THREE, node, drawn, protocol);
  }

  private static void same(BesideRedis servers, int node, List<Request> drawn, int protocol)
      throws Exception {
    int theirs = servers.redisPort();
    int ours = servers.port(node);
    List<Request> requests = RandomRequests.placed(drawn, Instant.now().getEpochSecond());
    try (SideBySide both = new SideBySide(theirs, ours, protocol, KNOWN)) {
      assertThat(both.firstDifference(requests)).isEmpty();
      // A known difference ends what the sequence has built up: it must stay rare.
      assertThat(both.tolerated()).isLessThanOrEqualTo(1 + requests.size() / 10);
    }
  }
}
