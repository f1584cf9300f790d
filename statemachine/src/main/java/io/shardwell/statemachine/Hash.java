package io.shardwell.statemachine;

/**
 * The one hash of this module: SipHash-1-3 with a fixed key.
 *
 * <p>Its values are part of the state's meaning (SCAN cursors, order of collection, digests), so
 * every replica and every JVM must get the same ones, and it can have no secret seed. SipHash makes
 * keys with equal hashes expensive to find all the same; cheaper mixers give them away by the
 * thousand.
 */
final class Hash {
  private static final long KEY_0 = 0x736861726477656cL;
  private static final long KEY_1 = 0x6c2d6b6579737061L;

  private Hash() {}

  /** The hash of all bytes. */
  static long of(byte[] bytes) {
    return of(bytes, 0, bytes.length);
  }

  /** The hash of a part of an array. */
  static long of(byte[] bytes, int from, int to) {
    long v0 = KEY_0 ^ 0x736f6d6570736575L;
    long v1 = KEY_1 ^ 0x646f72616e646f6dL;
    long v2 = KEY_0 ^ 0x6c7967656e657261L;
    long v3 = KEY_1 ^ 0x7465646279746573L;
    int length = to - from;
    int lastWord = from + (length & ~7);
    for (int i = from; i <= lastWord; i += 8) {
      long word = i < lastWord ? Bytes.getLongLittle(bytes, i) : tail(bytes, i, to, length);
      v3 ^= word;
      v0 += v1;
      v2 += v3;
      v1 = Long.rotateLeft(v1, 13) ^ v0;
      v3 = Long.rotateLeft(v3, 16) ^ v2;
      v0 = Long.rotateLeft(v0, 32);
      v2 += v1;
      v0 += v3;
      v1 = Long.rotateLeft(v1, 17) ^ v2;
      v3 = Long.rotateLeft(v3, 21) ^ v0;
      v2 = Long.rotateLeft(v2, 32);
      v0 ^= word;
    }
    v2 ^= 0xff;
    for (int round = 0; round < 3; round++) {
      v0 += v1;
      v2 += v3;
      v1 = Long.rotateLeft(v1, 13) ^ v0;
      v3 = Long.rotateLeft(v3, 16) ^ v2;
      v0 = Long.rotateLeft(v0, 32);
      v2 += v1;
      v0 += v3;
      v1 = Long.rotateLeft(v1, 17) ^ v2;
      v3 = Long.rotateLeft(v3, 21) ^ v0;
      v2 = Long.rotateLeft(v2, 32);
    }
    return v0 ^ v1 ^ v2 ^ v3;
  }

  /** Takes one more word into a running hash. Not symmetric: the order of words matters. */
  static long combine(long running, long word) {
    long mixed = (running + 0x632be59bd9b4e019L) * 0x9e3779b97f4a7c15L;
    mixed = (mixed ^ (mixed >>> 32)) + word;
    mixed = (mixed ^ (mixed >>> 30)) * 0xbf58476d1ce4e5b9L;
    mixed = (mixed ^ (mixed >>> 27)) * 0x94d049bb133111ebL;
    return mixed ^ (mixed >>> 31);
  }

  private static long tail(byte[] bytes, int from, int to, int length) {
    long word = (long) length << 56;
    for (int i = from, shift = 0; i < to; i++, shift += 8) {
      word |= (bytes[i] & 0xffL) << shift;
    }
    return word;
  }
}
