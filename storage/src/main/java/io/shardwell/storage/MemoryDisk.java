package io.shardwell.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A simulated disk: deterministic, without threads. One thread (the simulation, or the loop of an
 * embedded node) calls everything.
 *
 * <p>It keeps only the promises of {@link Disk}: what was not synced may be torn at any byte, lost,
 * or survive without what was written before it; a name that was not synced with its folder may be
 * gone or be the old one again. A submitted operation takes effect when its time is up, just before
 * its completion; a crash executes an arbitrary part of the one under way.
 */
public final class MemoryDisk implements Disk {
  /** Runs a task later, on the thread that uses the disk. */
  @FunctionalInterface
  public interface DelayScheduler {
    void schedule(Runnable task, long delayNanos);
  }

  /** The primitive steps of a disk, for failures. */
  public enum Operation {
    OPEN,
    READ,
    WRITE,
    SYNC,
    TRUNCATE,
    DELETE,
    RENAME,
    SYNC_FOLDER;

    boolean changes() {
      return this != READ;
    }
  }

  /** How the disk behaves; may be changed at any time during a run. */
  public static final class Behaviour {
    private long minNanos;
    private long maxNanos;
    private long capacityBytes = Long.MAX_VALUE;
    private final Set<Operation> failingOnce = EnumSet.noneOf(Operation.class);
    private final Set<Operation> failing = EnumSet.noneOf(Operation.class);
    // Changing steps until death; negative: never.
    private long stepsToLive = -1;

    /** Each submitted operation takes a random time in this range. Both 0 at first. */
    public Behaviour latency(long newMinNanos, long newMaxNanos) {
      if (newMinNanos < 0 || newMaxNanos < newMinNanos) {
        throw new IllegalArgumentException(newMinNanos + " to " + newMaxNanos);
      }
      minNanos = newMinNanos;
      maxNanos = newMaxNanos;
      return this;
    }

    /** Writes beyond fail with "No space left on device", after what fits. */
    public Behaviour capacityBytes(long bytes) {
      capacityBytes = bytes;
      return this;
    }

    /** The next such step fails with an I/O error, later ones work again. */
    public Behaviour failNext(Operation operation) {
      failingOnce.add(operation);
      return this;
    }

    /** From now on each such step fails with an I/O error, until {@link #heal}. */
    public Behaviour failAlways(Operation operation) {
      failing.add(operation);
      return this;
    }

    /**
     * After that many more changing steps the process dies in the middle of the next one: that step
     * takes partial effect, and every later call fails. For crashes inside blocking code; then call
     * crashProcess or crashMachine.
     */
    public Behaviour dieAfterSteps(long steps) {
      stepsToLive = steps;
      return this;
    }

    /** Takes back failures, capacity and dieAfterSteps; not the latency. */
    public Behaviour heal() {
      capacityBytes = Long.MAX_VALUE;
      failingOnce.clear();
      failing.clear();
      stepsToLive = -1;
      return this;
    }
  }

  private record Submitted(IoTask io, Consumer<@Nullable IOException> completion) {}

  /** A name that changed and is not durable: {@code after} is null where it was removed. */
  private record NameChange(String name, @Nullable MemoryFile after) {}

  /** Changes of names that belong together: one creation, one deletion, one rename. */
  private record NameStep(String folder, List<NameChange> changes) {}

  /** What a crash of the process leaves as it is. */
  private static final class Media {
    final TreeMap<String, MemoryFile> names = new TreeMap<>();
    final TreeMap<String, MemoryFile> durableNames = new TreeMap<>();
    // Oldest first.
    final List<NameStep> unsyncedSteps = new ArrayList<>();
  }

  private final Media media;
  private final DelayScheduler scheduler;
  private final Random random;
  private final Behaviour behaviour;

  private final ArrayDeque<Submitted> queue = new ArrayDeque<>();
  private final ArrayDeque<Submitted> behind = new ArrayDeque<>();
  // The operation under way, null while there is none: it has left its queue, and its task is
  // scheduled.
  private @Nullable Submitted current;
  // Counts stopSubmitted and death: a task scheduled before must not run any more.
  private int generation;
  private boolean locked;
  private boolean dead;

  /**
   * An empty disk.
   *
   * @param random seeded; used for latencies and crash results
   * @param behaviour may be changed during the run; survives crashes
   */
  public MemoryDisk(DelayScheduler scheduler, Random random, Behaviour behaviour) {
    this(new Media(), scheduler, random, behaviour);
  }

  private MemoryDisk(Media media, DelayScheduler scheduler, Random random, Behaviour behaviour) {
    this.media = media;
    this.scheduler = scheduler;
    this.random = random;
    this.behaviour = behaviour;
  }

  public Behaviour behaviour() {
    return behaviour;
  }

  /**
   * The disk after the process was killed: everything written stays readable, nothing unsynced
   * becomes durable (a later crashMachine can still take it). An operation under way has an
   * arbitrary partial effect; completions of the dead process never run. This object is dead
   * afterwards.
   */
  public MemoryDisk crashProcess(DelayScheduler newScheduler) {
    die();
    return new MemoryDisk(media, newScheduler, random, behaviour);
  }

  /**
   * A legal disk after a power cut: all synced data and an arbitrary (seeded) part of the rest:
   * writes torn at any byte, dropped, in any order; unsynced creations, renames and deletions maybe
   * lost. This object is dead afterwards.
   */
  public MemoryDisk crashMachine(DelayScheduler newScheduler) {
    die();
    TreeMap<String, MemoryFile> survivors = new TreeMap<>(media.durableNames);
    // A journaling file system keeps a prefix of the steps; others any of them.
    boolean journaling = random.nextBoolean();
    int kept = random.nextInt(media.unsyncedSteps.size() + 1);
    for (int i = 0; i < media.unsyncedSteps.size(); i++) {
      if (journaling ? i < kept : random.nextBoolean()) {
        apply(media.unsyncedSteps.get(i), survivors);
      }
    }
    Media after = new Media();
    survivors.forEach((name, file) -> after.names.put(name, file.afterPowerCut(random)));
    after.durableNames.putAll(after.names);
    return new MemoryDisk(after, newScheduler, random, behaviour);
  }

  /** A disk of its own with the same files, all durable; this one is not touched. */
  public MemoryDisk copy(DelayScheduler newScheduler) {
    Media copy = new Media();
    media.names.forEach((name, file) -> copy.names.put(name, file.durableCopy()));
    copy.durableNames.putAll(copy.names);
    return new MemoryDisk(copy, newScheduler, random, new Behaviour());
  }

  /** Rot: flips one bit of a file, for good. */
  public void flipBit(String name, long offset, int bit) {
    file(name).flipBit(offset, bit);
  }

  /** All files, sorted. */
  public List<String> fileNames() {
    return List.copyOf(media.names.keySet());
  }

  /** Bytes of a file as a reader sees them. */
  public byte[] contents(String name) {
    return file(name).visibleBytes();
  }

  /** Whether the process died: by {@link Behaviour#dieAfterSteps}, or by a crash called before. */
  public boolean isDead() {
    return dead;
  }

  /** Whether something written or named is not durable. */
  public boolean hasUnsynced() {
    return !media.unsyncedSteps.isEmpty()
        || media.names.values().stream().anyMatch(MemoryFile::hasUnsynced);
  }

  private MemoryFile file(String name) {
    MemoryFile file = media.names.get(name);
    if (file == null) {
      throw new IllegalArgumentException("no file " + name);
    }
    return file;
  }

  private void die() {
    Submitted underWay = current;
    if (underWay != null && !dead) {
      // It got an arbitrary number of steps far.
      behaviour.stepsToLive = random.nextInt(8);
      run(underWay.io());
    }
    behaviour.stepsToLive = -1;
    dead = true;
    locked = false;
    forgetSubmitted();
    generation++;
  }

  @Override
  public DiskFile open(String name) throws IOException {
    if (!media.names.containsKey(name)) {
      if (step(Operation.OPEN)) {
        throw died();
      }
      rename(List.of(new NameChange(name, new MemoryFile())), name);
    } else if (dead) {
      throw died();
    }
    return new OpenFile(name, file(name));
  }

  @Override
  public boolean exists(String name) {
    return media.names.containsKey(name);
  }

  @Override
  public List<String> list(String folder) {
    List<String> names = new ArrayList<>();
    for (String name : media.names.keySet()) {
      if (folderOf(name).equals(folder)) {
        names.add(folder.isEmpty() ? name : name.substring(folder.length() + 1));
      }
    }
    return names;
  }

  @Override
  public void delete(String name) throws IOException {
    boolean dies = step(Operation.DELETE);
    if (media.names.containsKey(name) && !(dies && random.nextBoolean())) {
      rename(List.of(new NameChange(name, null)), name);
    }
    if (dies) {
      throw died();
    }
  }

  @Override
  public void rename(String from, String to) throws IOException {
    boolean dies = step(Operation.RENAME);
    if (!(dies && random.nextBoolean())) {
      NameChange appears = new NameChange(to, file(from));
      NameChange vanishes = new NameChange(from, null);
      if (folderOf(from).equals(folderOf(to))) {
        rename(List.of(appears, vanishes), to);
      } else {
        // Each folder is durable by itself: both names may be found, or neither.
        rename(List.of(appears), to);
        rename(List.of(vanishes), from);
      }
    }
    if (dies) {
      throw died();
    }
  }

  private void rename(List<NameChange> changes, String name) {
    NameStep nameStep = new NameStep(folderOf(name), changes);
    media.unsyncedSteps.add(nameStep);
    apply(nameStep, media.names);
  }

  private static void apply(NameStep step, Map<String, MemoryFile> names) {
    for (NameChange change : step.changes()) {
      if (change.after() == null) {
        names.remove(change.name());
      } else {
        names.put(change.name(), change.after());
      }
    }
  }

  @Override
  public void syncFolder(String folder) throws IOException {
    if (step(Operation.SYNC_FOLDER)) {
      throw died();
    }
    for (NameStep nameStep : media.unsyncedSteps) {
      if (nameStep.folder().equals(folder)) {
        apply(nameStep, media.durableNames);
      }
    }
    media.unsyncedSteps.removeIf(s -> s.folder().equals(folder));
  }

  @Override
  public long freeBytes() {
    return Math.max(0, behaviour.capacityBytes - usedBytes());
  }

  private long usedBytes() {
    long used = 0;
    for (MemoryFile file : media.names.values()) {
      used += file.size();
    }
    return used;
  }

  @Override
  public long nextSalt() {
    return random.nextLong();
  }

  @Override
  public void lock() throws IOException {
    if (dead) {
      throw died();
    }
    if (locked) {
      throw new DirectoryInUseException("(in memory)", "another node in this process");
    }
    locked = true;
  }

  @Override
  public void stopSubmitted() {
    forgetSubmitted();
    generation++;
  }

  @Override
  public void close() {
    stopSubmitted();
    locked = false;
  }

  private void forgetSubmitted() {
    queue.clear();
    behind.clear();
    current = null;
  }

  @Override
  public void submit(IoTask io, Consumer<@Nullable IOException> completion) {
    submit(queue, new Submitted(io, completion));
  }

  @Override
  public void submitBehind(IoTask io, Consumer<@Nullable IOException> completion) {
    submit(behind, new Submitted(io, completion));
  }

  private void submit(ArrayDeque<Submitted> to, Submitted operation) {
    if (dead || !locked) {
      return;
    }
    to.add(operation);
    beginNext();
  }

  private void beginNext() {
    if (current != null) {
      return;
    }
    Submitted next = queue.isEmpty() ? behind.poll() : queue.poll();
    if (next == null) {
      return;
    }
    current = next;
    int scheduledGeneration = generation;
    long spread = behaviour.maxNanos - behaviour.minNanos;
    long delay = behaviour.minNanos + (spread == 0 ? 0 : random.nextLong(spread + 1));
    scheduler.schedule(
        () -> {
          if (generation == scheduledGeneration) {
            complete(next);
          }
        },
        delay);
  }

  private void complete(Submitted operation) {
    IOException error = run(operation.io());
    if (dead) {
      return;
    }
    current = null;
    // Before the completion: it may submit, stop or crash.
    beginNext();
    operation.completion().accept(error);
  }

  private static @Nullable IOException run(IoTask io) {
    try {
      io.run();
      return null;
    } catch (IOException e) {
      return e;
    }
  }

  /** Returns whether the process dies in this step, which then takes a part of its effect. */
  private boolean step(Operation operation) throws IOException {
    if (dead) {
      throw died();
    }
    if (behaviour.failing.contains(operation) || behaviour.failingOnce.remove(operation)) {
      throw new IOException("Input/output error (simulated " + operation + ")");
    }
    if (operation.changes() && behaviour.stepsToLive >= 0 && behaviour.stepsToLive-- == 0) {
      dead = true;
      return true;
    }
    return false;
  }

  private static IOException died() {
    return new IOException("this process has crashed (simulated)");
  }

  private static String folderOf(String name) {
    int slash = name.lastIndexOf('/');
    return slash < 0 ? "" : name.substring(0, slash);
  }

  private final class OpenFile implements DiskFile {
    private final String name;
    private final MemoryFile file;
    private boolean closed;

    OpenFile(String name, MemoryFile file) {
      this.name = name;
      this.file = file;
    }

    @Override
    public void write(long position, ByteBuffer source) throws IOException {
      checkOpen();
      byte[] data = new byte[source.remaining()];
      source.get(data);
      boolean dies;
      try {
        dies = step(Operation.WRITE);
      } catch (IOException e) {
        if (!dead) {
          writePart(position, data);
        }
        throw e;
      }
      if (dies) {
        writePart(position, data);
        throw died();
      }
      // Adding up all files for each write is what a simulation's disk would spend its time on.
      boolean limited = behaviour.capacityBytes != Long.MAX_VALUE;
      if (limited && position + data.length > file.size()) {
        long room = behaviour.capacityBytes - usedBytes() - (position - file.size());
        if (room < data.length) {
          file.write(position, Arrays.copyOf(data, (int) Math.max(0, room)));
          throw new IOException("No space left on device (simulated)");
        }
      }
      file.write(position, data);
    }

    private void writePart(long position, byte[] data) {
      file.write(position, Arrays.copyOf(data, random.nextInt(data.length + 1)));
    }

    @Override
    public int read(long position, ByteBuffer into) throws IOException {
      checkOpen();
      step(Operation.READ);
      byte[] data = new byte[into.remaining()];
      int count = file.read(position, data, data.length);
      into.put(data, 0, count);
      return count;
    }

    @Override
    public void sync() throws IOException {
      checkOpen();
      boolean dies;
      try {
        dies = step(Operation.SYNC);
      } catch (IOException e) {
        if (!dead) {
          file.failSync(random);
        }
        throw e;
      }
      if (dies) {
        throw died();
      }
      file.sync();
    }

    @Override
    public long size() throws IOException {
      checkOpen();
      return file.size();
    }

    @Override
    public void truncate(long size) throws IOException {
      checkOpen();
      boolean dies = step(Operation.TRUNCATE);
      if (!(dies && random.nextBoolean())) {
        file.truncate(size);
      }
      if (dies) {
        throw died();
      }
    }

    @Override
    public void close() {
      closed = true;
    }

    private void checkOpen() throws IOException {
      if (closed) {
        throw new IOException("file is closed: " + name);
      }
      if (dead) {
        throw died();
      }
    }
  }
}
