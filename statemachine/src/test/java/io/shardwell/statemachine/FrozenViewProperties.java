package io.shardwell.statemachine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.jspecify.annotations.Nullable;

/**
 * Shows that a frozen view is the state of its moment, whatever happens to the state while the view
 * is written piece by piece, and that the state takes no notice: by random histories, beside a list
 * of entries that is copied when the view begins, and beside a replica that is never frozen.
 */
class FrozenViewProperties {
  private static final int KEYS = 400;

  @Property(tries = 60, edgeCases = EdgeCasesMode.NONE)
  void aSnapshotIsTheStateOfItsMoment(@ForAll long seed, @ForAll EvictionPolicy policy) {
    History history = new History(new Random(seed), policy);
    history.fill();
    for (int step = 0; step < 60; step++) {
      history.step();
      history.writeSome();
    }
    history.finishView();
    history.live.check();
  }

  /** One shard, its unfrozen twin, what both should be, and at most one view under way. */
  private static final class History {
    private final Random random;
    private final EvictionPolicy policy;
    private final ShardState live = new ShardState();
    private final ShardState twin = new ShardState();
    private final NaiveMemory model = new NaiveMemory(Limits.MAX_SINKING_VICTIMS);
    private long clock = 1_000_000;
    private long index;
    private long sequence;
    private long revision;

    private @Nullable FrozenShard view;
    private List<byte[]> chunks = new ArrayList<>();
    private NaiveStore modelThen = new NaiveStore();
    private long digestThen;
    private ShardStats statsThen = new ShardState().stats();
    private MemoryLimit limitThen = MemoryLimit.NONE;

    History(Random random, EvictionPolicy policy) {
      this.random = random;
      this.policy = policy;
    }

    void fill() {
      List<List<String>> calls = new ArrayList<>();
      for (int i = random.nextInt(KEYS); i > 0; i--) {
        calls.add(List.of("SET", key(), value()));
      }
      write(calls);
      freeze();
    }

    void step() {
      switch (random.nextInt(20)) {
        case 0 -> write(List.of(List.of("FLUSHALL")));
        case 1 -> limit();
        case 2, 3 -> touch();
        case 4 -> {
          clock += random.nextInt(3000);
          apply(Proposal.tick(clock));
        }
        case 5 -> freeze();
        case 6 -> write(deletions());
        default -> write(calls());
      }
      assertThat(live.digest()).isEqualTo(twin.digest());
      assertThat(live.stats()).isEqualTo(twin.stats());
      assertThat(contentOf(live)).isEqualTo(contentOf(model.store()));
    }

    private List<List<String>> calls() {
      List<List<String>> calls = new ArrayList<>();
      for (int i = random.nextInt(30); i > 0; i--) {
        calls.add(
            switch (random.nextInt(6)) {
              case 0 -> List.of("DEL", key());
              case 1 -> List.of("PEXPIRE", key(), String.valueOf(1 + random.nextInt(3000)));
              case 2 -> List.of("APPEND", key(), value());
              case 3 -> List.of("RENAME", key(), key());
              default -> List.of("SET", key(), value());
            });
      }
      return calls;
    }

    /** Enough of them that pages are merged. */
    private List<List<String>> deletions() {
      List<List<String>> calls = new ArrayList<>();
      for (int i = 0; i < KEYS / 2; i++) {
        calls.add(List.of("DEL", key()));
      }
      return calls;
    }

    private void write(List<List<String>> calls) {
      sequence++;
      List<Invocation> invocations = calls.stream().map(Shard::call).toList();
      byte[] entry = Shard.batch(clock, sequence, Math.max(0, sequence - 3), invocations);
      model.beginEntry(clock);
      for (List<String> call : calls) {
        if (call.get(0).equals("FLUSHALL")) {
          model.store().keys().forEach(model.store()::remove);
        } else {
          model.execute(call);
        }
      }
      model.endEntry();
      applyBoth(entry);
    }

    private void limit() {
      long bytes = random.nextInt(40_000);
      model.beginEntry(clock);
      model.setLimit(bytes, policy);
      model.endEntry();
      applyBoth(Proposal.memoryLimit(clock, new MemoryLimit(++revision, bytes, policy)));
    }

    private void touch() {
      TouchBuilder touches = new TouchBuilder();
      List<String> lastUses = new ArrayList<>();
      for (int i = random.nextInt(20); i > 0; i--) {
        String key = key();
        touches.add(Hash.of(key.getBytes(StandardCharsets.ISO_8859_1)));
        lastUses.remove(key);
        lastUses.add(key);
      }
      model.beginEntry(clock);
      lastUses.forEach(model.store()::use);
      model.endEntry();
      applyBoth(Proposal.touch(clock, touches));
    }

    private void apply(byte[] entry) {
      model.beginEntry(clock);
      model.endEntry();
      applyBoth(entry);
    }

    private void applyBoth(byte[] entry) {
      index++;
      assertThat(live.apply(index, entry)).isEqualTo(twin.apply(index, entry));
    }

    private String key() {
      return "k" + random.nextInt(KEYS);
    }

    private String value() {
      return "v".repeat(random.nextInt(4) == 0 ? random.nextInt(300) : random.nextInt(20));
    }

    private void freeze() {
      view = live.freeze(100 + random.nextInt(random.nextBoolean() ? 200 : 100_000));
      chunks = new ArrayList<>();
      modelThen = model.store().copy();
      digestThen = live.digest();
      statsThen = live.stats();
      limitThen = live.memoryLimit();
    }

    /** Sometimes nothing, sometimes all, mostly a little. */
    void writeSome() {
      FrozenShard current = view;
      if (current == null) {
        return;
      }
      int records = random.nextInt(10) == 0 ? 10_000 : random.nextInt(30);
      byte[] chunk = current.write(records);
      if (chunk != null) {
        chunks.add(chunk);
        checkIfComplete(current);
      }
    }

    void finishView() {
      FrozenShard current = view;
      while (current != null && current == view) {
        byte[] chunk = current.write(100);
        if (chunk != null) {
          chunks.add(chunk);
          checkIfComplete(current);
        }
      }
    }

    private void checkIfComplete(FrozenShard current) {
      if (chunks.size() < current.chunkCount()) {
        return;
      }
      view = null;
      assertThat(current.keptPages()).isZero();
      ShardState restored = new ShardState();
      restored.installSnapshot(chunks);
      restored.check();
      assertThat(restored.digest()).isEqualTo(digestThen);
      assertThat(restored.lastAppliedIndex()).isEqualTo(current.index());
      assertThat(restored.stats()).isEqualTo(statsThen);
      assertThat(restored.memoryLimit()).isEqualTo(limitThen);
      assertThat(contentOf(restored)).isEqualTo(contentOf(modelThen));
    }

    private static Map<String, String> contentOf(ShardState state) {
      Map<String, String> content = new TreeMap<>();
      for (String key : ShardStateProperties.texts(state.read(Shard.call("KEYS", "*"), 0))) {
        content.put(
            key,
            state.read(Shard.call("PEXPIRETIME", key), 0)
                + ShardStateProperties.text(state.read(Shard.call("GET", key), 0)));
      }
      return content;
    }

    private static Map<String, String> contentOf(NaiveStore store) {
      Map<String, String> content = new TreeMap<>();
      for (String key : store.keys()) {
        content.put(
            key,
            store.execute(store.logTime(), List.of("PEXPIRETIME", key))
                + ShardStateProperties.text(store.execute(store.logTime(), List.of("GET", key))));
      }
      return content;
    }
  }

  /**
   * Shows the same for the table alone, where hashes crowd under one prefix too, and that only
   * pages changed ahead of the visit are held twice.
   */
  @Property(tries = 120, edgeCases = EdgeCasesMode.NONE)
  void aViewOfTheTableIsTheTableOfItsMoment(
      @ForAll long seed, @ForAll @IntRange(max = 3) int crowding) {
    Random random = new Random(seed);
    KeyTable table = new KeyTable();
    TreeMap<Integer, Long> model = new TreeMap<>();
    FrozenTable view = table.freeze();
    TreeMap<Integer, Long> modelThen = new TreeMap<>();
    TreeMap<Integer, Long> seen = new TreeMap<>();
    long changes = 0;
    int phase = 0;
    for (long time = 1; time < 3000; time++) {
      phase = time % 500 == 0 ? random.nextInt(3) : phase;
      int number = random.nextInt(1000);
      byte[] key = String.valueOf(number).getBytes(StandardCharsets.UTF_8);
      long hash = TableProperties.hash(number, crowding);
      boolean present = table.seek(key, hash);
      if (phase == 0 || (phase == 1 && random.nextBoolean())) {
        byte[] value = String.valueOf(time).getBytes(StandardCharsets.UTF_8);
        if (present) {
          table.replace(key, value, Keyspace.NO_DEADLINE, time, time);
        } else {
          table.insert(hash, key, value, Keyspace.NO_DEADLINE, time, time);
        }
        model.put(number, time);
        changes++;
      } else if (present) {
        table.remove();
        model.remove(number);
        changes++;
      }
      assertThat((long) view.keptPages()).isLessThanOrEqualTo(2 * changes);
      boolean more = true;
      for (int i = random.nextInt(3); i > 0 && more; i--) {
        more = view.next();
        if (more) {
          assertThat(seen.put(numberAt(view), view.version())).as("once").isNull();
        }
      }
      if (!more) {
        assertThat(seen).isEqualTo(modelThen);
      }
      if (!more || random.nextInt(1000) == 0) {
        view = table.freeze();
        modelThen = new TreeMap<>(model);
        seen = new TreeMap<>();
        changes = 0;
      }
    }
    while (view.next()) {
      seen.put(numberAt(view), view.version());
    }
    assertThat(seen).isEqualTo(modelThen);
    table.check();
  }

  /** The key there, a number; its value is as old as its version. */
  private static int numberAt(FrozenTable view) {
    int valueFrom = EntryRecord.valueFrom(view.array(), view.from());
    int to = view.from() + view.length();
    assertThat(new String(view.array(), valueFrom, to - valueFrom, StandardCharsets.UTF_8))
        .isEqualTo(String.valueOf(view.version()));
    byte[] key = EntryRecord.key(view.array(), view.from());
    return Integer.parseInt(new String(key, StandardCharsets.UTF_8));
  }

  /** Shows that the number of chunks suffices for any mix of sizes, and is not far from needed. */
  @Property(tries = 60, edgeCases = EdgeCasesMode.NONE)
  void theNumberOfChunksSuffices(@ForAll long seed) {
    Random random = new Random(seed);
    Shard shard = new Shard();
    int typical = 1 << (8 + random.nextInt(14));
    long bytes = 0;
    for (int i = 0; i < 60 && bytes < 12_000_000; i++) {
      int length = random.nextInt(4) == 0 ? random.nextInt(1_500_000) : random.nextInt(typical);
      shard.write("SET", "k" + i, "x".repeat(length));
      bytes += length;
    }
    FrozenShard view = shard.state.freeze(Limits.MAX_CHUNK_BYTES);
    List<byte[]> chunks = new ArrayList<>();
    while (chunks.size() < view.chunkCount()) {
      byte[] chunk = view.write(1 + random.nextInt(20));
      if (chunk != null) {
        chunks.add(chunk);
      }
    }
    long total = chunks.stream().mapToLong(c -> c.length).sum();
    assertThat(total).isBetween(bytes, view.mostBytes());
    assertThat(chunks.size()).isLessThanOrEqualTo((int) (2 * total / Limits.MAX_CHUNK_BYTES + 2));
    ShardState restored = new ShardState();
    restored.installSnapshot(chunks);
    assertThat(restored.digest()).isEqualTo(shard.state.digest());
  }
}
