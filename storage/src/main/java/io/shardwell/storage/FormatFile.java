package io.shardwell.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The file {@code format}: one line of text that says what the directory is and which version of
 * the format it holds. Durable before anything else exists, and checked before anything else is
 * read.
 */
final class FormatFile {
  static final String NAME = "format";
  private static final String PREFIX = "shardwell data directory, format ";
  private static final String VERSION = "1";
  private static final String TEXT = PREFIX + VERSION + "\n";
  private static final Pattern ANY_VERSION =
      Pattern.compile(Pattern.quote(PREFIX) + "([0-9]{1,9})\n");

  private FormatFile() {}

  /** Blocks. Writes the file in a new directory, checks it in an old one. */
  static void writeOrCheck(Disk disk) throws IOException {
    if (!check(disk)) {
      replace(disk);
    }
  }

  /** Blocks. Says that the directory is of this format, whatever it said before. */
  static void replace(Disk disk) throws IOException {
    SmallFile.writeRaw(disk, NAME, ByteBuffer.wrap(TEXT.getBytes(StandardCharsets.US_ASCII)));
  }

  /**
   * Blocks. Whether the directory holds data, which are then of this format.
   *
   * @throws UnknownFormatException they are of another, or nothing says of which
   */
  static boolean check(Disk disk) throws IOException {
    byte[] bytes = SmallFile.readRaw(disk, NAME);
    if (bytes == null) {
      if (disk.exists(MetadataFile.NAME)
          || !disk.list(SegmentFiles.FOLDER).isEmpty()
          || !disk.list(SnapshotFiles.FOLDER).isEmpty()) {
        throw UnknownFormatException.unreadable(
            "the directory holds data but no file '" + NAME + "' that names their format");
      }
      return false;
    }
    String text = new String(bytes, StandardCharsets.US_ASCII);
    if (!text.equals(TEXT)) {
      Matcher version = ANY_VERSION.matcher(text);
      if (version.matches()) {
        throw UnknownFormatException.ofAnotherVersion(
            "the directory is of format "
                + version.group(1)
                + ", this version reads format "
                + VERSION
                + ": start the version that wrote it, and do not repair it");
      }
      throw UnknownFormatException.unreadable(
          "the directory says \""
              + text.substring(0, Math.min(text.length(), 80)).strip()
              + "\", this version reads only \""
              + TEXT.strip()
              + "\"");
    }
    return true;
  }
}
