package io.shardwell.statemachine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What is counted as found and as not found, command by command, as redis-server 7.0.15 counts it:
 * the keys here, {@code a}, {@code b} and {@code e} (empty), and {@code x} that is not there.
 */
final class LookupsTest {
  private static final Invocation SET_A = Shard.call("SET", "a", "ohmytext");

  @ParameterizedTest
  @CsvSource({
    "GET a, 1, 0",
    "GET x, 0, 1",
    "MGET a x b a, 3, 1",
    "EXISTS a x a, 2, 1",
    "TOUCH a x, 1, 1",
    "STRLEN e, 1, 0",
    "STRLEN x, 0, 1",
    "GETRANGE a 5 1, 1, 0",
    "GETRANGE x 0 1, 0, 1",
    "GETRANGE a x y, 0, 0",
    "SUBSTR e 0 1, 1, 0",
    "TTL a, 1, 0",
    "PTTL x, 0, 1",
    "EXPIRETIME a, 1, 0",
    "PEXPIRETIME x, 0, 1",
    "TYPE a, 1, 0",
    "TYPE x, 0, 1",
    "GETBIT e 7, 1, 0",
    "GETBIT x 7, 0, 1",
    "BITCOUNT e, 1, 0",
    "BITPOS x 1, 0, 1",
    "BITFIELD_RO e GET u8 0, 1, 0",
    "LCS a x, 1, 1",
    "GETVER a, 1, 0",
    "DIGEST x, 0, 1",
    "DBSIZE, 0, 0",
    "RANDOMKEY, 0, 0",
    "SCAN 0, 0, 0",
  })
  void readsCountWhatTheyAreAnsweredWith(String line, long hits, long misses) {
    Shard shard = shard();
    Invocation call = Shard.call(line.split(" "));
    Reply reply = shard.state.read(call, shard.stamp);
    assertThat(shard.state.keyHits() + shard.state.keyMisses()).as("not answered yet").isZero();
    shard.state.recordLookups(call, reply);
    assertThat(shard.state.keyHits()).isEqualTo(hits);
    assertThat(shard.state.keyMisses()).isEqualTo(misses);
  }

  @ParameterizedTest
  @CsvSource({
    "GETEX a, 1, 0",
    "GETEX x EX 10, 0, 1",
    "GETDEL a, 1, 0",
    "GETDEL x, 0, 1",
    "GETSET a 1, 1, 0",
    "GETSET x 1, 0, 1",
    "SET a 1, 0, 0",
    "SET a 1 NX, 0, 0",
    "SET a 1 GET, 1, 0",
    "SET x 1 GET, 0, 1",
    "SET a 1 NX GET, 1, 0",
    "SET x 1 XX GET, 0, 1",
    "APPEND a 1, 0, 0",
    "SETRANGE x 1 y, 0, 0",
    "SETBIT a 1 1, 0, 0",
    "INCR x, 0, 0",
    "DEL a x, 0, 0",
    "EXPIRE a 10, 0, 0",
    "PERSIST x, 0, 0",
    "RENAME a c, 0, 0",
    "MSETNX a 1 x 1, 0, 0",
    "BITFIELD e GET u8 0, 1, 0",
    "BITFIELD x GET u8 0 GET u8 8, 0, 1",
    "BITFIELD x GET u8 0 SET u8 0 1, 0, 0",
    "COPY a c, 1, 0",
    "COPY a b, 1, 0",
    "COPY x c, 0, 1",
    "COPY a a, 0, 0",
    "BITOP AND x a b, 2, 0",
    "BITOP AND d a x, 1, 1",
    "BITOP AND x a x, 1, 1",
    "BITOP NOT e x, 0, 1",
  })
  void writesCountWhereTheyAreAnswered(String line, long hits, long misses) {
    Shard shard = shard();
    Outcome outcome = apply(shard, List.of(Shard.call(line.split(" "))));
    assertThat(shard.state.keyHits() + shard.state.keyMisses()).as("a follower").isZero();
    shard.state.recordLookups((Outcome.Applied) outcome);
    assertThat(shard.state.keyHits()).isEqualTo(hits);
    assertThat(shard.state.keyMisses()).isEqualTo(misses);
  }

  /** A batch counts all its calls, those of a transaction too, and nothing of the batch before. */
  @Test
  void aBatchCountsAllItsCalls() {
    Shard shard = shard();
    Outcome unused = apply(shard, List.of(Shard.call("GETEX", "a"), Shard.call("GETEX", "x")));
    Invocation transaction =
        new Transaction(
                List.of(), List.of(Shard.call("GET", "a"), Shard.call("MGET", "b", "x", "y")))
            .toInvocation();
    Outcome.Applied batch =
        (Outcome.Applied) apply(shard, List.of(Shard.call("GETDEL", "b"), transaction));
    assertThat(batch.hits()).isEqualTo(2);
    assertThat(batch.misses()).isEqualTo(3);
  }

  /** Replicas that answer differently, or not at all, are equal all the same. */
  @Test
  void countsAreNoPartOfTheState() {
    Shard asked = shard();
    Shard unasked = shard();
    asked.state.recordLookups(SET_A, Reply.OK);
    asked.state.recordLookups(Shard.call("GET", "a"), asked.read("GET", "a"));
    assertThat(asked.state.keyHits()).isEqualTo(1);
    assertThat(asked.state.digest()).isEqualTo(unasked.state.digest());
    asked.state.installSnapshot(unasked.state.takeSnapshot());
    assertThat(asked.state.keyHits()).isEqualTo(1);
  }

  private static Shard shard() {
    Shard shard = new Shard();
    Outcome unused =
        apply(
            shard, List.of(SET_A, Shard.call("SET", "b", "mynewtext"), Shard.call("SET", "e", "")));
    return shard;
  }

  private static Outcome apply(Shard shard, List<Invocation> calls) {
    shard.sequence++;
    return shard.state.apply(
        ++shard.index, Shard.batch(shard.stamp, shard.sequence, shard.sequence - 1, calls));
  }
}
