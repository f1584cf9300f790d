package io.shardwell.jepsen.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Shows that a power cut takes what was not synced and nothing else: undo logs written by hand, a
 * file of four sectors, many seeds.
 */
class UndoLogTest {
  private static final int SECTOR = 512;
  private static final int SEEDS = 200;

  @Test
  void sectorsThatWereNotSyncedAreOldOrNewAndOthersStay(@TempDir Path directory)
      throws IOException {
    Path data = directory.resolve("data");
    Set<String> seen = new HashSet<>();
    for (int seed = 0; seed < SEEDS; seed++) {
      // Sectors 0 (a, synced) and 1, 2 (b, not synced) were written over zeros; 3 never.
      Files.write(data, sectors('a', 'b', 'b', 'z'));
      ByteArrayOutputStream log = new ByteArrayOutputStream();
      write(log, data, 1, 0, 4 * SECTOR, new byte[SECTOR], SECTOR);
      synced(log, data, 1);
      write(log, data, 2, SECTOR, 4 * SECTOR, new byte[2 * SECTOR], 2 * SECTOR);
      forget(directory, log, seed);
      byte[] after = Files.readAllBytes(data);
      StringBuilder kinds = new StringBuilder();
      for (int sector = 0; sector < 4; sector++) {
        byte first = after[sector * SECTOR];
        for (int i = 0; i < SECTOR; i++) {
          assertThat(after[sector * SECTOR + i]).isEqualTo(first);
        }
        kinds.append(first == 0 ? '0' : (char) first);
      }
      seen.add(kinds.toString());
    }
    assertThat(seen).containsExactlyInAnyOrder("abbz", "a0bz", "ab0z", "a00z");
  }

  @Test
  void aFileThatHasGrownMayBeShortOrHoldZeros(@TempDir Path directory) throws IOException {
    Path data = directory.resolve("data");
    Set<String> seen = new HashSet<>();
    for (int seed = 0; seed < SEEDS; seed++) {
      Files.write(data, sectors('a', 'b'));
      ByteArrayOutputStream log = new ByteArrayOutputStream();
      write(log, data, 1, SECTOR, SECTOR, new byte[0], SECTOR);
      forget(directory, log, seed);
      byte[] after = Files.readAllBytes(data);
      assertThat(after).startsWith(sectors('a'));
      seen.add(after.length + (after.length > SECTOR && after[SECTOR] == 'b' ? "b" : ""));
    }
    assertThat(seen).containsExactlyInAnyOrder("512", "1024", "1024b");
  }

  @Test
  void whatAnotherFileOfThatNameHoldsIsNotTouched(@TempDir Path directory) throws IOException {
    Path data = directory.resolve("data");
    Path successor = directory.resolve("successor");
    Files.write(data, sectors('a'));
    Files.write(successor, sectors('b'));
    ByteArrayOutputStream log = new ByteArrayOutputStream();
    write(log, data, 1, 0, SECTOR, new byte[SECTOR], SECTOR);
    Files.move(successor, data, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    for (int seed = 0; seed < 20; seed++) {
      forget(directory, log, seed);
      assertThat(Files.readAllBytes(data)).isEqualTo(sectors('b'));
    }
  }

  private static void forget(Path directory, ByteArrayOutputStream log, int seed)
      throws IOException {
    Path file = directory.resolve("undo");
    Files.write(file, log.toByteArray());
    assertThat(new UndoLog(file).forget(new Random(seed))).contains("unsynced sectors");
    assertThat(file).doesNotExist();
  }

  private static byte[] sectors(char... kinds) {
    byte[] bytes = new byte[kinds.length * SECTOR];
    for (int i = 0; i < kinds.length; i++) {
      Arrays.fill(bytes, i * SECTOR, (i + 1) * SECTOR, (byte) kinds[i]);
    }
    return bytes;
  }

  private static void write(
      ByteArrayOutputStream log,
      Path data,
      long sequence,
      long offset,
      long size,
      byte[] old,
      int length)
      throws IOException {
    byte[] path = data.toString().getBytes(StandardCharsets.UTF_8);
    header(log, UndoLog.WRITE, sequence, data, offset, size, length, old.length, path.length);
    log.writeBytes(path);
    log.writeBytes(old);
  }

  private static void synced(ByteArrayOutputStream log, Path data, long sequence)
      throws IOException {
    header(log, UndoLog.SYNC, sequence, data, 0, 0, 0, 0, 0);
  }

  private static void header(
      ByteArrayOutputStream log,
      int kind,
      long sequence,
      Path data,
      long offset,
      long size,
      int length,
      int old,
      int path)
      throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(UndoLog.HEADER).order(ByteOrder.nativeOrder());
    bytes.putInt(UndoLog.MAGIC).putInt(kind).putLong(sequence);
    bytes.putLong((long) Files.getAttribute(data, "unix:ino"));
    bytes.putLong(offset).putLong(size).putInt(length).putInt(old).putInt(path);
    log.writeBytes(bytes.array());
  }
}
