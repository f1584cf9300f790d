package io.shardwell.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A node that does legal random things to its storage on a simulated disk, crashes, and compares
 * what it recovers with a naive model. The model is copied whenever a turn goes to the disk, so
 * what may be found is exactly the copy of the last synced turn or, if one was under way, of that
 * one.
 */
final class RandomNode {
  private static final int GROUPS = 4;

  final Random random;
  final VirtualTime time = new VirtualTime();
  final List<String> faults = new ArrayList<>();
  final StorageLimits limits;
  MemoryDisk disk;
  NodeStorage storage;
  int crashes;
  int recoveries;
  final Seen seen = new Seen();

  private Map<Integer, ModelReplica> live = new TreeMap<>();
  private Map<Integer, ModelReplica> synced = new TreeMap<>();
  private @Nullable Map<Integer, ModelReplica> inFlight;
  // A turn was under way at a crash, and no recovery has come to its end since.
  private boolean mayBeTorn;
  // What was synced one turn before.
  private Map<Integer, ModelReplica> previous = new TreeMap<>();

  // Where each entry was when a turn was done last, by the model's object for it.
  private IdentityHashMap<ModelReplica.Entry, Long> places = new IdentityHashMap<>();

  // Boot numbers: announced durable, and asked for.
  private long durableBoot;
  private long askedBoot;

  // Snapshots by group: index whose durability was announced; indexes that may be complete.
  private final Map<Integer, Long> durable = new TreeMap<>();
  private final Map<Integer, Set<Long>> committing = new TreeMap<>();
  private final Map<Integer, SnapshotWriter> writers = new TreeMap<>();
  private final Map<String, byte[][]> contents = new TreeMap<>();
  private final Map<String, SnapshotManifest> manifests = new TreeMap<>();
  // An install that began and has not discarded the log yet.
  private final Map<Integer, Long> discardDue = new TreeMap<>();

  RandomNode(long seed) throws IOException {
    random = new Random(seed);
    int segment = 1 << (10 + random.nextInt(4));
    limits = new StorageLimits(segment, random.nextInt(3) * segment / 4);
    disk = new MemoryDisk(time, random, new MemoryDisk.Behaviour().latency(0, 100));
    storage = NodeStorage.open(disk, limits, (what, cause) -> faults.add(what));
    storage.saveMetadata(NodeMetadata.empty().withIncarnation(seed));
    opened();
  }

  private void opened() {
    storage.log().onSynced(this::turnSynced);
  }

  private void turnSynced() {
    Map<Integer, ModelReplica> done = inFlight;
    assertThat(done).isNotNull();
    if (done != null) {
      previous = synced;
      synced = done;
      inFlight = null;
      checkPlaces();
      // Forgotten for good; a group that is new in live may have begun a snapshot already.
      durable.keySet().removeIf(g -> !done.containsKey(g) && !live.containsKey(g));
      committing.keySet().removeIf(g -> !done.containsKey(g) && !live.containsKey(g));
    }
  }

  /**
   * An entry that was durable is durable, wherever it was moved to; and each segment's count of
   * what is needed in it is what a naive count says.
   */
  private void checkPlaces() {
    SharedLog log = storage.log();
    Map<Segment, Long> liveBytes = new HashMap<>();
    IdentityHashMap<ModelReplica.Entry, Long> now = new IdentityHashMap<>();
    live.forEach(
        (group, model) -> {
          ReplicaLog replica = log.replica(group);
          ModelReplica durably = synced.get(group);
          for (ModelReplica.Entry entry : model.entries.values()) {
            long end = replica.positionOf(entry.index());
            if (durably != null && entry.equals(durably.entries.get(entry.index()))) {
              assertThat(end).isLessThanOrEqualTo(log.syncedPosition());
            }
            now.put(entry, end);
            if (places.getOrDefault(entry, end) != end) {
              seen.moved++;
            }
            liveBytes.merge(
                log.segments().at(end - 1),
                (long) LogFormat.RECORD_HEADER_BYTES + entry.payload().length,
                Long::sum);
          }
        });
    places = now;
    for (Segment segment : log.segments().all()) {
      assertThat(segment.liveBytes()).isEqualTo(liveBytes.getOrDefault(segment, 0L));
      liveBytes.remove(segment);
    }
    assertThat(liveBytes).isEmpty();
  }

  private static Map<Integer, ModelReplica> copy(Map<Integer, ModelReplica> model) {
    Map<Integer, ModelReplica> copy = new TreeMap<>();
    model.forEach((group, replica) -> copy.put(group, replica.copy()));
    return copy;
  }

  void sync() {
    if (storage.log().startSync()) {
      inFlight = copy(live);
    }
  }

  void settle() {
    do {
      sync();
    } while (time.runNext());
  }

  /** Some random steps and a crash: between two of them, or in the middle of one of the disk's. */
  void liveAndCrash() throws IOException {
    if (random.nextBoolean()) {
      disk.behaviour().dieAfterSteps(random.nextInt(120));
    }
    for (int steps = random.nextInt(200); steps > 0 && !disk.isDead(); steps--) {
      step();
    }
    crashAndRecover();
  }

  /** Steps until a fault. */
  void steps(int count) {
    for (int left = count; left > 0 && faults.isEmpty(); left--) {
      step();
    }
  }

  void step() {
    int choice = random.nextInt(100);
    if (choice < 20) {
      sync();
    } else if (choice < 45) {
      time.runNext();
    } else if (choice < 47) {
      if (storage.log().startIdleMark()) {
        inFlight = copy(live);
      }
    } else if (choice < 49) {
      long boot = ++askedBoot;
      storage.saveMetadata(
          storage.metadata().withBootNumber(boot).withClusterTable(bytes(200)),
          () -> durableBoot = boot);
    } else {
      int group = 1 + random.nextInt(GROUPS);
      ReplicaLog replica = storage.log().replica(group);
      if (!replica.isPurging()) {
        changeGroup(group, replica, live.computeIfAbsent(group, g -> fresh(replica)));
      }
    }
  }

  private ModelReplica fresh(ReplicaLog replica) {
    ModelReplica model = new ModelReplica();
    model.endpoint = bytes(8);
    replica.writeEndpoint(model.endpoint);
    return model;
  }

  private byte[] bytes(int limit) {
    byte[] bytes = new byte[random.nextInt(limit)];
    random.nextBytes(bytes);
    return bytes;
  }

  private void changeGroup(int group, ReplicaLog replica, ModelReplica model) {
    assertThat(replica.lastIndex()).isEqualTo(model.last);
    assertThat(replica.firstIndex()).isEqualTo(model.first);
    int choice = random.nextInt(100);
    if (choice < 8) {
      model.term += random.nextInt(3);
      model.vote = random.nextBoolean() ? bytes(9) : null;
      replica.writeTerm(model.term, model.vote);
    } else if (discardDue.containsKey(group)) {
      Long index = discardDue.remove(group);
      replica.discardLog(index);
      model.discard(index);
    } else if (choice < 55) {
      append(replica, model);
    } else if (choice < 60) {
      long low = Math.max(model.first, protectedIndex(group, model) + 1);
      if (low <= model.last) {
        long index = low + random.nextLong(model.last - low + 1);
        replica.truncateFrom(index);
        model.truncateFrom(index);
      }
    } else if (choice < 64) {
      model.members = bytes(20);
      replica.writeInitialMembers(model.members);
    } else if (choice < 70) {
      readBack(replica, model);
    } else if (choice < 76) {
      beginOwn(group, replica, model);
    } else if (choice < 79) {
      beginInstall(group, replica, model);
    } else if (choice < 90) {
      writeChunkOrCommit(group, replica);
    } else if (choice < 96) {
      long until = Math.min(durable.getOrDefault(group, 0L), model.last);
      if (until >= model.first) {
        long index = model.first + random.nextLong(until - model.first + 1);
        replica.truncateUntil(index);
        model.truncateUntil(index);
      }
    } else if (choice < 99) {
      storage.snapshots().deleteOlderThan(group, durable.getOrDefault(group, 0L));
    } else {
      replica.forget();
      live.remove(group);
      writers.remove(group);
      storage.snapshots().deleteAll(group);
    }
  }

  private void append(ReplicaLog replica, ModelReplica model) {
    for (int count = 1 + random.nextInt(4); count > 0; count--) {
      byte[] payload = bytes(random.nextInt(30) == 0 ? 3000 : 60);
      model.append(model.term, payload);
      replica.appendEntry(model.last, model.term, payload);
      assertThat(replica.positionOf(model.last)).isEqualTo(storage.log().appendedPosition());
    }
  }

  private void readBack(ReplicaLog replica, ModelReplica model) {
    if (model.entries.isEmpty()) {
      return;
    }
    long index = model.first + random.nextLong(model.last - model.first + 1);
    ModelReplica.Entry entry = model.entries.get(index);
    assertThat(entry).isNotNull();
    if (entry != null) {
      assertThat(replica.readEntry(index)).isEqualTo(entry.payload());
      assertThat(replica.termOf(index)).isEqualTo(entry.term());
    }
  }

  /** Entries up to here are covered by an announced snapshot: never truncated from. */
  private long protectedIndex(int group, ModelReplica model) {
    long intent = model.intent == null ? 0 : model.intent.index();
    long install = model.installs.stream().mapToLong(ModelReplica.Install::index).max().orElse(0);
    return Math.max(durable.getOrDefault(group, 0L), Math.max(intent, install));
  }

  private void beginOwn(int group, ReplicaLog replica, ModelReplica model) {
    long low = Math.max(durable.getOrDefault(group, 0L) + 1, model.first);
    boolean installing =
        model.installs.stream().anyMatch(i -> i.index() > durable.getOrDefault(group, 0L));
    if (low > model.last || installing) {
      return;
    }
    long index = low + random.nextLong(model.last - low + 1);
    ModelReplica.Entry entry = model.entries.get(index);
    boolean mayBeComplete = committing.getOrDefault(group, Set.of()).contains(index);
    if (entry == null || mayBeComplete || (model.intent != null && index < model.intent.index())) {
      return;
    }
    SnapshotManifest manifest = begin(group, index, entry.term());
    replica.writeSnapshotIntent(index, entry.term(), manifest.membersView(), manifest.chunkCount());
    model.intent = manifest;
  }

  private void beginInstall(int group, ReplicaLog replica, ModelReplica model) {
    long low = protectedIndex(group, model) + 1;
    long index = low + random.nextLong(Math.max(1, model.last - low + 4));
    SnapshotManifest manifest = begin(group, index, model.term);
    ModelReplica before = model.copy();
    replica.writeInstallBegin(index, model.term, manifest.membersView(), manifest.chunkCount());
    model.installs.add(new ModelReplica.Install(index, before));
    if (random.nextBoolean()) {
      replica.discardLog(index);
      model.discard(index);
    } else {
      discardDue.put(group, index);
    }
  }

  private SnapshotManifest begin(int group, long index, int term) {
    SnapshotWriter old = writers.remove(group);
    if (old != null) {
      old.abandon();
    }
    SnapshotManifest manifest =
        new SnapshotManifest(group, index, term, bytes(10), random.nextInt(4));
    byte[][] chunks = new byte[manifest.chunkCount()][];
    Arrays.setAll(chunks, i -> bytes(300));
    contents.put(group + "/" + index, chunks);
    manifests.put(group + "/" + index, manifest);
    writers.put(group, storage.snapshots().begin(manifest));
    return manifest;
  }

  private void writeChunkOrCommit(int group, ReplicaLog replica) {
    SnapshotWriter writer = writers.get(group);
    if (writer == null) {
      return;
    }
    SnapshotManifest manifest = writer.manifest();
    byte[][] chunks = contentsOf(manifest);
    for (int chunk = 0; chunk < chunks.length; chunk++) {
      if (!writer.isWritten(chunk)) {
        writer.write(chunk, chunks[chunk], () -> {});
        if (random.nextBoolean()) {
          return;
        }
      }
    }
    Set<Long> mayBeComplete = committing.computeIfAbsent(group, g -> new HashSet<>());
    if (mayBeComplete.add(manifest.index())) {
      writer.commit(
          () -> {
            durable.merge(group, manifest.index(), Math::max);
            writers.remove(group, writer);
            assertThat(replica.durableSnapshotIndex()).isGreaterThanOrEqualTo(manifest.index());
          });
    }
  }

  private byte[][] contentsOf(SnapshotManifest manifest) {
    byte[][] chunks = contents.get(manifest.group() + "/" + manifest.index());
    return chunks == null ? new byte[0][] : chunks;
  }

  /** Crashes, reopens, maybe crashes inside recovery again and again, and checks what is found. */
  void crashAndRecover() throws IOException {
    crash();
    disk.behaviour().heal();
    while (true) {
      if (random.nextInt(3) == 0) {
        disk.behaviour().dieAfterSteps(random.nextInt(30));
      }
      try {
        storage = NodeStorage.open(disk, limits, (what, cause) -> faults.add(what));
      } catch (DamagedStorageException | UnknownFormatException e) {
        throw new AssertionError("recovery refuses what a legal crash left", e);
      } catch (IOException crashedInside) {
        crash();
        continue;
      }
      recoveries++;
      disk.behaviour().heal();
      check();
      seen.recovered(storage);
      opened();
      if (random.nextInt(4) != 0) {
        return;
      }
      // What recovery returned is durable, whatever the process before had synced.
      crash();
    }
  }

  /**
   * The storage, opened elsewhere from the same bytes, holds all that is synced here, but for the
   * last turn where that may be cut.
   */
  void assertRecovered(NodeStorage opened, boolean lastTurnMayBeCut) {
    List<String> differences = new ArrayList<>();
    boolean recovered =
        resolve(opened, synced, differences) != null
            || (lastTurnMayBeCut && resolve(opened, previous, differences) != null);
    assertThat(recovered).as("%s", differences).isTrue();
    assertThat(opened.metadata().incarnation()).isEqualTo(storage.metadata().incarnation());
    for (RecoveredReplica replica : opened.recovered().values()) {
      SnapshotManifest snapshot = replica.snapshot();
      if (snapshot != null) {
        readRightOrFault(() -> assertChunks(opened, snapshot));
      }
    }
  }

  /** Every entry and chunk is what was written, or reading it is a fault. */
  void assertReadsRightOrFaults() {
    durable.forEach(
        (group, index) -> {
          SnapshotManifest snapshot = manifests.get(group + "/" + index);
          if (snapshot != null && live.containsKey(group)) {
            readRightOrFault(() -> assertChunks(storage, snapshot));
          }
        });
    live.forEach(
        (group, model) -> {
          ReplicaLog replica = storage.log().replica(group);
          for (ModelReplica.Entry entry : model.entries.values()) {
            readRightOrFault(
                () -> assertThat(replica.readEntry(entry.index())).isEqualTo(entry.payload()));
          }
        });
  }

  private static void readRightOrFault(Runnable read) {
    try {
      read.run();
    } catch (IllegalStateException fault) {
      assertThat(fault).hasMessageMatching("(?s)(fault at|cannot read chunk) .*");
    }
  }

  private void assertChunks(NodeStorage opened, SnapshotManifest snapshot) {
    byte[][] chunks = contentsOf(snapshot);
    assertThat(snapshot.chunkCount()).isEqualTo(chunks.length);
    for (int chunk = 0; chunk < chunks.length; chunk++) {
      assertThat(opened.snapshots().readChunk(snapshot, chunk)).isEqualTo(chunks[chunk]);
    }
  }

  private void crash() {
    crashes++;
    mayBeTorn |= inFlight != null;
    seen.beforeCrash(storage);
    disk = random.nextBoolean() ? disk.crashProcess(time) : disk.crashMachine(time);
    seen.afterCrash(disk);
  }

  private void check() {
    List<String> differences = new ArrayList<>();
    for (Map<Integer, ModelReplica> candidate :
        inFlight == null ? List.of(synced) : List.of(synced, inFlight)) {
      Map<Integer, ModelReplica> resolved = resolve(storage, candidate, differences);
      if (resolved != null) {
        accept(resolved);
        return;
      }
    }
    throw new AssertionError("recovered something else: " + differences);
  }

  private @Nullable Map<Integer, ModelReplica> resolve(
      NodeStorage opened, Map<Integer, ModelReplica> candidate, List<String> differences) {
    Map<Integer, RecoveredReplica> recovered = opened.recovered();
    if (!recovered.keySet().equals(candidate.keySet())) {
      differences.add("groups " + recovered.keySet() + " not " + candidate.keySet());
      return null;
    }
    Map<Integer, ModelReplica> resolved = new TreeMap<>();
    for (RecoveredReplica replica : recovered.values()) {
      int group = replica.group();
      SnapshotManifest snapshot = replica.snapshot();
      long index = snapshot == null ? 0 : snapshot.index();
      long atLeast = durable.getOrDefault(group, 0L);
      if (index != atLeast
          && (index < atLeast || !committing.getOrDefault(group, Set.of()).contains(index))) {
        differences.add("group " + group + " snapshot " + index + " not " + atLeast);
        return null;
      }
      ModelReplica model = candidate.getOrDefault(group, new ModelReplica());
      ModelReplica expected = model.recoveredWith(index, snapshot == null ? 0 : snapshot.term());
      String difference = expected.differenceTo(replica);
      if (difference == null) {
        difference = payloadThatDiffers(expected, opened.log().replica(group));
      }
      if (difference != null) {
        differences.add("group " + group + " " + difference);
        return null;
      }
      resolved.put(group, expected);
    }
    return resolved;
  }

  /** Each entry's bytes are what was written, or reading them is a fault. */
  private static @Nullable String payloadThatDiffers(ModelReplica expected, ReplicaLog log) {
    List<String> differences = new ArrayList<>();
    for (ModelReplica.Entry entry : expected.entries.values()) {
      readRightOrFault(
          () -> {
            if (!Arrays.equals(log.readEntry(entry.index()), entry.payload())) {
              differences.add("payload of entry " + entry.index());
            }
          });
    }
    return differences.isEmpty() ? null : differences.get(0);
  }

  private void accept(Map<Integer, ModelReplica> resolved) {
    assertThat(storage.metadata().bootNumber()).isBetween(durableBoot, askedBoot);
    durableBoot = storage.metadata().bootNumber();
    askedBoot = durableBoot;
    if (!mayBeTorn) {
      assertThat(storage.recoveryNotes()).noneMatch(note -> note.startsWith("cut "));
    }
    mayBeTorn = false;
    previous = new TreeMap<>();
    places = new IdentityHashMap<>();
    live = copy(resolved);
    synced = resolved;
    inFlight = null;
    committing.clear();
    durable.clear();
    writers.clear();
    discardDue.clear();
    for (RecoveredReplica replica : storage.recovered().values()) {
      SnapshotManifest snapshot = replica.snapshot();
      if (snapshot != null) {
        durable.put(replica.group(), snapshot.index());
        assertChunks(storage, snapshot);
      }
    }
    assertThat(faults).isEmpty();
  }
}
