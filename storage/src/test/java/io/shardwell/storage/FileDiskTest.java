package io.shardwell.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The real disk: it does what the simulated one does, and keeps the directory for one process. */
final class FileDiskTest {
  private final Path folder;

  FileDiskTest(@TempDir Path folder) {
    this.folder = folder;
  }

  /** As of a disk with bad sectors: it names the place, and is damage for whoever repairs. */
  @Test
  void whatCannotBeReadIsDamageWithItsPlace() throws IOException {
    Path unmapped = Path.of("/proc/self/mem"); // Nothing is at address 0.
    assumeTrue(Files.isReadable(unmapped) && Files.isWritable(unmapped));
    Files.createSymbolicLink(folder.resolve("rotten"), unmapped);
    FileDisk disk = new FileDisk(folder, Runnable::run, Runnable::run);
    DiskFile file = disk.open("rotten");
    try {
      assertThatThrownBy(() -> file.read(0, ByteBuffer.allocate(10)))
          .isInstanceOfSatisfying(
              DamagedStorageException.class,
              damage -> {
                assertThat(damage.file()).isEqualTo("rotten");
                assertThat(damage.offset()).isZero();
              })
          .hasMessageContaining("cannot be read");
    } finally {
      file.close();
    }
  }

  /** The same story on both disks leaves the same bytes and recovers the same. */
  @Test
  void agreesWithTheSimulatedDisk() throws IOException {
    VirtualTime time = new VirtualTime();
    MemoryDisk memory = new MemoryDisk(time, new Random(1), new MemoryDisk.Behaviour());
    tell(memory, time::runAll);
    ArrayDeque<Runnable> loop = new ArrayDeque<>();
    FileDisk file = new FileDisk(folder.resolve("new/data"), loop::add, loop::add);
    tell(
        file,
        () -> {
          while (!loop.isEmpty()) {
            loop.remove().run();
          }
        });
    List<String> names = new ArrayList<>();
    for (String sub : List.of("", "log", "snapshots")) {
      file.list(sub).stream()
          .filter(n -> !n.equals(FileDisk.LOCK_FILE))
          .forEach(n -> names.add(sub + "/" + n));
    }
    assertThat(names)
        .containsExactlyInAnyOrderElementsOf(
            memory.fileNames().stream().map(n -> n.contains("/") ? n : "/" + n).toList());
    for (String name : memory.fileNames()) {
      if (!name.startsWith("log/")) {
        // Segments differ by their salts.
        assertThat(Files.readAllBytes(folder.resolve("new/data").resolve(name)))
            .as(name)
            .isEqualTo(memory.contents(name));
      }
    }
    assertThat(recover(file)).isEqualTo(recover(memory)).hasSize(4);
  }

  private static void tell(Disk disk, Runnable runAll) throws IOException {
    NodeStorage storage = open(disk);
    storage.saveMetadata(NodeMetadata.empty().withIncarnation(5).withGrownSize("ring", 9));
    SharedLog log = storage.log();
    Random random = new Random(3);
    for (int i = 1; i <= 100; i++) {
      for (int group = 1; group <= 3; group++) {
        byte[] payload = new byte[random.nextInt(400)];
        random.nextBytes(payload);
        log.replica(group).appendEntry(i, 1 + i / 30, payload);
      }
      log.startSync();
      runAll.run();
    }
    log.replica(1).writeSnapshotIntent(80, 3, new byte[] {1}, 2);
    SnapshotWriter writer =
        storage.snapshots().begin(new SnapshotManifest(1, 80, 3, new byte[] {1}, 2));
    writer.write(0, new byte[1000], () -> {});
    writer.write(1, new byte[10], () -> {});
    writer.commit(() -> log.replica(1).truncateUntil(80));
    settle(log, runAll);
    log.replica(2).writeTerm(8, new byte[] {4});
    settle(log, runAll);
    // Until most of the log is garbage, so that segments are recycled and entries moved.
    long place = log.replica(3).positionOf(1);
    int recycled = 0;
    for (int i = 0; i < 300; i++) {
      log.replica(2).appendEntry(log.replica(2).lastIndex() + 1, 9, new byte[300]);
      settle(log, runAll);
      log.replica(2).truncateFrom(101);
      recycled += log.segments().last().staleEnd() > 0 ? 1 : 0;
    }
    settle(log, runAll);
    assertThat(recycled).isGreaterThan(40);
    assertThat(log.replica(3).positionOf(1)).isGreaterThan(place);
    assertThat(log.hasUnsynced()).isFalse();
    assertThat(log.logBytes())
        .isLessThan(2 * log.liveBytes() + 2L * StorageLimits.SMALL.segmentBytes());
    storage.close();
  }

  private static void settle(SharedLog log, Runnable runAll) {
    do {
      runAll.run();
    } while (log.startSync());
  }

  private static List<String> recover(Disk disk) throws IOException {
    NodeStorage storage = open(disk);
    List<String> result = new ArrayList<>();
    result.add(storage.metadata().incarnation() + " " + storage.metadata().growOnlySizes());
    for (RecoveredReplica replica : storage.recovered().values()) {
      int sum = 0;
      for (RecoveredEntry entry : replica.entries()) {
        byte[] payload = storage.log().replica(replica.group()).readEntry(entry.index());
        assertThat(payload).hasSize(entry.length());
        sum = 31 * sum + java.util.Arrays.hashCode(payload) + entry.term();
      }
      SnapshotManifest snapshot = replica.snapshot();
      result.add(
          replica.group()
              + " "
              + replica.term()
              + " "
              + replica.entries().size()
              + " "
              + sum
              + " "
              + (snapshot == null ? "" : storage.snapshots().readChunk(snapshot, 0).length));
    }
    storage.close();
    return result;
  }

  private static NodeStorage open(Disk disk) throws IOException {
    return NodeStorage.open(
        disk,
        StorageLimits.SMALL,
        (what, cause) -> {
          throw new AssertionError(what, cause);
        });
  }

  /** Also through another path, and in the same process; the message says where and who. */
  @Test
  void secondNodeOnTheDirectoryIsToldSo() throws IOException {
    NodeStorage first = open(new FileDisk(folder, Runnable::run, Runnable::run));
    FileDisk second = new FileDisk(folder.resolve("../" + folder.getFileName()), r -> {}, r -> {});
    assertThatThrownBy(() -> open(second))
        .isInstanceOf(DirectoryInUseException.class)
        .hasMessageContaining(folder.toString())
        .hasMessageContaining("this process");
    first.close();
    open(second).close();
  }

  /** What the lock file holds is a hint for people: nonsense in it keeps no node from starting. */
  @Test
  void contentOfTheLockFileDoesNotMatter() throws IOException {
    Files.write(folder.resolve(FileDisk.LOCK_FILE), new byte[] {(byte) 0x80, 0, 'x', (byte) 0xff});
    open(new FileDisk(folder, Runnable::run, Runnable::run)).close();
  }

  /** Another process holds the directory: a clear error that names it; killed, it holds nothing. */
  @Test
  void secondProcessIsToldSo() throws Exception {
    Process holder =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                LockHolder.class.getName(),
                folder.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try {
      assertThat(holder.getInputStream().read()).isEqualTo('L');
      FileDisk disk = new FileDisk(folder, r -> {}, r -> {});
      for (int attempt = 0; attempt < 2; attempt++) {
        // Twice: a refused attempt must not disturb the lock.
        assertThatThrownBy(() -> open(disk))
            .isInstanceOf(DirectoryInUseException.class)
            .hasMessageContaining("process " + holder.pid());
      }
      holder.destroyForcibly().waitFor();
      open(disk).close();
    } finally {
      holder.destroyForcibly();
    }
  }

  /** Locks the directory, says so, and waits to be killed. */
  static final class LockHolder {
    private LockHolder() {}

    public static void main(String[] args) throws IOException {
      open(new FileDisk(Path.of(args[0]), Runnable::run, Runnable::run));
      System.out.write('L');
      System.out.flush();
      while (System.in.read() >= 0) {}
    }
  }

  /** In order of submission and one at a time, even on an executor with several threads. */
  /** What can wait begins behind all that came before it and all that comes until it begins. */
  @Test
  void whatCanWaitIsOvertakenOnBothDisks() throws IOException {
    ArrayDeque<Runnable> threads = new ArrayDeque<>();
    FileDisk file = new FileDisk(folder, threads::add, threads::add);
    VirtualTime time = new VirtualTime();
    MemoryDisk memory = new MemoryDisk(time, new Random(1), new MemoryDisk.Behaviour());
    Runnable runThreads =
        () -> {
          while (!threads.isEmpty()) {
            threads.remove().run();
          }
        };
    assertThat(order(file, runThreads))
        .isEqualTo(order(memory, time::runAll))
        .containsExactly("first", "second", "third", "behind", "also behind", "last");
  }

  private static List<String> order(Disk disk, Runnable runAll) throws IOException {
    List<String> order = new ArrayList<>();
    disk.lock();
    disk.submit(
        () -> order.add("first"),
        error -> {
          // Now the second one is under way.
          disk.submit(() -> order.add("third"), later -> {});
        });
    disk.submitBehind(() -> order.add("behind"), error -> {});
    disk.submitBehind(
        () -> order.add("also behind"),
        error -> disk.submitBehind(() -> order.add("last"), later -> {}));
    disk.submit(() -> order.add("second"), error -> {});
    runAll.run();
    disk.close();
    return order;
  }

  @Test
  void submittedOperationsRunOneByOneInOrder() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(4);
    ExecutorService loop = Executors.newSingleThreadExecutor();
    try {
      FileDisk disk = new FileDisk(folder, threads, loop);
      disk.lock();
      List<Integer> ran = new ArrayList<>();
      List<Integer> completed = new ArrayList<>();
      for (int i = 0; i < 2000; i++) {
        int number = i;
        disk.submit(
            () -> {
              ran.add(number);
              if (number == 7) {
                throw new IOException("seven");
              }
            },
            error -> completed.add(error == null ? number : -1));
      }
      while (true) {
        Future<Integer> size = loop.submit(completed::size);
        if (size.get() == 2000) {
          break;
        }
      }
      assertThat(ran).hasSize(2000).isSorted();
      assertThat(completed.get(7)).isEqualTo(-1);
      completed.set(7, 7);
      assertThat(completed).isEqualTo(ran);
      disk.close();
    } finally {
      threads.shutdown();
      loop.shutdown();
    }
  }
}
