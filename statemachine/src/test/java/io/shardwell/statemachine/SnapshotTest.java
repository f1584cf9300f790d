package io.shardwell.statemachine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/**
 * Shows that a snapshot is the state, whole and in small chunks, and that anything else is refused.
 */
class SnapshotTest {
  @Test
  void chunksAreSmallAndALargeValueTravelsAlone() {
    Shard shard = new Shard();
    for (int i = 0; i < 50; i++) {
      shard.write("SET", "k" + i, "x".repeat(100_000));
    }
    shard.write("SET", "large", "x".repeat(3_000_000));
    List<byte[]> chunks = shard.state.takeSnapshot();
    assertThat(chunks.stream().filter(c -> c.length > Limits.MAX_CHUNK_BYTES)).hasSize(1);
    assertThat(chunks.stream().filter(c -> c.length > 3_000_100)).isEmpty();
    assertThat(chunks).hasSizeBetween(7, 12);
    ShardState restored = new ShardState();
    restored.installSnapshot(chunks);
    assertThat(restored.digest()).isEqualTo(shard.state.digest());
    assertThat(restored.lastAppliedIndex()).isEqualTo(shard.index);
    assertThat(restored.takeSnapshot().toArray(byte[][]::new))
        .isDeepEqualTo(chunks.toArray(byte[][]::new));
  }

  @Test
  void anEmptyShardHasASnapshot() {
    ShardState restored = filled();
    restored.installSnapshot(new ShardState().takeSnapshot());
    assertThat(restored.digest()).isEqualTo(new ShardState().digest());
    assertThat(restored.stats()).isEqualTo(new ShardState().stats());
  }

  @Test
  void chunksMustBeAllThereAndInOrder() {
    Shard shard = new Shard();
    for (int i = 0; i < 30; i++) {
      shard.write("SET", "k" + i, "x".repeat(100_000));
    }
    List<byte[]> chunks = shard.state.takeSnapshot();
    assertThat(chunks).hasSizeGreaterThan(2);
    List<byte[]> swapped = new ArrayList<>(chunks);
    swapped.set(1, chunks.get(2));
    swapped.set(2, chunks.get(1));
    refuses(swapped, "chunk 2 in the place of chunk 1");
    refuses(chunks.subList(0, chunks.size() - 1), "no end");
    refuses(chunks.subList(1, chunks.size()), "chunk 1 in the place of chunk 0");
    refuses(List.of(), "no end");
    List<byte[]> twice = new ArrayList<>(chunks);
    twice.addAll(chunks);
    refuses(twice, "in the place of");
  }

  @Property(tries = 400)
  void damageIsFound(@ForAll int at, @ForAll byte value) {
    ShardState state = filled();
    byte[] chunk = state.takeSnapshot().get(0);
    byte[] damaged = chunk.clone();
    int position = Math.floorMod(at, chunk.length);
    damaged[position] = value;
    ShardState other = new ShardState();
    if (damaged[position] == chunk[position]) {
      other.installSnapshot(List.of(damaged));
      assertThat(other.digest()).isEqualTo(state.digest());
    } else {
      assertThatThrownBy(() -> other.installSnapshot(List.of(damaged)))
          .isInstanceOf(MalformedBytesException.class);
      assertThat(other.digest()).as("unchanged").isEqualTo(new ShardState().digest());
    }
  }

  private static ShardState filled() {
    Shard shard = new Shard();
    shard.write("MSET", "a", "1", "b", "2");
    shard.write("SET", "c", "3", "PX", "500");
    shard.state.apply(++shard.index, Proposal.retireSession(shard.stamp, "n9", 4));
    BatchBuilder unacknowledged = new BatchBuilder();
    unacknowledged.add(Shard.call("GET", "a"));
    byte[] batch = unacknowledged.build(new SessionKey("n2", -3, 0), 1, 0);
    shard.state.apply(++shard.index, Proposal.batch(shard.stamp, batch));
    return shard.state;
  }

  private static void refuses(List<byte[]> chunks, String why) {
    ShardState state = filled();
    long before = state.digest();
    assertThatThrownBy(() -> state.installSnapshot(chunks))
        .isInstanceOf(MalformedBytesException.class)
        .hasMessageContaining(why);
    assertThat(state.digest()).as("unchanged").isEqualTo(before);
    state.check();
  }
}
