package io.shardwell.storage;

import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The bytes of {@link NodeMetadata}, in the file {@code metadata}. */
final class MetadataFile {
  static final String NAME = "metadata";
  private static final int MAGIC = 0x53574d44; // "SWMD"
  private static final int OPENED = 1;
  private static final int REJOINS = 2;

  private MetadataFile() {}

  /** Blocks. Null in a directory where none was ever saved. */
  static @Nullable NodeMetadata read(Disk disk) throws IOException {
    byte[] body = SmallFile.read(disk, NAME, MAGIC, DamagedStorageException.NO_GROUP);
    if (body == null) {
      return null;
    }
    try {
      return decode(ByteBuffer.wrap(body));
    } catch (BufferUnderflowException e) {
      throw new DamagedStorageException(
          NAME, body.length, DamagedStorageException.NO_GROUP, "metadata is too short");
    }
  }

  /** Blocks. */
  static void write(Disk disk, NodeMetadata metadata) throws IOException {
    SmallFile.write(disk, NAME, MAGIC, encode(metadata));
  }

  private static byte[] encode(NodeMetadata metadata) {
    Map<String, Long> sizes = new TreeMap<>(metadata.growOnlySizes());
    int length = 8 + 8 + 1 + 4 + metadata.clusterTable().length + 4;
    for (String name : sizes.keySet()) {
      length += 4 + name.getBytes(StandardCharsets.UTF_8).length + 8;
    }
    ByteBuffer out = ByteBuffer.allocate(length);
    out.putLong(metadata.incarnation()).putLong(metadata.bootNumber());
    out.put((byte) ((metadata.opened() ? OPENED : 0) | (metadata.rejoins() ? REJOINS : 0)));
    putBytes(out, metadata.clusterTable());
    out.putInt(sizes.size());
    sizes.forEach(
        (name, size) -> {
          putBytes(out, name.getBytes(StandardCharsets.UTF_8));
          out.putLong(size);
        });
    assert !out.hasRemaining();
    return out.array();
  }

  private static NodeMetadata decode(ByteBuffer in) {
    long incarnation = in.getLong();
    long bootNumber = in.getLong();
    byte flags = in.get();
    byte[] clusterTable = getBytes(in);
    Map<String, Long> sizes = new TreeMap<>();
    for (int left = in.getInt(); left > 0; left--) {
      String name = new String(getBytes(in), StandardCharsets.UTF_8);
      sizes.put(name, in.getLong());
    }
    return new NodeMetadata(
        incarnation,
        bootNumber,
        clusterTable,
        (flags & OPENED) != 0,
        (flags & REJOINS) != 0,
        sizes);
  }

  private static void putBytes(ByteBuffer out, byte[] bytes) {
    out.putInt(bytes.length).put(bytes);
  }

  private static byte[] getBytes(ByteBuffer in) {
    byte[] bytes = new byte[in.getInt()];
    in.get(bytes);
    return bytes;
  }
}
