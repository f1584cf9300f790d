package io.shardwell.statemachine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/**
 * Shows that versions tell every change of a key and nothing else, and that WATCH, EXEC and IFVER
 * decide by them as a list of entries with numbered changes would: by random histories of writes,
 * reads, transactions, expiry, eviction, touches and FLUSHALL, on a replica and on one that is
 * restored from snapshots now and then.
 */
class VersionProperties {
  private static final List<String> KEYS = List.of("a", "b", "c", "d", "e", "f");
  private static final int STEPS = 60;

  /** What was seen of some keys at one moment, by the shard and by the model. */
  private record Look(
      List<Transaction.Watched> watched,
      Map<String, Long> versions,
      Map<String, Long> changes,
      int flushes) {}

  @Property(tries = 200, edgeCases = EdgeCasesMode.NONE)
  void versionsTellEveryChangeAndNothingElse(@ForAll long seed) {
    History history = new History(new Random(seed));
    for (int step = 0; step < STEPS; step++) {
      history.step();
      history.check();
    }
    history.steady.check();
    history.restored.check();
  }

  /** Else a watched absent key might be taken for changed by another one's removal (Removals). */
  @Example
  void noTwoOfTheKeysShareWhatIsRememberedOfRemovedOnes() {
    Set<Long> groups = new HashSet<>();
    for (String key : KEYS) {
      groups.add(Hash.of(latin(key)) >>> (64 - Integer.numberOfTrailingZeros(Removals.GROUPS)));
    }
    assertThat(groups).hasSameSizeAs(KEYS);
  }

  private static final class History {
    private final Random random;
    private final ShardState steady = new ShardState();
    private ShardState restored = new ShardState();
    private final NaiveMemory model = new NaiveMemory(Limits.MAX_SINKING_VICTIMS);
    private long clock = 1_000_000;
    private long index;
    private long sequence;
    private long revision;
    private int flushes;
    private final List<Look> looks = new ArrayList<>();

    // As of the last check: the numbers of the last changes, and versions.
    private final Map<String, Long> changes = new HashMap<>();
    private final Map<String, Long> versions = new HashMap<>();

    History(Random random) {
      this.random = random;
      KEYS.forEach(key -> changes.put(key, 0L));
      KEYS.forEach(key -> versions.put(key, 0L));
    }

    void step() {
      switch (random.nextInt(16)) {
        case 0 -> restore();
        case 1 -> limit();
        case 2 -> tick();
        case 3 -> touch();
        case 4, 5, 6 -> look();
        default -> batch();
      }
    }

    private void restore() {
      ShardState fresh = new ShardState();
      fresh.installSnapshot(steady.takeSnapshot());
      restored = fresh;
    }

    private void limit() {
      long bytes = random.nextInt(3) == 0 ? 0 : 100 + random.nextInt(600);
      List<EvictionPolicy> policies = List.of(EvictionPolicy.values());
      EvictionPolicy policy = policies.get(random.nextInt(policies.size()));
      model.beginEntry(clock);
      model.setLimit(bytes, policy);
      apply(Proposal.memoryLimit(clock, new MemoryLimit(++revision, bytes, policy)));
    }

    private void tick() {
      clock += random.nextInt(2_000) - 20;
      model.beginEntry(clock);
      apply(Proposal.tick(clock));
    }

    private void touch() {
      String key = KEYS.get(random.nextInt(KEYS.size()));
      TouchBuilder touches = new TouchBuilder();
      touches.add(Hash.of(latin(key)));
      model.beginEntry(clock);
      model.store().use(key);
      apply(Proposal.touch(clock, touches));
    }

    /** WATCH and GETVER of some keys. */
    private void look() {
      List<String> some = KEYS.stream().filter(key -> random.nextInt(3) == 0).toList();
      if (some.isEmpty()) {
        return;
      }
      Invocation.Parsed question =
          Transaction.question(some.stream().map(VersionProperties::latin).toList());
      Invocation watch = ((Invocation.Ok) question).invocation();
      Reply seen = steady.read(watch, clock);
      assertThat(restored.read(watch, clock)).isEqualTo(seen);
      Map<String, Long> itsVersions = new HashMap<>();
      Map<String, Long> itsChanges = new HashMap<>();
      for (String key : some) {
        itsVersions.put(key, version(steady, key));
        itsChanges.put(key, model.store().lastChange(key));
      }
      List<Transaction.Watched> watched = Transaction.watched(watch, (Reply.Array) seen);
      looks.add(new Look(watched, itsVersions, itsChanges, flushes));
    }

    /** One log entry: calls, conditional ones and transactions, in any order. */
    private void batch() {
      clock += random.nextInt(4) == 0 ? random.nextInt(1_500) : random.nextInt(40) - 20;
      model.beginEntry(clock);
      List<Invocation> calls = new ArrayList<>();
      List<Reply> expected = new ArrayList<>();
      for (int i = random.nextInt(3); i >= 0; i--) {
        int kind = random.nextInt(5);
        if (looks.isEmpty() || kind < 2) {
          List<String> words = words(true);
          calls.add(Shard.call(words));
          expected.add(execute(words));
        } else if (kind == 2) {
          conditional(calls, expected);
        } else {
          transaction(calls, expected);
        }
      }
      sequence++;
      byte[] entry = Shard.batch(clock, sequence, sequence - 1, calls);
      Outcome outcome = apply(entry);
      assertThat(ReplyCodec.decode(((Outcome.Applied) outcome).replies())).isEqualTo(expected);
    }

    private void conditional(List<Invocation> calls, List<Reply> expected) {
      Look look = looks.get(random.nextInt(looks.size()));
      List<String> keys = look.versions().keySet().stream().sorted().toList();
      String key = keys.get(random.nextInt(keys.size()));
      long version = look.versions().getOrDefault(key, 0L);
      boolean exists = model.store().keys().contains(key);
      boolean same = model.store().lastChange(key) == look.changes().getOrDefault(key, 0L);
      boolean holds = exists ? version != 0 && same : version == 0;
      if (random.nextBoolean()) {
        calls.add(Shard.call("SET", key, "cas", "IFVER", Long.toString(version)));
        expected.add(holds ? execute(List.of("SET", key, "cas")) : Reply.NIL);
      } else {
        calls.add(Shard.call("DELEX", key, "IFVER", Long.toString(version)));
        expected.add(holds ? execute(List.of("DEL", key)) : Reply.ZERO);
      }
    }

    private void transaction(List<Invocation> calls, List<Reply> expected) {
      Look look = looks.get(random.nextInt(looks.size()));
      List<List<String>> inside = new ArrayList<>();
      for (int i = random.nextInt(4); i >= 0; i--) {
        inside.add(words(false));
      }
      boolean changed =
          look.changes().entrySet().stream()
              .anyMatch(seen -> model.store().lastChange(seen.getKey()) != seen.getValue());
      if (!changed && mayGiveUp(look)) {
        return; // Either answer is right.
      }
      calls.add(
          new Transaction(look.watched(), inside.stream().map(Shard::call).toList())
              .toInvocation());
      if (changed) {
        expected.add(Reply.NIL);
        return;
      }
      if (model.isStuck() && inside.stream().anyMatch(History::mayNeedRoom)) {
        expected.add(Transaction.WITHOUT_ROOM);
        return;
      }
      boolean countsReads = model.countsReads();
      List<Reply> replies = new ArrayList<>();
      for (List<String> words : inside) {
        replies.add(execute(words));
        if (countsReads && words.get(0).equals("GET")) {
          model.store().use(words.get(1));
        }
      }
      expected.add(new Reply.Array(replies));
    }

    private static boolean mayNeedRoom(List<String> words) {
      return Shard.call(words).command().mayNeedRoom();
    }

    /** After FLUSHALL every key that is absent counts as changed, if it was watched before. */
    private boolean mayGiveUp(Look look) {
      return look.flushes() != flushes
          && !model.store().keys().containsAll(look.changes().keySet());
    }

    private Reply execute(List<String> words) {
      flushes += words.get(0).equals("FLUSHALL") ? 1 : 0;
      return model.execute(words);
    }

    private List<String> words(boolean keyless) {
      String key = KEYS.get(random.nextInt(KEYS.size()));
      String other = KEYS.get(random.nextInt(KEYS.size()));
      String number = Integer.toString(random.nextInt(100));
      String millis = Integer.toString(1 + random.nextInt(2_000));
      return switch (random.nextInt(keyless ? 22 : 21)) {
        case 0 -> List.of("GET", key);
        case 1 -> List.of("SET", key, number, "PX", millis);
        case 2 -> List.of("SET", key, number, "NX");
        case 3 -> List.of("SET", key, number, "XX", "KEEPTTL");
        case 4 -> List.of("INCR", key);
        case 5 -> List.of("APPEND", key, "7");
        case 6 -> List.of("SETRANGE", key, "1", random.nextBoolean() ? "" : "5");
        case 7 -> List.of("DEL", key, other);
        case 8 -> List.of("GETDEL", key);
        case 9 -> List.of("GETEX", key);
        case 10 -> List.of("GETEX", key, "PERSIST");
        case 11 -> List.of("GETEX", key, "PX", millis);
        case 12 -> List.of("PEXPIRE", key, Integer.toString(random.nextInt(2_000) - 200));
        case 13 -> List.of("PEXPIRE", key, millis, random.nextBoolean() ? "GT" : "NX");
        case 14 -> List.of("PERSIST", key);
        case 15 -> List.of("RENAME", key, other);
        case 16 -> List.of("RENAMENX", key, other);
        case 17 -> List.of("MSET", key, number, other, number);
        case 18 -> List.of("MSETNX", key, number, other, number);
        case 21 -> List.of(random.nextBoolean() ? "FLUSHALL" : "DBSIZE");
        default -> List.of("SET", key, number);
      };
    }

    private Outcome apply(byte[] entry) {
      model.endEntry();
      index++;
      Outcome outcome = steady.apply(index, entry);
      assertThat(restored.apply(index, entry)).isEqualTo(outcome);
      return outcome;
    }

    void check() {
      assertThat(restored.digest()).isEqualTo(steady.digest());
      NaiveStore store = model.store();
      for (String key : KEYS) {
        long version = version(steady, key);
        assertThat(version(restored, key)).isEqualTo(version);
        assertThat(steady.read(Shard.call("GET", key), clock))
            .isEqualTo(store.execute(clock, List.of("GET", key)));
        assertThat(version > 0).as("version %d of %s", version, key).isEqualTo(exists(key));
        boolean changed = store.lastChange(key) != changes.getOrDefault(key, 0L);
        if (!changed) {
          assertThat(version).as("%s has not changed", key).isEqualTo(versions.get(key));
        } else if (exists(key)) {
          assertThat(version >>> Entries.ORDINAL_BITS).as("of its entry").isEqualTo(index);
        }
        changes.put(key, store.lastChange(key));
        versions.put(key, version);
      }
      assertThat(KEYS.stream().filter(this::exists).sorted(Comparator.comparing(changes::get)))
          .as("the later the change, the greater the version")
          .isSortedAccordingTo(Comparator.comparing(versions::get));
      assertThat(KEYS.stream().filter(this::exists).map(versions::get)).doesNotHaveDuplicates();
    }

    private boolean exists(String key) {
      return model.store().keys().contains(key);
    }

    private static long version(ShardState state, String key) {
      return ((Reply.Int) state.read(Shard.call("GETVER", key), 0)).value();
    }
  }

  private static byte[] latin(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }
}
