package io.shardwell.statemachine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Shows compare-and-set by value, digest and version, one command at a time. */
class ConditionTest {
  private final Shard shard = new Shard();

  private long version(String key) {
    return ((Reply.Int) shard.read("GETVER", key)).value();
  }

  @Test
  void setByValue() {
    assertThat(shard.write("SET", "k", "a", "IFEQ", "")).isEqualTo(Reply.NIL);
    assertThat(shard.write("SET", "k", "a", "IFNE", "a")).isEqualTo(Reply.OK);
    assertThat(shard.write("SET", "k", "b", "IFNE", "a")).isEqualTo(Reply.NIL);
    assertThat(shard.write("SET", "k", "b", "ifeq", "a", "PX", "100")).isEqualTo(Reply.OK);
    assertThat(shard.read("PTTL", "k")).isEqualTo(new Reply.Int(100));
    assertThat(shard.write("SET", "k", "c", "IFEQ", "x", "GET")).isEqualTo(Reply.Bulk.of("b"));
    assertThat(shard.write("SET", "k", "c", "IFEQ", "b", "GET")).isEqualTo(Reply.Bulk.of("b"));
    assertThat(shard.read("GET", "k")).isEqualTo(Reply.Bulk.of("c"));
  }

  @Test
  void setByDigest() {
    assertThat(shard.read("DIGEST", "k")).isEqualTo(Reply.NIL);
    shard.write("SET", "k", "");
    assertThat(shard.read("DIGEST", "k")).isEqualTo(Reply.Bulk.of("2d06800538d394c2"));
    assertThat(shard.write("SET", "k", "v", "IFDNE", "2d06800538d394c2")).isEqualTo(Reply.NIL);
    assertThat(shard.write("SET", "k", "v", "IFDEQ", "2D06800538D394C2")).isEqualTo(Reply.OK);
    assertThat(shard.write("SET", "k", "w", "IFDEQ", "2d06800538d394c2")).isEqualTo(Reply.NIL);
    assertThat(shard.write("SET", "new", "w", "IFDEQ", "2d06800538d394c2")).isEqualTo(Reply.NIL);
    assertThat(shard.write("SET", "new", "w", "IFDNE", "2d06800538d394c2")).isEqualTo(Reply.OK);
    assertThat(shard.write("SET", "k", "w", "IFDEQ", "2d06")).isEqualTo(Failures.BAD_DIGEST);
    assertThat(shard.write("SET", "k", "w", "IFDEQ", "2d06800538d394cg"))
        .isEqualTo(Failures.BAD_DIGEST);
  }

  /** Each change has a version of its own and a greater one, also two in one log entry. */
  @Test
  void setByVersion() {
    assertThat(version("k")).isZero();
    List<Reply> replies =
        shard.write(
            List.of(
                Shard.call("SET", "k", "a", "NX", "GETVER"),
                Shard.call("SET", "k", "b", "NX", "GETVER"),
                Shard.call("DEL", "k"),
                Shard.call("SET", "k", "c", "IFVER", "0", "GETVER")));
    long first = ((Reply.Int) replies.get(0)).value();
    assertThat(replies.get(1)).isEqualTo(Reply.NIL);
    long second = ((Reply.Int) replies.get(3)).value();
    assertThat(second).isGreaterThan(first);
    assertThat(version("k")).isEqualTo(second);
    assertThat(shard.write("SET", "k", "d", "IFVER", "" + first)).isEqualTo(Reply.NIL);
    assertThat(shard.write("SET", "k", "d", "IFVER", "" + second)).isEqualTo(Reply.OK);
    assertThat(shard.write("DELEX", "k", "IFVER", "" + second)).isEqualTo(Reply.ZERO);
    assertThat(shard.write("EXPIRE", "k", "10")).isEqualTo(Reply.ONE);
    assertThat(shard.write("DELEX", "k", "IFVER", "" + version("k"))).isEqualTo(Reply.ONE);
    assertThat(shard.write("SET", "k", "d", "IFVER", "-1")).isEqualTo(Failures.BAD_VERSION);
  }

  @Test
  void deleteByValue() {
    shard.write("MSET", "k", "v", "l", "v", "m", "v");
    assertThat(shard.write("DELEX", "k", "IFEQ", "x")).isEqualTo(Reply.ZERO);
    assertThat(shard.write("DELEX", "k", "IFNE", "v")).isEqualTo(Reply.ZERO);
    assertThat(shard.write("DELEX", "k", "IFEQ", "v")).isEqualTo(Reply.ONE);
    assertThat(shard.write("DELEX", "k", "IFNE", "v")).isEqualTo(Reply.ZERO);
    assertThat(shard.write("DELIFEQ", "l", "x")).isEqualTo(Reply.ZERO);
    assertThat(shard.write("DELIFEQ", "l", "v")).isEqualTo(Reply.ONE);
    assertThat(shard.write("DELEX", "m")).isEqualTo(Reply.ONE);
    assertThat(shard.write("DELEX", "m", "IFEQ")).isEqualTo(Failures.SYNTAX);
    assertThat(shard.write("DELEX", "m", "NX", "v")).isEqualTo(Failures.SYNTAX);
  }

  @Test
  void onlyOneConditionAndOneAnswer() {
    for (String[] words :
        new String[][] {
          {"SET", "k", "v", "NX", "IFEQ", "v"},
          {"SET", "k", "v", "IFEQ", "v", "XX"},
          {"SET", "k", "v", "IFEQ", "v", "IFVER", "1"},
          {"SET", "k", "v", "IFEQ"},
          {"SET", "k", "v", "GET", "GETVER"},
          {"SET", "k", "v", "GETVER", "GET"}
        }) {
      assertThat(shard.write(words)).isEqualTo(Failures.SYNTAX);
    }
    assertThat(shard.read("EXISTS", "k")).isEqualTo(Reply.ZERO);
  }
}
