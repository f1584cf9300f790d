package io.shardwell.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.Tag;

/**
 * A flipped bit is found and reported, or it was in bytes that do not matter: never a wrong value,
 * never a record silently gone. One bit anywhere in the directory of a random node: log (recycled
 * segments, moved entries), metadata, format, manifests, chunks. The rot is there when it opens, or
 * comes while it runs; every entry and every chunk is read.
 */
final class BitFlipProperties {
  @Property(tries = 400, shrinking = ShrinkingMode.OFF)
  void rotFoundAtStartIsReportedOrHarmless(@ForAll long seed) throws IOException {
    flipAndOpen(seed);
  }

  /** 100 000 flips. */
  @Property(tries = 4_000, shrinking = ShrinkingMode.OFF)
  @Tag("chaos")
  void rotIsReportedOrHarmlessAHundredThousandTimes(@ForAll long seed) throws IOException {
    flipAndOpen(seed);
  }

  private static void flipAndOpen(long seed) throws IOException {
    RandomNode node = settledNode(seed);
    // With the mark of a clean stop even the last records are known synced: nothing may be cut.
    boolean marked = node.random.nextBoolean();
    if (marked) {
      node.storage.close();
    }
    for (int flips = 0; flips < 25; flips++) {
      MemoryDisk rotten = node.disk.copy(node.time);
      flip(rotten, node.random);
      NodeStorage opened;
      try {
        opened = NodeStorage.open(rotten, node.limits, (what, cause) -> {});
      } catch (DamagedStorageException | UnknownFormatException found) {
        assertThat(found.getMessage()).isNotBlank();
        continue;
      }
      boolean cut = opened.recoveryNotes().stream().anyMatch(n -> n.startsWith("cut "));
      node.assertRecovered(opened, cut && !marked);
    }
  }

  @Property(tries = 200, shrinking = ShrinkingMode.OFF)
  void rotWhileRunningIsNeverServed(@ForAll long seed) throws IOException {
    flipAndRead(seed);
  }

  /** 20 000 flips. */
  @Property(tries = 2_000, shrinking = ShrinkingMode.OFF)
  @Tag("chaos")
  void rotWhileRunningIsNotServedInManyRuns(@ForAll long seed) throws IOException {
    flipAndRead(seed);
  }

  private static void flipAndRead(long seed) throws IOException {
    RandomNode node = settledNode(seed);
    for (int flips = 0; flips < 10; flips++) {
      flip(node.disk, node.random);
    }
    node.assertReadsRightOrFaults();
  }

  private static RandomNode settledNode(long seed) throws IOException {
    RandomNode node = new RandomNode(seed);
    for (int steps = node.random.nextInt(600); steps > 0; steps--) {
      node.step();
    }
    node.settle();
    return node;
  }

  private static void flip(MemoryDisk disk, Random random) {
    List<String> files = disk.fileNames();
    String name = files.get(random.nextInt(files.size()));
    int size = disk.contents(name).length;
    if (size > 0) {
      disk.flipBit(name, random.nextInt(size), random.nextInt(8));
    }
  }
}
