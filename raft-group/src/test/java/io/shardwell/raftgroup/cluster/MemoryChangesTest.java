package io.shardwell.raftgroup.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.shardwell.raftgroup.VirtualLoop;
import io.shardwell.raftgroup.replica.SnapshotShadow;
import io.shardwell.statemachine.EvictionPolicy;
import io.shardwell.statemachine.MemoryLimit;
import io.shardwell.statemachine.Reply;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * Shows what becomes of changes of the memory setting on their way to `meta`: applied once whatever
 * is sent twice, answered when decided or when patience ends; and how a budget is dealt out.
 */
class MemoryChangesTest {
  private static final int PATIENCE_MILLIS = 1500;

  private final ClusterTable table =
      new ClusterTable(new TreeMap<>(java.util.Map.of("n1", 11L, "n2", 22L)), 4, 2);
  private final MetaState meta = new MetaState(table);
  private final VirtualLoop loop = new VirtualLoop();
  private final List<byte[]> sent = new ArrayList<>();
  private final List<Reply> replies = new ArrayList<>();
  private boolean leaderKnown = true;
  private long inForce = Long.MAX_VALUE;
  private final MemoryChanges changes = changes(11, 1);
  private long index;

  private MemoryChanges changes(long incarnation, long boot) {
    return new MemoryChanges(
        "n1",
        incarnation,
        boot,
        loop,
        PATIENCE_MILLIS,
        change -> {
          if (leaderKnown) {
            sent.add(change);
          }
          return leaderKnown;
        },
        revision -> inForce >= revision);
  }

  private void apply(byte[] change) {
    assertThat(MetaState.isChange(change)).isTrue();
    meta.apply(++index, change);
  }

  @Test
  void aDecidedChangeIsAnsweredWhenTheShardsGoByItOrPatienceEnds() {
    inForce = 0;
    changes.change(5_000L, null, replies::add);
    changes.patrol(meta.map());
    apply(sent.get(0));
    changes.patrol(meta.map());
    assertThat(replies).isEmpty();
    inForce = meta.map().memory().revision();
    changes.patrol(meta.map());
    assertThat(replies).containsExactly(Reply.OK);

    changes.change(6_000L, null, replies::add);
    changes.patrol(meta.map());
    apply(sent.get(1));
    changes.patrol(meta.map());
    assertThat(replies).hasSize(1);
    assertThat(changes.isIdle()).isFalse();
    loop.run(PATIENCE_MILLIS);
    changes.patrol(meta.map());
    assertThat(replies).containsExactly(Reply.OK, Reply.OK);
    assertThat(changes.isIdle()).isTrue();
  }

  @Test
  void aChangeSentTwiceIsAppliedOnce() {
    changes.change(5_000L, EvictionPolicy.ALLKEYS_LRU, replies::add);
    changes.patrol(meta.map());
    loop.run(300);
    changes.patrol(meta.map());
    assertThat(sent).hasSize(2);
    assertThat(replies).isEmpty();
    apply(sent.get(0));
    changes.patrol(meta.map());
    assertThat(replies).containsExactly(Reply.OK);
    assertThat(changes.isIdle()).isTrue();
    apply(sent.get(1));
    assertThat(meta.map().memory())
        .isEqualTo(new MemoryLimit(1, 5_000, EvictionPolicy.ALLKEYS_LRU));
  }

  @Test
  void onePartCanBeLeftAndTheOrderIsKept() {
    changes.change(5_000L, null, replies::add);
    changes.change(null, EvictionPolicy.VOLATILE_LRU, replies::add);
    changes.patrol(meta.map());
    assertThat(sent).as("one at a time").hasSize(1);
    apply(sent.get(0));
    changes.patrol(meta.map());
    apply(sent.get(1));
    changes.patrol(meta.map());
    assertThat(replies).containsExactly(Reply.OK, Reply.OK);
    assertThat(meta.map().memory())
        .isEqualTo(new MemoryLimit(2, 5_000, EvictionPolicy.VOLATILE_LRU));
  }

  @Test
  void patienceEndsWithWhatIsKnown() {
    leaderKnown = false;
    changes.change(1L, null, replies::add);
    changes.patrol(meta.map());
    loop.run(PATIENCE_MILLIS);
    changes.patrol(null);
    assertThat(replies).containsExactly(MemoryChanges.NO_LEADER);
    leaderKnown = true;
    changes.change(2L, null, replies::add);
    changes.patrol(meta.map());
    loop.run(PATIENCE_MILLIS);
    changes.patrol(meta.map());
    assertThat(replies).containsExactly(MemoryChanges.NO_LEADER, MemoryChanges.INDETERMINATE);
    // A later change that is applied first keeps the given-up one from ever taking effect.
    changes.change(3L, null, replies::add);
    changes.patrol(meta.map());
    apply(sent.get(sent.size() - 1));
    apply(sent.get(0));
    assertThat(meta.map().memory().bytes()).isEqualTo(3);
  }

  @Test
  void whatANodeWasStartedWithCountsOnlyOnce() {
    changes.propose(new MemoryLimit(0, 700, EvictionPolicy.ALLKEYS_LRU));
    changes.patrol(meta.map());
    apply(sent.get(0));
    assertThat(meta.map().memory()).isEqualTo(new MemoryLimit(1, 700, EvictionPolicy.ALLKEYS_LRU));
    MemoryChanges restarted = changes(11, 2);
    restarted.propose(new MemoryLimit(0, 900, EvictionPolicy.NOEVICTION));
    restarted.patrol(meta.map());
    apply(sent.get(1));
    restarted.patrol(meta.map());
    assertThat(restarted.isIdle()).isTrue();
    assertThat(meta.map().memory().bytes()).isEqualTo(700);
  }

  /** Nobody waits for what the node was started with; a client would wait behind it for ever. */
  @Test
  void aClientDoesNotWaitForTheSettingAtTheStartToBeInForce() {
    inForce = 0; // A shard of this node has no leader.
    changes.propose(new MemoryLimit(0, 700, EvictionPolicy.ALLKEYS_LRU));
    changes.change(5_000L, null, replies::add);
    changes.patrol(meta.map());
    apply(sent.get(0));
    changes.patrol(meta.map());
    apply(sent.get(1));
    changes.patrol(meta.map());
    assertThat(replies).isEmpty();
    loop.run(PATIENCE_MILLIS);
    changes.patrol(meta.map());
    assertThat(replies).containsExactly(Reply.OK);
    assertThat(changes.isIdle()).isTrue();
  }

  @Test
  void strangersAreNotHeard() {
    MemoryChanges former = changes(99, 5);
    former.change(1L, null, replies::add);
    former.patrol(meta.map());
    apply(sent.get(0));
    assertThat(meta.map()).isEqualTo(ClusterMap.first(table));
    assertThat(MetaState.isChange(new byte[] {3, 1, 2})).isFalse();
    assertThat(MetaState.isChange(new byte[] {9})).isFalse();
  }

  @Test
  void theMapTravelsWithTheSetting() {
    changes.change(1L << 40, EvictionPolicy.VOLATILE_LRU, replies::add);
    changes.patrol(meta.map());
    apply(sent.get(0));
    assertThat(ClusterMap.decode(meta.map().encode())).isEqualTo(meta.map());
    MetaState restored = new MetaState(table);
    SnapshotShadow shadow = restored.beginInstall();
    shadow.add(Objects.requireNonNull(meta.freeze(1000).write(1)));
    assertThat(restored.map()).isNotEqualTo(meta.map());
    shadow.replaceState();
    assertThat(restored.map()).isEqualTo(meta.map());
  }

  @Test
  void sharesNeverAddUpToMoreThanTheBudgetOfANode() {
    // n1 has all four shards, n2 three, n3 one.
    List<List<String>> members =
        List.of(List.of("n1", "n2"), List.of("n2", "n1"), List.of("n1", "n3"), List.of("n1", "n2"));
    ReplicaLayout layout = new ReplicaLayout(members);
    MemoryLimit budget = new MemoryLimit(7, 1_003, EvictionPolicy.ALLKEYS_LRU);
    MemoryShares shares = MemoryShares.NONE.under(MemoryLimit.NONE, budget, layout);
    for (int shard = 0; shard < 4; shard++) {
      assertThat(shares.limit(shard, budget)).isEqualTo(new MemoryLimit(7, 250, budget.policy()));
    }
    MemoryLimit tiny = new MemoryLimit(8, 2, budget.policy());
    assertThat(shares.under(budget, tiny, layout).limit(0, tiny).bytes())
        .as("a budget is a limit, however small")
        .isEqualTo(1);
    assertThat(MemoryShares.NONE.limit(0, MemoryLimit.NONE).isOn()).isFalse();
  }
}
