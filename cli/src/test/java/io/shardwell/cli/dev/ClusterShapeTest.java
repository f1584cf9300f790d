package io.shardwell.cli.dev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.shardwell.cli.CommandFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Shows that a folder remembers what cluster it holds, and that nothing else may open it. */
class ClusterShapeTest {

  @Test
  void aFreshFolderTakesWhatIsAskedForOrTheDefault(@TempDir Path dir) throws IOException {
    assertThat(ClusterShape.choose(null, null, null)).isEqualTo(new ClusterShape(3, 16));
    assertThat(ClusterShape.choose(5, null, dir)).isEqualTo(new ClusterShape(5, 16));
  }

  @Test
  void theFolderAloneBringsItBack(@TempDir Path dir) throws IOException {
    new ClusterShape(5, 4).remember(dir);
    assertThat(ClusterShape.choose(null, null, dir)).isEqualTo(new ClusterShape(5, 4));
    assertThat(ClusterShape.choose(5, 4, dir)).isEqualTo(new ClusterShape(5, 4));
    assertThatThrownBy(() -> ClusterShape.choose(3, null, dir))
        .isInstanceOf(CommandFailure.class)
        .hasMessageContaining("holds a cluster of 5 nodes and 4 shards");
    assertThatThrownBy(() -> ClusterShape.choose(null, 16, dir)).isInstanceOf(CommandFailure.class);
  }

  @Test
  void aDamagedFileIsNamed(@TempDir Path dir) throws IOException {
    Files.writeString(dir.resolve("dev.properties"), "nodes=three\nshards=4\n");
    assertThatThrownBy(() -> ClusterShape.choose(null, null, dir))
        .isInstanceOf(CommandFailure.class)
        .hasMessageContaining("dev.properties is damaged");
  }
}
