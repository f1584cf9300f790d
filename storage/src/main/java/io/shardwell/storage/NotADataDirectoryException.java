package io.shardwell.storage;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A directory that holds other things than a node's data: the one above, or anybody's. To take it
 * for an empty one would call the loss of all data sound, and begin a second node beside the first.
 */
public final class NotADataDirectoryException extends IOException {
  private static final long serialVersionUID = 1;

  /** That many of the strange names are said. */
  private static final int MAX_NAMED = 3;

  /** Ours, and what every file system of its own begins with. */
  private static final Set<String> EXPECTED =
      Set.of(
          SegmentFiles.FOLDER,
          SnapshotFiles.FOLDER,
          FileDisk.LOCK_FILE,
          FormatFile.NAME + SmallFile.TEMPORARY,
          MetadataFile.NAME + SmallFile.TEMPORARY,
          "lost+found");

  /** What a service, its VM or its operator put beside the data: output, dumps, settings. */
  private static final Pattern BESIDE =
      Pattern.compile(".*\\.(log(\\.[0-9]+)?|out|pid|conf|properties|hprof|jfr)");

  private NotADataDirectoryException(String what) {
    super(what);
  }

  /**
   * Looks whether this is a node's directory, or could become one: touches nothing. One without
   * {@code format} and {@code metadata} must hold nothing but what a node, a repair, its service's
   * output or the file system puts there.
   */
  public static void check(Path directory) throws IOException {
    if (isBegun(directory)) {
      return;
    }
    List<String> strange = new ArrayList<>();
    String begun = null;
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
      for (Path entry : entries) {
        String name = String.valueOf(entry.getFileName());
        if (!isExpected(entry, name)) {
          strange.add(name);
          begun = isBegun(entry) && (begun == null || name.compareTo(begun) < 0) ? name : begun;
        }
      }
    } catch (NoSuchFileException absent) {
      return;
    }
    if (!strange.isEmpty()) {
      throw new NotADataDirectoryException(said(directory, strange, begun));
    }
  }

  private static boolean isBegun(Path directory) {
    return Files.isRegularFile(directory.resolve(FormatFile.NAME))
        || Files.isRegularFile(directory.resolve(MetadataFile.NAME));
  }

  private static boolean isExpected(Path entry, String name) {
    boolean beside = BESIDE.matcher(name).matches() && Files.isRegularFile(entry);
    return beside || EXPECTED.contains(name) || name.startsWith("damaged-") || name.startsWith(".");
  }

  private static String said(Path directory, List<String> strange, @Nullable String begun) {
    Collections.sort(strange);
    int named = Math.min(MAX_NAMED, strange.size());
    return directory
        + " is not the data directory of a node: it holds "
        + String.join(", ", strange.subList(0, named))
        + (named < strange.size() ? " and " + (strange.size() - named) + " more" : "")
        + (begun == null ? "" : "; did you mean " + directory.resolve(begun) + "?");
  }
}
