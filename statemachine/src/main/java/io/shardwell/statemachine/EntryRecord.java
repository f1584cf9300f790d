package io.shardwell.statemachine;

import java.util.Arrays;

/**
 * Key and value of an entry in one array: length of the key (LEB128), key, value. One object per
 * entry instead of three or more is what keeps the memory per key near that of Redis.
 */
final class EntryRecord {
  private EntryRecord() {}

  static byte[] of(byte[] key, byte[] value) {
    int prefix = ByteWriter.varintBytes(key.length);
    byte[] record = new byte[prefix + key.length + value.length];
    int rest = key.length;
    for (int i = 0; i < prefix; i++, rest >>>= 7) {
      record[i] = (byte) (i == prefix - 1 ? rest : rest | 0x80);
    }
    System.arraycopy(key, 0, record, prefix, key.length);
    System.arraycopy(value, 0, record, prefix + key.length, value.length);
    return record;
  }

  /** How long the record of a key and a value of these lengths is, in bytes. */
  static int length(int keyBytes, int valueBytes) {
    return ByteWriter.varintBytes(keyBytes) + keyBytes + valueBytes;
  }

  static boolean hasKey(byte[] record, byte[] key) {
    int from = keyFrom(record);
    return Arrays.equals(record, from, from + keyLength(record), key, 0, key.length);
  }

  static byte[] key(byte[] record) {
    int from = keyFrom(record);
    return Arrays.copyOfRange(record, from, from + keyLength(record));
  }

  static byte[] value(byte[] record) {
    return Arrays.copyOfRange(record, valueFrom(record), record.length);
  }

  /** Where the value starts; it reaches to the end of the record. */
  static int valueFrom(byte[] record) {
    return keyFrom(record) + keyLength(record);
  }

  private static int keyLength(byte[] record) {
    int length = 0;
    for (int i = 0, shift = 0; ; i++, shift += 7) {
      length |= (record[i] & 0x7f) << shift;
      if (record[i] >= 0) {
        return length;
      }
    }
  }

  private static int keyFrom(byte[] record) {
    int from = 1;
    while (record[from - 1] < 0) {
      from++;
    }
    return from;
  }
}
