package io.shardwell.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import org.junit.jupiter.api.Test;

/**
 * What the operator is told of a directory is what a start would find, and asking changes nothing:
 * on directories of random nodes, whole, crashed, and with a flipped bit. A directory that is given
 * up never looks like one that may vote, wherever a crash comes.
 */
final class DataDirectoryProperties {

  @Property(tries = 150, shrinking = ShrinkingMode.OFF)
  void aDirectoryIsSoundIfAStartFindsItSo(@ForAll long seed) throws IOException {
    RandomNode node = new RandomNode(seed);
    for (int life = 0; life < 3; life++) {
      node.liveAndCrash();
    }
    node.steps(node.random.nextInt(100));
    MemoryDisk disk = node.disk.copy(node.time);
    DirectoryReport report = verifyUnchanged(disk);
    assertThat(report.damage()).isEmpty();
    assertThat(report.isNew()).isFalse();
    NodeStorage opened = NodeStorage.open(disk, node.limits, (what, cause) -> {});
    assertThat(report.notes()).isEqualTo(opened.recoveryNotes());
    assertThat(report.groups())
        .extracting(DirectoryReport.Group::group)
        .containsExactlyElementsOf(opened.recovered().keySet());
    for (DirectoryReport.Group group : report.groups()) {
      ReplicaLog replica = opened.log().replica(group.group());
      assertThat(group.lastIndex()).isEqualTo(replica.lastIndex());
      assertThat(group.term()).isEqualTo(term(opened, group.group()));
    }
  }

  private static int term(NodeStorage opened, int group) {
    RecoveredReplica replica = opened.recovered().get(group);
    return replica == null ? -1 : replica.term();
  }

  @Property(tries = 150, shrinking = ShrinkingMode.OFF)
  void whatAStartRefusesIsReported(@ForAll long seed) throws IOException {
    RandomNode node = new RandomNode(seed);
    node.steps(node.random.nextInt(300));
    node.settle();
    for (int flips = 0; flips < 10; flips++) {
      MemoryDisk rotten = node.disk.copy(node.time);
      List<String> files = rotten.fileNames();
      String name = files.get(node.random.nextInt(files.size()));
      int size = rotten.contents(name).length;
      if (size == 0) {
        continue;
      }
      rotten.flipBit(name, node.random.nextInt(size), node.random.nextInt(8));
      DirectoryReport report;
      try {
        report = verifyUnchanged(rotten);
      } catch (UnknownFormatException ofAnotherVersion) {
        // The flipped digit of the format is another digit.
        assertThat(name).isEqualTo(FormatFile.NAME);
        continue;
      }
      try {
        NodeStorage.open(rotten, node.limits, (what, cause) -> {}).close();
        // A start does not read the chunks; the check does.
        assertThat(report.damage()).allMatch(d -> d.file().endsWith(".chunk"));
      } catch (DamagedStorageException refused) {
        assertThat(report.damage())
            .anyMatch(d -> d.file().equals(refused.file()) && d.offset() == refused.offset());
      } catch (UnknownFormatException refused) {
        assertThat(report.isSound()).isFalse();
      }
    }
  }

  @Test
  void everyDamagedPlaceIsReportedNotOnlyTheFirst() throws IOException {
    RandomNode node = new RandomNode(8);
    node.steps(600);
    node.settle();
    MemoryDisk disk = node.disk.copy(node.time);
    List<String> segments =
        disk.fileNames().stream().filter(name -> name.endsWith(".segment")).toList();
    assertThat(segments).hasSizeGreaterThan(2);
    for (String segment : segments.subList(0, 2)) {
      disk.flipBit(segment, 9, 3); // In its header.
    }
    disk.flipBit(MetadataFile.NAME, 20, 1);
    assertThat(verifyUnchanged(disk).damage())
        .extracting(DirectoryReport.Damage::file)
        .contains(segments.get(0), segments.get(1), MetadataFile.NAME);
  }

  @Property(tries = 300, shrinking = ShrinkingMode.OFF)
  void aDirectoryGivenUpNeverVotesAgain(@ForAll long seed) throws IOException {
    RandomNode node = new RandomNode(seed);
    node.steps(node.random.nextInt(300));
    node.settle();
    node.storage.saveMetadata(node.storage.metadata().withOpened(true));
    MemoryDisk disk = node.disk.crashProcess(node.time);
    List<DirectoryReport.Group> before = verifyUnchanged(disk).groups();
    for (int attempt = 0; ; attempt++) {
      disk.behaviour().heal().dieAfterSteps(node.random.nextInt(1 + 20 * attempt + 10));
      try (DataDirectory directory = DataDirectory.open(disk)) {
        directory.setAside("damaged-" + attempt);
        break;
      } catch (IOException crashed) {
        disk =
            node.random.nextBoolean() ? disk.crashProcess(node.time) : disk.crashMachine(node.time);
        disk.behaviour().heal();
        DirectoryReport between = verifyUnchanged(disk);
        NodeMetadata metadata = between.metadata();
        boolean untouched = between.isSound() && between.groups().equals(before);
        boolean marked = metadata != null && metadata.rejoins();
        boolean harmless = !between.isSound() || marked || untouched;
        assertThat(harmless).as("%s", between).isTrue();
      }
    }
    disk.behaviour().heal();
    DirectoryReport after = verifyUnchanged(disk);
    assertThat(after.damage()).isEmpty();
    assertThat(after.groups()).isEmpty();
    NodeMetadata metadata = NodeStorage.open(disk, node.limits, (w, c) -> {}).metadata();
    assertThat(metadata.rejoins()).isTrue();
    assertThat(metadata.incarnation()).isZero();
    assertThat(metadata.opened()).isFalse();
  }

  private static DirectoryReport verifyUnchanged(MemoryDisk disk) throws IOException {
    Map<String, String> before = contents(disk);
    try (DataDirectory directory = DataDirectory.open(disk)) {
      return directory.verify();
    } finally {
      assertThat(contents(disk)).isEqualTo(before);
    }
  }

  private static Map<String, String> contents(MemoryDisk disk) {
    Map<String, String> contents = new TreeMap<>();
    for (String name : new ArrayList<>(disk.fileNames())) {
      contents.put(name, HexFormat.of().formatHex(disk.contents(name)));
    }
    return contents;
  }
}
