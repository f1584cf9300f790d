package io.shardwell.statemachine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.RandomDistribution;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.Tuple;

/**
 * Shows that a shard answers as a list of entries would, by running random histories on both; and
 * that a replica which is restored from snapshots now and then stays equal to one which is not.
 */
class ShardStateProperties {
  sealed interface Step {}

  record Write(long delta, List<List<String>> calls) implements Step {}

  record Read(long ahead, List<String> call) implements Step {}

  record Tick(long delta) implements Step {}

  record Restore() implements Step {}

  @Property(tries = 800, shrinking = ShrinkingMode.BOUNDED, edgeCases = EdgeCasesMode.NONE)
  void answersAsAListOfEntriesWould(
      @ForAll("histories") List<Step> history, @ForAll("paces") ShardState.Pace pace) {
    NaiveStore model = new NaiveStore();
    ShardState steady = new ShardState(pace);
    ShardState restored = new ShardState(pace);
    long clock = 1_000_000;
    long index = 0;
    long sequence = 0;
    for (Step step : history) {
      if (step instanceof Write write) {
        clock += write.delta();
        sequence++;
        List<Invocation> calls = write.calls().stream().map(Shard::call).toList();
        byte[] proposal = Shard.batch(clock, sequence, Math.max(0, sequence - 3), calls);
        index++;
        Outcome outcome = steady.apply(index, proposal);
        assertThat(restored.apply(index, proposal)).isEqualTo(outcome);
        model.advance(clock);
        List<Reply> expected = new ArrayList<>();
        for (List<String> call : write.calls()) {
          expected.add(model.execute(model.logTime(), call));
        }
        assertThat(outcome).isInstanceOf(Outcome.Applied.class);
        List<Reply> replies = ReplyCodec.decode(((Outcome.Applied) outcome).replies());
        assertThat(replies).as("%s", write).isEqualTo(expected);
      } else if (step instanceof Read read) {
        Invocation call = Shard.call(read.call());
        long stamp = clock + read.ahead();
        Reply expected = model.execute(stamp, read.call());
        assertThat(steady.read(call, stamp)).as("%s", read).isEqualTo(expected);
        assertThat(restored.read(call, stamp)).as("%s", read).isEqualTo(expected);
        boolean keyless = call.command().firstKey() == 0;
        List<String> keys =
            call.keys().stream().map(k -> new String(k, StandardCharsets.ISO_8859_1)).toList();
        boolean due = model.anyDueBy(stamp, keyless ? List.of() : keys);
        assertThat(steady.needsTick(call, stamp)).as("tick for %s", read).isEqualTo(due);
      } else if (step instanceof Tick tick) {
        clock += tick.delta();
        index++;
        assertThat(steady.apply(index, Proposal.tick(clock))).isEqualTo(new Outcome.Nothing());
        restored.apply(index, Proposal.tick(clock));
        model.advance(clock);
      } else {
        List<byte[]> snapshot = steady.takeSnapshot();
        ShardState fresh = new ShardState(pace);
        fresh.installSnapshot(snapshot);
        restored = fresh;
      }
      assertThat(restored.digest()).isEqualTo(steady.digest());
      assertThat(steady.logTimeMillis()).isEqualTo(model.logTime());
      assertThat(restored.stats()).isEqualTo(steady.stats());
      assertThat(restored.nextDeadlineMillis()).isEqualTo(steady.nextDeadlineMillis());
      assertThat(steady.stats().keys()).isEqualTo(model.keys().size());
      Set<String> expectedKeys = new HashSet<>(model.keys());
      assertThat(keysOf(steady)).isEqualTo(expectedKeys);
      assertThat(scanOf(restored)).isEqualTo(expectedKeys);
    }
    steady.check();
    restored.check();
  }

  private static Set<String> keysOf(ShardState state) {
    return texts(state.read(Shard.call("KEYS", "*"), 0));
  }

  private static Set<String> scanOf(ShardState state) {
    Set<String> found = new HashSet<>();
    String cursor = "0";
    do {
      Reply.Array reply = (Reply.Array) state.read(Shard.call("SCAN", cursor, "COUNT", "3"), 0);
      cursor = text(reply.items().get(0));
      found.addAll(texts(reply.items().get(1)));
    } while (!cursor.equals("0"));
    return found;
  }

  static Set<String> texts(Reply array) {
    Set<String> texts = new HashSet<>();
    for (Reply item : ((Reply.Array) array).items()) {
      texts.add(text(item));
    }
    return texts;
  }

  static String text(Reply bulk) {
    return new String(((Reply.Bulk) bulk).value(), StandardCharsets.ISO_8859_1);
  }

  /** From never freeing anything to freeing everything at once. */
  @Provide
  Arbitrary<ShardState.Pace> paces() {
    return Arbitraries.of(
        new ShardState.Pace(0, 0, 0, 1),
        new ShardState.Pace(1, 0, 2, 1),
        ShardState.Pace.PRODUCTION);
  }

  @Provide
  Arbitrary<List<Step>> histories() {
    Arbitrary<Long> delta =
        Arbitraries.frequencyOf(
            Tuple.of(5, Arbitraries.longs().between(-20, 20)),
            Tuple.of(2, Arbitraries.longs().between(0, 2_000)),
            Tuple.of(1, Arbitraries.longs().between(0, 100_000)));
    Arbitrary<Step> write =
        Combinators.combine(delta, writeCall().list().ofMinSize(0).ofMaxSize(4)).as(Write::new);
    Arbitrary<Step> read =
        Combinators.combine(Arbitraries.longs().between(-50, 3_000), readCall()).as(Read::new);
    return Arbitraries.frequencyOf(
            Tuple.of(12, write),
            Tuple.of(6, read),
            Tuple.of(2, delta.map(d -> (Step) new Tick(d))),
            Tuple.of(1, Arbitraries.just((Step) new Restore())))
        .list()
        .ofMinSize(1)
        .ofMaxSize(80)
        .withSizeDistribution(RandomDistribution.uniform());
  }

  private static Arbitrary<String> key() {
    return Arbitraries.of("a", "b", "c", "d", "{t}1", "\u00ff\u0000k", "");
  }

  private static Arbitrary<String> value() {
    return Arbitraries.frequencyOf(
        Tuple.of(3, Arbitraries.of("", "v", "hello", "\u0000\u00ff", "007", "3.5", " 1")),
        Tuple.of(2, Arbitraries.integers().between(-20, 20).map(String::valueOf)),
        Tuple.of(
            1,
            Arbitraries.of("9223372036854775807", "-9223372036854775808", "9223372036854775800")));
  }

  private static Arbitrary<String> number() {
    return Arbitraries.frequencyOf(
        Tuple.of(6, Arbitraries.integers().between(-3, 30).map(String::valueOf)),
        Tuple.of(
            1,
            Arbitraries.of(
                "x",
                "",
                "01",
                "-0",
                "+1",
                "1.0",
                "9223372036854775807",
                "-9223372036854775808",
                "9223372036854775808",
                "9223372036854775",
                "-9223372036854775",
                "9223372036854776",
                "16777216",
                "1000000",
                "999999")));
  }

  /** Times that mean something in seconds and in milliseconds, from now and from the epoch. */
  private static Arbitrary<String> time() {
    return Arbitraries.frequencyOf(
        Tuple.of(4, Arbitraries.integers().between(1, 60).map(String::valueOf)),
        Tuple.of(3, Arbitraries.integers().between(999_900, 1_100_000).map(String::valueOf)),
        Tuple.of(2, Arbitraries.integers().between(990, 1_200).map(String::valueOf)),
        Tuple.of(2, number()));
  }

  private static Arbitrary<List<String>> words(String name, List<Arbitrary<String>> arguments) {
    return Combinators.combine(arguments)
        .as(
            values -> {
              List<String> words = new ArrayList<>();
              words.add(name);
              words.addAll(values);
              return words;
            });
  }

  private static Arbitrary<List<String>> withOptions(
      Arbitrary<List<String>> call, Arbitrary<List<String>> option, int most) {
    return Combinators.combine(call, option.list().ofMaxSize(most))
        .as(
            (words, options) -> {
              List<String> all = new ArrayList<>(words);
              options.forEach(all::addAll);
              return all;
            });
  }

  private static Arbitrary<List<String>> expiryOption() {
    return Combinators.combine(Arbitraries.of("EX", "PX", "EXAT", "PXAT"), time()).as(List::of);
  }

  private static Arbitrary<List<String>> flag(String... flags) {
    return Arbitraries.of(flags).map(List::of);
  }

  private static Arbitrary<List<String>> writeCall() {
    List<Arbitrary<String>> keyOnly = List.of(key());
    List<Arbitrary<String>> keyValue = List.of(key(), value());
    List<Arbitrary<String>> keyNumber = List.of(key(), number());
    List<Arbitrary<String>> keyTime = List.of(key(), time());
    Arbitrary<List<String>> expire =
        Arbitraries.of("EXPIRE", "PEXPIRE", "EXPIREAT", "PEXPIREAT")
            .flatMap(name -> words(name, keyTime));
    return Arbitraries.frequencyOf(
        Tuple.of(
            8,
            withOptions(
                words("SET", keyValue),
                Arbitraries.frequencyOf(
                    Tuple.of(3, expiryOption()),
                    Tuple.of(2, flag("NX", "XX", "GET", "KEEPTTL")),
                    Tuple.of(1, flag("EX", "bad"))),
                2)),
        Tuple.of(4, withOptions(expire, flag("NX", "XX", "GT", "LT", "Q"), 2)),
        Tuple.of(
            2,
            Arbitraries.of("SETEX", "PSETEX")
                .flatMap(name -> words(name, List.of(key(), time(), value())))),
        Tuple.of(1, words("SETNX", keyValue)),
        Tuple.of(1, words("GETSET", keyValue)),
        Tuple.of(1, words("APPEND", keyValue)),
        Tuple.of(1, words("GETDEL", keyOnly)),
        Tuple.of(1, words("PERSIST", keyOnly)),
        Tuple.of(
            2,
            withOptions(
                words("GETEX", keyOnly), Arbitraries.oneOf(expiryOption(), flag("PERSIST")), 1)),
        Tuple.of(1, words("SETRANGE", List.of(key(), number(), value()))),
        Tuple.of(2, Arbitraries.of("INCR", "DECR").flatMap(name -> words(name, keyOnly))),
        Tuple.of(2, Arbitraries.of("INCRBY", "DECRBY").flatMap(name -> words(name, keyNumber))),
        Tuple.of(
            1,
            Arbitraries.of("MSET", "MSETNX")
                .flatMap(name -> words(name, List.of(key(), value(), key(), value())))),
        Tuple.of(
            2, Arbitraries.of("DEL", "UNLINK").flatMap(name -> words(name, List.of(key(), key())))),
        Tuple.of(
            1,
            Arbitraries.of("RENAME", "RENAMENX")
                .flatMap(name -> words(name, List.of(key(), key())))),
        Tuple.of(1, readCall()));
  }

  private static Arbitrary<List<String>> readCall() {
    return Arbitraries.oneOf(
        Arbitraries.of("GET", "STRLEN", "TYPE", "TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME")
            .flatMap(name -> words(name, List.of(key()))),
        Arbitraries.of("MGET", "EXISTS", "TOUCH")
            .flatMap(name -> words(name, List.of(key(), key(), key()))),
        Arbitraries.of("GETRANGE", "SUBSTR")
            .flatMap(name -> words(name, List.of(key(), number(), number()))),
        words("DBSIZE", List.of()));
  }
}
