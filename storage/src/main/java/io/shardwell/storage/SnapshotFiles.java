package io.shardwell.storage;

import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The folder of the snapshots. A snapshot is a file per chunk and, last, a manifest that names the
 * length and CRC32C of each: without it the chunks are nothing.
 *
 * <pre>
 * chunk file, GGGGG-IIIIIIIIIIIIIIII-CCCCCC.chunk      manifest, GGGGG-IIIIIIIIIIIIIIII.manifest
 * 0   magic    4                                      (a SmallFile; its body:)
 * 4   group    4                                      0   group          4
 * 8   index    8                                      4   index          8
 * 16  chunk    4                                      12  term           4
 * 20  length   4                                      16  chunk count    4
 * 24  CRC32C   4   of bytes 0-24 and the chunk        20  members length 4, members
 * 28  the chunk                                       ..  length 4, CRC32C 4 of each chunk
 * </pre>
 */
final class SnapshotFiles {
  static final String FOLDER = "snapshots";
  private static final String MANIFEST = ".manifest";
  private static final String CHUNK = ".chunk";
  private static final Pattern MANIFEST_NAME = Pattern.compile("[0-9]{5}-[0-9a-f]{16}\\.manifest");
  private static final Pattern CHUNK_NAME =
      Pattern.compile("[0-9]{5}-[0-9a-f]{16}-[0-9]{6,10}\\.chunk");
  private static final int MANIFEST_MAGIC = 0x53574d46; // "SWMF"
  private static final int CHUNK_MAGIC = 0x5357434b; // "SWCK"
  private static final int CHUNK_HEADER_BYTES = 28;

  private SnapshotFiles() {}

  /** A complete snapshot: what its manifest file says. */
  @SuppressWarnings("ArrayRecordComponent") // never changed
  record Complete(SnapshotManifest manifest, int[] lengths, int[] crcs) {}

  static String manifestName(int group, long index) {
    return String.format(Locale.ROOT, "%s/%05d-%016x%s", FOLDER, group, index, MANIFEST);
  }

  static String chunkName(int group, long index, int chunk) {
    return String.format(Locale.ROOT, "%s/%05d-%016x-%06d%s", FOLDER, group, index, chunk, CHUNK);
  }

  /** Which snapshot a file belongs to, by its name. */
  record Owner(int group, long index, boolean isManifest) {
    static @Nullable Owner of(String name) {
      boolean isManifest = MANIFEST_NAME.matcher(name).matches();
      if (!isManifest && !CHUNK_NAME.matcher(name).matches()) {
        return null;
      }
      return new Owner(
          Integer.parseInt(name.substring(0, 5)),
          Long.parseUnsignedLong(name.substring(6, 22), 16),
          isManifest);
    }
  }

  /**
   * Writes and syncs one chunk. The file is new: an abandoned snapshot's files are deleted before
   * its index is used again, by the same queue of operations or by recovery. Blocks.
   */
  static void writeChunk(Disk disk, SnapshotManifest manifest, int chunk, byte[] bytes, int crc)
      throws IOException {
    ByteBuffer out = chunkHeader(manifest, chunk, bytes.length).putInt(crc).flip();
    DiskFile file = disk.open(chunkName(manifest.group(), manifest.index(), chunk));
    try {
      file.write(0, out);
      file.write(CHUNK_HEADER_BYTES, ByteBuffer.wrap(bytes));
      file.sync();
    } finally {
      file.close();
    }
  }

  private static ByteBuffer chunkHeader(SnapshotManifest manifest, int chunk, int length) {
    return ByteBuffer.allocate(CHUNK_HEADER_BYTES)
        .putInt(CHUNK_MAGIC)
        .putInt(manifest.group())
        .putLong(manifest.index())
        .putInt(chunk)
        .putInt(length);
  }

  static int chunkCrc(SnapshotManifest manifest, int chunk, byte[] bytes) {
    return new Checksum()
        .start()
        .add(chunkHeader(manifest, chunk, bytes.length), 0, CHUNK_HEADER_BYTES - 4)
        .add(ByteBuffer.wrap(bytes), 0, bytes.length)
        .value();
  }

  /** Makes the snapshot complete. Blocks. */
  static void writeManifest(Disk disk, Complete complete) throws IOException {
    SnapshotManifest manifest = complete.manifest();
    int count = manifest.chunkCount();
    byte[] members = manifest.membersView();
    ByteBuffer body = ByteBuffer.allocate(24 + members.length + 8 * count);
    body.putInt(manifest.group()).putLong(manifest.index()).putInt(manifest.term()).putInt(count);
    body.putInt(members.length).put(members);
    for (int chunk = 0; chunk < count; chunk++) {
      body.putInt(complete.lengths()[chunk]).putInt(complete.crcs()[chunk]);
    }
    assert !body.hasRemaining();
    // The chunks' names must not be younger than the manifest's.
    disk.syncFolder(FOLDER);
    String name = manifestName(manifest.group(), manifest.index());
    SmallFile.write(disk, name, MANIFEST_MAGIC, body.array());
  }

  /** Reads a manifest and makes it durable. Blocks. */
  static Complete readManifest(Disk disk, int group, long index) throws IOException {
    String name = manifestName(group, index);
    byte[] bytes = SmallFile.read(disk, name, MANIFEST_MAGIC, group);
    if (bytes == null) {
      throw new DamagedStorageException(name, 0, group, "the manifest is gone");
    }
    ByteBuffer body = ByteBuffer.wrap(bytes);
    try {
      if (body.getInt() != group || body.getLong() != index) {
        throw new DamagedStorageException(name, 0, group, "manifest of another snapshot");
      }
      int term = body.getInt();
      int count = body.getInt();
      byte[] members = new byte[body.getInt()];
      body.get(members);
      int[] lengths = new int[count];
      int[] crcs = new int[count];
      for (int chunk = 0; chunk < count; chunk++) {
        lengths[chunk] = body.getInt();
        crcs[chunk] = body.getInt();
      }
      return new Complete(new SnapshotManifest(group, index, term, members, count), lengths, crcs);
    } catch (BufferUnderflowException e) {
      throw new DamagedStorageException(name, bytes.length, group, "manifest is too short");
    }
  }

  /** Checks that each chunk is there at its full length; bytes are checked when read. Blocks. */
  static void checkChunks(Disk disk, Complete complete) throws IOException {
    SnapshotManifest manifest = complete.manifest();
    for (int chunk = 0; chunk < manifest.chunkCount(); chunk++) {
      String name = chunkName(manifest.group(), manifest.index(), chunk);
      if (!disk.exists(name)) {
        throw new DamagedStorageException(name, 0, manifest.group(), "the chunk is gone");
      }
      DiskFile file = disk.open(name);
      try {
        long expected = CHUNK_HEADER_BYTES + (long) complete.lengths()[chunk];
        if (file.size() != expected) {
          throw new DamagedStorageException(
              name, file.size(), manifest.group(), "the chunk should have " + expected + " bytes");
        }
      } finally {
        file.close();
      }
    }
  }

  /** The chunk's bytes, checked against manifest and file. Blocks. */
  static byte[] readChunk(Disk disk, Complete complete, int chunk) throws IOException {
    SnapshotManifest manifest = complete.manifest();
    String name = chunkName(manifest.group(), manifest.index(), chunk);
    int length = complete.lengths()[chunk];
    ByteBuffer header = ByteBuffer.allocate(CHUNK_HEADER_BYTES);
    ByteBuffer bytes = ByteBuffer.allocate(length);
    DiskFile file = disk.open(name);
    try {
      file.read(0, header);
      file.read(CHUNK_HEADER_BYTES, bytes);
    } finally {
      file.close();
    }
    int crc = chunkCrc(manifest, chunk, bytes.array());
    ByteBuffer expected = chunkHeader(manifest, chunk, length).putInt(crc).flip();
    if (bytes.hasRemaining() || crc != complete.crcs()[chunk] || !expected.equals(header.flip())) {
      throw new DamagedStorageException(
          name, 0, manifest.group(), "the chunk does not match its checksum");
    }
    return bytes.array();
  }

  /** Deletes a snapshot, the manifest first: what has a manifest has its chunks. Blocks. */
  static void delete(Disk disk, int group, long index, int chunkCount) throws IOException {
    String manifest = manifestName(group, index);
    if (disk.exists(manifest)) {
      disk.delete(manifest);
      disk.syncFolder(FOLDER);
    }
    for (int chunk = 0; chunk < chunkCount; chunk++) {
      disk.delete(chunkName(group, index, chunk));
    }
  }
}
