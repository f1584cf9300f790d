package io.shardwell.cli.dev;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Where a cluster on this machine keeps its data: a folder of the user's, or a temporary one. */
final class DevDirectory {

  private final Path path;
  private final boolean temporary;

  private DevDirectory(Path path, boolean temporary) {
    this.path = path;
    this.temporary = temporary;
  }

  /** Opens the user's folder, made if need be, or a fresh temporary one for null. */
  static DevDirectory open(@Nullable Path chosen) throws IOException {
    if (chosen == null) {
      return new DevDirectory(Files.createTempDirectory("shardwell-dev-"), true);
    }
    Path path = chosen.toAbsolutePath().normalize();
    Files.createDirectories(path);
    return new DevDirectory(path, false);
  }

  Path path() {
    return path;
  }

  boolean temporary() {
    return temporary;
  }

  /** The last lines of a text file, as far as there are any. */
  static List<String> lastLines(Path file, int count) throws IOException {
    // Decoding as Latin-1 cannot fail, whatever a dying process left there.
    List<String> lines = Files.readAllLines(file, StandardCharsets.ISO_8859_1);
    return lines.subList(Math.max(0, lines.size() - count), lines.size());
  }

  /** Removes the folder if it is temporary. */
  void discard() throws IOException {
    if (!temporary) {
      return;
    }
    Files.walkFileTree(
        path,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException failure)
              throws IOException {
            Files.delete(folder);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
