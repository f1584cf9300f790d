package io.shardwell.cli.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.shardwell.cli.CommandLineHarness;
import io.shardwell.raftgroup.cluster.ClusterTable;
import io.shardwell.server.Node;
import io.shardwell.server.NodeConfig;
import io.shardwell.server.NodeStartException;
import io.shardwell.storage.FileDisk;
import io.shardwell.storage.NodeStorage;
import io.shardwell.storage.StorageLimits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Shows what an operator sees of a directory that a real node has left, whole and damaged. */
class DataCommandTest {
  private final CommandLineHarness shell = new CommandLineHarness();
  private final Path directory;

  DataCommandTest(@TempDir Path directory) {
    this.directory = directory;
  }

  @BeforeEach
  void aNodeHasRun() throws NodeStartException {
    Node node = start();
    assertThat(node.awaitReady(Duration.ofSeconds(30))).isTrue();
    assertThat(shell.run("exec", "--port", Integer.toString(node.port()), "SET", "k", "v1"))
        .isZero();
    assertThat(shell.run("data", "verify", directory.toString())).isEqualTo(2);
    assertThat(shell.err()).contains("in use");
    node.close();
  }

  private Node start() throws NodeStartException {
    return Node.start(
        NodeConfig.builder("n1").dir(directory).port(0).peerPort(0).shards(2).build());
  }

  private void flipInTheMiddleOfTheLog() throws IOException {
    Path segment;
    try (Stream<Path> files = Files.list(directory.resolve("log"))) {
      segment = files.sorted().findFirst().orElseThrow();
    }
    byte[] bytes = Files.readAllBytes(segment);
    bytes[100] ^= 4;
    Files.write(segment, bytes);
  }

  @Test
  void aSoundDirectoryIsCalledSoundAndLeftAlone() throws NodeStartException {
    assertThat(shell.run("data", "verify", directory.toString())).isZero();
    assertThat(shell.out()).contains("SHARD", "meta", "is sound.");
    assertThat(shell.run("data", "verify", "--json", directory.toString())).isZero();
    assertThat(shell.out()).contains("\"sound\" : true");
    try (Node again = start()) {
      assertThat(again.awaitReady(Duration.ofSeconds(30))).isTrue();
    }
  }

  @Test
  void theDumpShowsCommandsWithTheirShard() {
    assertThat(shell.run("data", "dump", directory.toString())).isZero();
    assertThat(shell.out()).contains("SET k v1").contains("shard meta").contains("TERM");
    assertThat(shell.run("data", "dump", "--shard", "meta", directory.toString())).isZero();
    assertThat(shell.out()).contains("shard meta").doesNotContain("SET k v1");
    assertThat(shell.run("data", "dump", "--json", directory.toString())).isZero();
    assertThat(shell.out().lines()).allMatch(line -> line.startsWith("{") && line.endsWith("}"));
    assertThat(shell.run("data", "dump", "--shard", "x", directory.toString())).isEqualTo(2);
  }

  @Test
  void damageIsNamedAndAClusterOfOneCannotBeRepaired() throws IOException {
    flipInTheMiddleOfTheLog();
    assertThat(shell.run("data", "verify", directory.toString())).isEqualTo(1);
    assertThat(shell.out()).contains("DAMAGED log/", " at ", "no node may vote");
    assertThat(shell.run("data", "dump", directory.toString())).isEqualTo(1);
    assertThat(shell.run("data", "repair", directory.toString())).isEqualTo(1);
    assertThat(shell.err()).contains("nobody to fetch from");
  }

  /** Its shards would have no quorum under a new incarnation, not even to tell what they hold. */
  @Test
  void aDirectoryOfShardsWithTwoReplicasIsNotGivenUp() throws IOException {
    NodeStorage storage =
        NodeStorage.open(
            new FileDisk(directory, Runnable::run, Runnable::run),
            StorageLimits.DEFAULT,
            (what, cause) -> {
              throw new AssertionError(what, cause);
            });
    SortedMap<String, Long> nodes = new TreeMap<>(Map.of("n1", 1L, "n2", 2L, "n3", 3L));
    storage.saveMetadata(
        storage.metadata().withClusterTable(new ClusterTable(nodes, 2, 2).encode()));
    storage.close();
    flipInTheMiddleOfTheLog();
    assertThat(shell.run("data", "repair", directory.toString())).isEqualTo(1);
    assertThat(shell.err()).contains("2 of each shard", "backup");
    assertThat(shell.run("data", "repair", "--force", directory.toString())).isEqualTo(1);
  }

  @Test
  void aSoundDirectoryIsGivenUpOnlyByForceAndNeverAsLost() {
    assertThat(shell.run("data", "repair", directory.toString())).isZero();
    assertThat(shell.out()).contains("nothing to repair");
    assertThat(shell.run("data", "repair", "--lost", directory.toString())).isEqualTo(1);
    assertThat(shell.err()).contains("is not lost");
  }

  /** As after an upgrade that is taken back: to give it up would throw away sound data. */
  @Test
  void aDirectoryOfAnotherVersionIsNeitherDamagedNorRepaired() throws IOException {
    Files.writeString(directory.resolve("format"), "shardwell data directory, format 2\n");
    for (String command : List.of("verify", "dump", "repair")) {
      assertThat(shell.run("data", command, directory.toString())).isEqualTo(2);
      assertThat(shell.err()).contains("format 2", "start the version that wrote it");
      assertThat(shell.out()).doesNotContain("DAMAGED");
    }
    assertThat(shell.run("data", "repair", "--force", directory.toString())).isEqualTo(2);
    assertThatThrownBy(this::start)
        .isInstanceOf(NodeStartException.class)
        .hasMessageContaining("start the version that wrote it");
  }

  @Test
  void whereTheMetadataAreLostTooTheDirectoryIsSetAside() throws IOException {
    Files.delete(directory.resolve("metadata"));
    assertThat(shell.run("data", "repair", "--force", directory.toString())).isZero();
    assertThat(shell.out()).contains("damaged-", "under a new incarnation");
    assertThat(shell.run("data", "verify", directory.toString())).isZero();
    assertThat(shell.run("data", "repair", directory.toString())).isZero();
    assertThat(shell.out()).contains("is ready");
    try (Stream<Path> files = Files.list(directory)) {
      List<String> names = files.map(file -> file.getFileName().toString()).toList();
      assertThat(names).anyMatch(name -> name.startsWith("damaged-"));
    }
  }

  /** It may be a cluster of one, whose only copy would wait for others for ever. */
  @Test
  void whereNothingTellsTheNumberOfNodesItIsNotGivenUp() throws IOException {
    Path metadata = directory.resolve("metadata");
    byte[] bytes = Files.readAllBytes(metadata);
    bytes[bytes.length / 2] ^= 1;
    Files.write(metadata, bytes);
    assertThat(shell.run("data", "verify", directory.toString())).isEqualTo(1);
    for (String lost : List.of("", "--lost")) {
      List<String> call = new ArrayList<>(List.of("data", "repair", directory.toString(), lost));
      call.remove("");
      assertThat(shell.run(call.toArray(new String[0]))).isEqualTo(1);
      assertThat(shell.err()).contains("how many nodes", "--force", "backup");
    }
    assertThat(Files.readAllBytes(metadata)).isEqualTo(bytes);
    assertThat(directory.resolve("log")).isNotEmptyDirectory();
  }

  /** A copy by hand, or by a tool that was stopped: to give up sound data for it would be worse. */
  @Test
  void aFileThatNoNodeMakesIsNoReasonToGiveTheDirectoryUp() throws IOException {
    for (String name : List.of("log/0001.segment.bak", "snapshots/.DS_Store")) {
      Path foreign = Files.writeString(directory.resolve(name), "x");
      assertThat(shell.run("data", "verify", directory.toString())).isEqualTo(1);
      assertThat(shell.run("data", "repair", directory.toString())).isEqualTo(1);
      assertThat(shell.err()).contains("unexpected file " + name, "Move it away");
      assertThat(foreign).exists();
      Files.delete(foreign);
    }
    assertThat(shell.run("data", "verify", directory.toString())).isZero();
  }

  @Test
  void aLostDirectoryIsMadeAnew() {
    Path absent = directory.resolve("absent");
    assertThat(shell.run("data", "repair", absent.toString())).isEqualTo(2);
    assertThat(shell.run("data", "repair", "--lost", absent.toString())).isZero();
    assertThat(shell.out()).contains("they take it in");
    assertThat(shell.run("data", "repair", absent.toString())).isZero();
    assertThat(shell.out()).contains("is ready");
  }

  /** As a supervisor does it: the directory is lost, and the node has started with an empty one. */
  @Test
  void aLostDirectoryThatItsNodeHasBegunAnewIsGivenUpToo() throws NodeStartException {
    String begun = directory.resolve("begun").toString();
    Node.start(
            NodeConfig.builder("n1")
                .dir(Path.of(begun))
                .node("n1", "127.0.0.1", 0)
                .node("n2", "127.0.0.1", 1)
                .node("n3", "127.0.0.1", 2)
                .port(0)
                .shards(2)
                .build())
        .close();
    assertThat(shell.run("data", "repair", begun)).isZero();
    assertThat(shell.out()).contains("data repair --lost " + begun);
    assertThat(shell.run("data", "repair", "--lost", begun)).isZero();
    assertThat(shell.out()).contains("they take it in");
    assertThat(shell.run("data", "repair", begun)).isZero();
    assertThat(shell.out()).contains("is ready");
  }

  @Test
  void nothingToLookAtIsNeitherSoundNorDamaged() {
    assertThat(shell.run("data", "verify", directory.resolve("absent").toString())).isEqualTo(2);
    assertThat(shell.err()).contains("no such directory");
  }

  @Test
  void anEmptyDirectoryIsNotSound() throws IOException {
    Path empty = Files.createDirectory(directory.resolve("empty"));
    Files.createDirectory(empty.resolve("lost+found"));
    assertThat(shell.run("data", "verify", empty.toString())).isEqualTo(2);
    assertThat(shell.out()).contains("is empty").doesNotContain("sound");
    assertThat(shell.run("data", "verify", "--json", empty.toString())).isEqualTo(2);
    assertThat(shell.out()).contains("\"sound\" : false", "\"new\" : true");
    assertThat(shell.run("data", "repair", empty.toString())).isEqualTo(1);
    assertThat(shell.err()).contains("data repair --lost");
  }

  /** One level too high: once "is empty", exit code 0, and marked by repair --lost. */
  @Test
  void theFolderAboveIsNoDataDirectoryAndStaysAsItIs(@TempDir Path above) throws Exception {
    Path moved = above.resolve("n1");
    Files.move(directory, moved);
    for (String name : List.of("a", "b", "c")) {
      Files.createDirectory(above.resolve(name));
    }
    for (String[] command :
        List.of(
            new String[] {"data", "verify", above.toString()},
            new String[] {"data", "dump", above.toString()},
            new String[] {"data", "repair", above.toString()},
            new String[] {"data", "repair", "--force", above.toString()},
            new String[] {"data", "repair", "--lost", above.toString()})) {
      assertThat(shell.run(command)).isEqualTo(2);
      assertThat(shell.err())
          .contains("not the data directory of a node", "a, b, c and 1 more", "mean " + moved);
    }
    NodeConfig config = NodeConfig.builder("n1").dir(above).port(0).peerPort(0).build();
    assertThatThrownBy(() -> Node.start(config)).hasMessageContaining("did you mean " + moved);
    try (Stream<Path> names = Files.list(above)) {
      assertThat(names.map(above::relativize).map(Path::toString))
          .containsExactlyInAnyOrder("a", "b", "c", "n1");
    }
    assertThat(shell.run("data", "verify", moved.toString())).isZero();
    Files.createDirectory(directory);
  }

  @Test
  void aNodeBeginsBesideWhatItsServiceWrites() throws Exception {
    Path fresh = Files.createDirectory(directory.resolve("fresh"));
    Files.writeString(fresh.resolve("n1.log"), "started");
    Files.createDirectory(fresh.resolve("lost+found"));
    Node.start(NodeConfig.builder("n1").dir(fresh).port(0).peerPort(0).build()).close();
    assertThat(shell.run("data", "verify", fresh.toString())).isZero();
  }
}
