package io.shardwell.jepsen.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.shardwell.jepsen.NodesInThisJvm;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tag;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.jspecify.annotations.Nullable;

/**
 * Shows that Shardwell answers as Redis 7.0 does, by sending both the same random commands, legal
 * and illegal, in both protocol versions, and comparing every answer and the state at the end. What
 * may differ is the table of docs/compatibility.md. Skipped where there is no redis-server.
 */
class RedisDifferentialProperties {
  private static @Nullable RedisServer redis;
  private static @Nullable NodesInThisJvm one;
  private static @Nullable NodesInThisJvm three;

  private static final KnownDifferences KNOWN = KnownDifferences.read();

  @BeforeContainer
  static void start() throws Exception {
    if (RedisServer.program().isPresent()) {
      redis = RedisServer.start(RedisServer.program().orElseThrow());
      one = new NodesInThisJvm(1, 4);
      three = new NodesInThisJvm(3, 4);
    }
  }

  @AfterContainer
  static void stop() throws Exception {
    if (redis != null) {
      redis.close();
    }
    for (NodesInThisJvm nodes : new NodesInThisJvm[] {one, three}) {
      if (nodes != null) {
        nodes.close();
      }
    }
  }

  @Provide
  Arbitrary<List<Request>> sequences() {
    return new RandomRequests().sequences();
  }

  @Property(tries = 95, seed = "1")
  void oneNodeAnswersAsRedis(
      @ForAll("sequences") List<Request> drawn, @ForAll @IntRange(min = 2, max = 3) int protocol)
      throws Exception {
    same(one, 0, drawn, protocol);
  }

  @Property(tries = 15, seed = "2")
  void anyNodeOfThreeAnswersAsRedis(
      @ForAll("sequences") List<Request> drawn,
      @ForAll @IntRange(min = 2, max = 3) int protocol,
      @ForAll @IntRange(max = 2) int node)
      throws Exception {
    same(three, node, drawn, protocol);
  }

  @Tag("chaos")
  @Property(tries = 1000)
  void oneNodeAnswersAsRedisForLong(
      @ForAll("sequences") List<Request> drawn, @ForAll @IntRange(min = 2, max = 3) int protocol)
      throws Exception {
    same(one, 0, drawn, protocol);
  }

  @Tag("chaos")
  @Property(tries = 100)
  void anyNodeOfThreeAnswersAsRedisForLong(
      @ForAll("sequences") List<Request> drawn,
      @ForAll @IntRange(min = 2, max = 3) int protocol,
      @ForAll @IntRange(max = 2) int node)
      throws Exception {
    same(three, node, drawn, protocol);
  }

  private static void same(
      @Nullable NodesInThisJvm nodes, int node, List<Request> drawn, int protocol)
      throws Exception {
    assumeTrue(redis != null, RedisServer.WHY_SKIPPED);
    int theirs = Objects.requireNonNull(redis).port();
    int ours = Objects.requireNonNull(nodes).port(node);
    List<Request> requests = RandomRequests.placed(drawn, Instant.now().getEpochSecond());
    try (SideBySide both = new SideBySide(theirs, ours, protocol, KNOWN)) {
      assertThat(both.firstDifference(requests)).isEmpty();
      // A known difference ends what the sequence has built up: it must stay rare.
      assertThat(both.tolerated()).isLessThanOrEqualTo(1 + requests.size() / 10);
    }
  }
}
