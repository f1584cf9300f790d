package io.shardwell.statemachine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.RandomDistribution;
import net.jqwik.api.Tuple;
import org.jspecify.annotations.Nullable;

/**
 * Shows that sessions make batches take effect exactly once and in order: two nodes of two
 * incarnations and three boots send numbers at random, early, late, twice and empty; a naive memory
 * that forgets nothing says what must come out.
 */
class SessionProperties {
  record Send(
      String node, long incarnation, long boot, int number, int unacknowledged, boolean empty) {}

  record Retire(String node, long incarnation) {}

  /** All that was ever answered to one boot, from number 1 on. */
  private static final class Memory {
    final long boot;
    final List<byte[]> answers = new ArrayList<>();
    long acknowledged;

    Memory(long boot) {
      this.boot = boot;
    }
  }

  @Property(tries = 600, edgeCases = EdgeCasesMode.NONE)
  void batchesTakeEffectOnceAndInOrder(@ForAll("histories") List<Object> history) {
    ShardState state = new ShardState();
    Map<String, Memory> memories = new HashMap<>();
    Set<String> retired = new HashSet<>();
    long increments = 0;
    long index = 0;
    for (Object step : history) {
      index++;
      if (step instanceof Retire retire) {
        byte[] entry = Proposal.retireSession(index, retire.node(), retire.incarnation());
        assertThat(state.apply(index, entry)).isEqualTo(new Outcome.Nothing());
        retired.add(retire.node() + retire.incarnation());
        memories.remove(retire.node() + retire.incarnation());
      } else if (step instanceof Send send) {
        String owner = send.node() + send.incarnation();
        Memory memory = memories.get(owner);
        long acknowledged = Math.max(0, send.number() - 1 - send.unacknowledged());
        Outcome outcome = state.apply(index, proposal(index, send, acknowledged));
        Outcome refusal =
            retired.contains(owner) ? new Outcome.SessionRetired() : refusal(memory, send);
        if (refusal != null) {
          assertThat(outcome).as("%s", send).isEqualTo(refusal);
        } else {
          if (memory == null || memory.boot < send.boot()) {
            memory = new Memory(send.boot());
            memories.put(owner, memory);
          }
          List<Reply> replies = send.empty() ? List.of() : List.of(new Reply.Int(++increments));
          byte[] answer = ReplyCodec.encode(replies);
          memory.answers.add(answer);
          memory.acknowledged = Math.max(memory.acknowledged, acknowledged);
          assertThat(outcome).as("%s", send).isEqualTo(new Outcome.Applied(answer));
        }
      }
      ShardState restored = new ShardState();
      restored.installSnapshot(state.takeSnapshot());
      assertThat(restored.digest()).isEqualTo(state.digest());
      state = index % 3 == 0 ? restored : state;
    }
    Reply count = state.read(Shard.call("GET", "counter"), 0);
    assertThat(count)
        .isEqualTo(increments == 0 ? Reply.NIL : Reply.Bulk.of(String.valueOf(increments)));
    assertThat(state.stats().sessions()).isEqualTo(memories.size());
    assertThat(state.stats().retiredSessions()).isEqualTo(retired.size());
  }

  private static @Nullable Outcome refusal(@Nullable Memory memory, Send send) {
    if (memory == null || send.boot() > memory.boot) {
      return send.number() == 1 ? null : new Outcome.SessionUnknown();
    }
    if (send.boot() < memory.boot) {
      return new Outcome.BootSuperseded(memory.boot);
    }
    int last = memory.answers.size();
    if (send.number() > last + 1) {
      return new Outcome.Gap(last + 1);
    }
    if (send.number() == last + 1) {
      return null;
    }
    return send.number() <= memory.acknowledged
        ? new Outcome.RepliesGone()
        : new Outcome.Repeated(memory.answers.get(send.number() - 1));
  }

  private static byte[] proposal(long stamp, Send send, long acknowledged) {
    SessionKey key = new SessionKey(send.node(), send.incarnation(), send.boot());
    if (send.empty()) {
      return Proposal.batch(stamp, BatchBuilder.empty(key, send.number(), acknowledged));
    }
    BatchBuilder batch = new BatchBuilder();
    batch.add(Shard.call("INCR", "counter"));
    return Proposal.batch(stamp, batch.build(key, send.number(), acknowledged));
  }

  @Provide
  Arbitrary<List<Object>> histories() {
    Arbitrary<String> nodes = Arbitraries.of("n1", "n2");
    Arbitrary<Long> incarnations = Arbitraries.of(1L, -1L);
    Arbitrary<Object> send =
        Combinators.combine(
                nodes,
                incarnations,
                Arbitraries.frequency(Tuple.of(6, 1L), Tuple.of(3, 2L), Tuple.of(1, 3L)),
                Arbitraries.integers().between(1, 6),
                Arbitraries.integers().between(0, 3),
                Arbitraries.of(true, false, false))
            .as(Send::new);
    Arbitrary<Object> retire = Combinators.combine(nodes, incarnations).as(Retire::new);
    return Arbitraries.frequencyOf(Tuple.of(60, send), Tuple.of(1, retire))
        .list()
        .ofMaxSize(80)
        .withSizeDistribution(RandomDistribution.uniform());
  }
}
