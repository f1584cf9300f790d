package io.shardwell.statemachine;

import java.util.Arrays;

/**
 * Key and value of an entry, one behind the other: length of the key (LEB128), key, value. Where a
 * record is part of an array, `from` says where it begins and `length` how long it is.
 */
final class EntryRecord {
  private EntryRecord() {}

  /** A record in an array of its own. */
  static byte[] of(byte[] key, byte[] value) {
    byte[] record = new byte[length(key.length, value.length)];
    write(key, value, record, 0);
    return record;
  }

  /** Writes a record into an array, which must have room for it. */
  static void write(byte[] key, byte[] value, byte[] into, int from) {
    int prefix = ByteWriter.varintBytes(key.length);
    int rest = key.length;
    for (int i = 0; i < prefix; i++, rest >>>= 7) {
      into[from + i] = (byte) (i == prefix - 1 ? rest : rest | 0x80);
    }
    System.arraycopy(key, 0, into, from + prefix, key.length);
    System.arraycopy(value, 0, into, from + prefix + key.length, value.length);
  }

  /** How long the record of a key and a value of these lengths is, in bytes. */
  static int length(int keyBytes, int valueBytes) {
    return ByteWriter.varintBytes(keyBytes) + keyBytes + valueBytes;
  }

  static boolean hasKey(byte[] array, int from, byte[] key) {
    int keyFrom = keyFrom(array, from);
    return keyLength(array, from) == key.length
        && Arrays.equals(array, keyFrom, keyFrom + key.length, key, 0, key.length);
  }

  static byte[] key(byte[] array, int from) {
    int keyFrom = keyFrom(array, from);
    return Arrays.copyOfRange(array, keyFrom, keyFrom + keyLength(array, from));
  }

  /** Where the value starts; it reaches to the end of the record. */
  static int valueFrom(byte[] array, int from) {
    return keyFrom(array, from) + keyLength(array, from);
  }

  private static int keyLength(byte[] array, int from) {
    int length = 0;
    for (int i = from, shift = 0; ; i++, shift += 7) {
      length |= (array[i] & 0x7f) << shift;
      if (array[i] >= 0) {
        return length;
      }
    }
  }

  private static int keyFrom(byte[] array, int from) {
    int keyFrom = from + 1;
    while (array[keyFrom - 1] < 0) {
      keyFrom++;
    }
    return keyFrom;
  }
}
