package io.shardwell.cli.dev;

import io.shardwell.cli.CommandFailure;
import java.io.IOException;
import java.io.Reader;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/**
 * What a cluster on this machine cannot change once it has data. The folder remembers it, so that
 * the folder alone is enough to bring the cluster back.
 */
record ClusterShape(int nodes, int shards) {

  static final ClusterShape DEFAULT = new ClusterShape(3, 16);

  private static final String FILE = "dev.properties";

  /**
   * What the folder remembers, where it does; else what is asked for; else the default.
   *
   * @param nodes null if not asked for
   * @param shards null if not asked for
   * @param dir null for a temporary folder
   */
  static ClusterShape choose(@Nullable Integer nodes, @Nullable Integer shards, @Nullable Path dir)
      throws IOException {
    ClusterShape remembered = dir == null ? null : recall(dir);
    ClusterShape base = remembered == null ? DEFAULT : remembered;
    ClusterShape asked =
        new ClusterShape(nodes == null ? base.nodes : nodes, shards == null ? base.shards : shards);
    if (dir != null && remembered != null && !asked.equals(remembered)) {
      throw new CommandFailure(remembered.refusal(dir));
    }
    return asked;
  }

  /** Why a folder with this cluster cannot be opened as another one. */
  String refusal(Path dir) {
    return dir
        + " holds a cluster of "
        + nodes
        + " nodes and "
        + shards
        + " shards. Leave --nodes and --shards out, or choose another folder.";
  }

  /** Writes it down, whole or not at all. */
  void remember(Path dir) throws IOException {
    Properties properties = new Properties();
    properties.setProperty("nodes", Integer.toString(nodes));
    properties.setProperty("shards", Integer.toString(shards));
    Path unfinished = dir.resolve(FILE + ".tmp");
    try (Writer writer = Files.newBufferedWriter(unfinished, StandardCharsets.UTF_8)) {
      properties.store(writer, "The cluster that `shardwell dev` keeps in this folder.");
    }
    Files.move(unfinished, dir.resolve(FILE), StandardCopyOption.ATOMIC_MOVE);
  }

  private static @Nullable ClusterShape recall(Path dir) throws IOException {
    Path file = dir.resolve(FILE);
    if (!Files.exists(file)) {
      return null;
    }
    Properties properties = new Properties();
    try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
      properties.load(reader);
      return new ClusterShape(
          Integer.parseInt(properties.getProperty("nodes", "")),
          Integer.parseInt(properties.getProperty("shards", "")));
    } catch (IllegalArgumentException unusable) {
      throw new CommandFailure(file + " is damaged: " + unusable.getMessage());
    }
  }
}
