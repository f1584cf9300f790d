package io.shardwell.statemachine;

/** Slot and shard arithmetic, the same as Redis Cluster's for slots. */
public final class Slots {
  /** How many slots there are. */
  public static final int COUNT = 16384;

  private static final short[] CRC16 = new short[256];

  static {
    for (int i = 0; i < 256; i++) {
      int crc = i << 8;
      for (int bit = 0; bit < 8; bit++) {
        crc = (crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1;
      }
      CRC16[i] = (short) crc;
    }
  }

  private Slots() {}

  /**
   * The slot of a key: CRC16 of the key, or of what stands between its first '{' and the next '}'
   * if that is not empty.
   */
  public static int of(byte[] key) {
    int open = indexOf(key, '{', 0);
    if (open >= 0) {
      int close = indexOf(key, '}', open + 1);
      if (close > open + 1) {
        return crc16(key, open + 1, close) & (COUNT - 1);
      }
    }
    return crc16(key, 0, key.length) & (COUNT - 1);
  }

  /** The shard that holds a slot: shards are contiguous ranges whose sizes differ by at most 1. */
  public static int shardOf(int slot, int shards) {
    assert slot >= 0 && slot < COUNT : slot;
    assert shards >= 1 && shards <= COUNT : shards;
    // The inverse of firstSlot: the largest s with s * COUNT / shards <= slot.
    return (int) (((slot + 1L) * shards - 1) / COUNT);
  }

  /** The first slot of a shard. */
  public static int firstSlot(int shard, int shards) {
    assert shards >= 1 && shards <= COUNT : shards;
    assert shard >= 0 && shard < shards : shard;
    return (int) ((long) shard * COUNT / shards);
  }

  /** The last slot of a shard. */
  public static int lastSlot(int shard, int shards) {
    assert shard >= 0 && shard < shards : shard;
    return (int) ((shard + 1L) * COUNT / shards) - 1;
  }

  /** CRC16 as XMODEM has it: polynomial 0x1021, start 0, no reflection. */
  static int crc16(byte[] bytes, int from, int to) {
    int crc = 0;
    for (int i = from; i < to; i++) {
      crc = (crc << 8) ^ (CRC16[((crc >>> 8) ^ bytes[i]) & 0xff] & 0xffff);
    }
    return crc & 0xffff;
  }

  private static int indexOf(byte[] bytes, char wanted, int from) {
    for (int i = from; i < bytes.length; i++) {
      if (bytes[i] == wanted) {
        return i;
      }
    }
    return -1;
  }
}
