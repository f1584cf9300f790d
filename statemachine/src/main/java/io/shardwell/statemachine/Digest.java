package io.shardwell.statemachine;

import java.util.HexFormat;

/**
 * What DIGEST answers: XXH3-64 of a value with the default secret and no seed, as in Redis 8.4.
 * After Yann Collet's specification of XXH3; names are those of its text.
 */
final class Digest {
  /** How many letters a digest has. */
  static final int LETTERS = 16;

  private static final byte[] SECRET =
      HexFormat.of()
          .parseHex(
              "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671f"
                  + "cb79e64eccc0e578825ad07dccff7221b8084674f743248ee03590e6813a264c"
                  + "3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8"
                  + "a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364"
                  + "eac5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e"
                  + "2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e");

  private static final long PRIME32_1 = 0x9E3779B1L;
  private static final long PRIME32_2 = 0x85EBCA77L;
  private static final long PRIME32_3 = 0xC2B2AE3DL;
  private static final long PRIME64_1 = 0x9E3779B185EBCA87L;
  private static final long PRIME64_2 = 0xC2B2AE3D27D4EB4FL;
  private static final long PRIME64_3 = 0x165667B19E3779F9L;
  private static final long PRIME64_4 = 0x85EBCA77C2B2AE63L;
  private static final long PRIME64_5 = 0x27D4EB2F165667C5L;
  private static final long PRIME_MX1 = 0x165667919E3779F9L;
  private static final long PRIME_MX2 = 0x9FB21C651E98DF25L;

  private static final int STRIPE = 64;
  private static final int STRIPES_PER_BLOCK = (SECRET.length - STRIPE) / 8;

  private Digest() {}

  /** Sixteen letters, lower case. */
  static String of(byte[] value) {
    return HexFormat.of().toHexDigits(hash(value));
  }

  static long hash(byte[] in) {
    int length = in.length;
    if (length == 0) {
      return avalancheXxh64(secret(56) ^ secret(64));
    } else if (length <= 3) {
      return upTo3(in);
    } else if (length <= 8) {
      return upTo8(in);
    } else if (length <= 16) {
      return upTo16(in);
    } else if (length <= 128) {
      return upTo128(in);
    } else if (length <= 240) {
      return upTo240(in);
    }
    return longer(in);
  }

  private static long upTo3(byte[] in) {
    int length = in.length;
    int combined =
        (in[0] & 0xff) << 16 | in[length >> 1] << 24 | (in[length - 1] & 0xff) | length << 8;
    long flip = (secret32(0) ^ secret32(4)) & 0xffffffffL;
    return avalancheXxh64((combined & 0xffffffffL) ^ flip);
  }

  private static long upTo8(byte[] in) {
    int length = in.length;
    long first = (long) read32(in, 0) << 32;
    long last = read32(in, length - 4) & 0xffffffffL;
    long h = (last + first) ^ secret(8) ^ secret(16);
    h ^= Long.rotateLeft(h, 49) ^ Long.rotateLeft(h, 24);
    h *= PRIME_MX2;
    h ^= (h >>> 35) + length;
    h *= PRIME_MX2;
    return h ^ (h >>> 28);
  }

  private static long upTo16(byte[] in) {
    int length = in.length;
    long low = Bytes.getLongLittle(in, 0) ^ secret(24) ^ secret(32);
    long high = Bytes.getLongLittle(in, length - 8) ^ secret(40) ^ secret(48);
    return avalanche(length + Long.reverseBytes(low) + high + fold(low, high));
  }

  private static long upTo128(byte[] in) {
    int length = in.length;
    long h = length * PRIME64_1;
    for (int i = (length - 1) / 32; i >= 0; i--) {
      h += mix16(in, 16 * i, 32 * i);
      h += mix16(in, length - 16 * (i + 1), 32 * i + 16);
    }
    return avalanche(h);
  }

  private static long upTo240(byte[] in) {
    int length = in.length;
    long h = length * PRIME64_1;
    for (int i = 0; i < 8; i++) {
      h += mix16(in, 16 * i, 16 * i);
    }
    h = avalanche(h);
    for (int i = 8; i < length / 16; i++) {
      h += mix16(in, 16 * i, 16 * (i - 8) + 3);
    }
    return avalanche(h + mix16(in, length - 16, 136 - 17));
  }

  private static long longer(byte[] in) {
    long[] lanes = {
      PRIME32_3, PRIME64_1, PRIME64_2, PRIME64_3, PRIME64_4, PRIME32_2, PRIME64_5, PRIME32_1
    };
    int stripes = (in.length - 1) / STRIPE;
    for (int stripe = 0; stripe < stripes; stripe++) {
      int inBlock = stripe % STRIPES_PER_BLOCK;
      accumulate(lanes, in, stripe * STRIPE, inBlock * 8);
      if (inBlock == STRIPES_PER_BLOCK - 1) {
        for (int i = 0; i < lanes.length; i++) {
          long lane = lanes[i] ^ (lanes[i] >>> 47) ^ secret(SECRET.length - STRIPE + 8 * i);
          lanes[i] = lane * PRIME32_1;
        }
      }
    }
    accumulate(lanes, in, in.length - STRIPE, SECRET.length - STRIPE - 7);
    long h = in.length * PRIME64_1;
    for (int i = 0; i < lanes.length; i += 2) {
      h += fold(lanes[i] ^ secret(11 + 8 * i), lanes[i + 1] ^ secret(11 + 8 * i + 8));
    }
    return avalanche(h);
  }

  private static void accumulate(long[] lanes, byte[] in, int at, int secretAt) {
    for (int i = 0; i < lanes.length; i++) {
      long word = Bytes.getLongLittle(in, at + 8 * i);
      long keyed = word ^ secret(secretAt + 8 * i);
      lanes[i ^ 1] += word;
      lanes[i] += (keyed & 0xffffffffL) * (keyed >>> 32);
    }
  }

  private static long mix16(byte[] in, int at, int secretAt) {
    return fold(
        Bytes.getLongLittle(in, at) ^ secret(secretAt),
        Bytes.getLongLittle(in, at + 8) ^ secret(secretAt + 8));
  }

  /** Both halves of the unsigned product, xored. */
  private static long fold(long a, long b) {
    long high = Math.multiplyHigh(a, b) + ((a >> 63) & b) + ((b >> 63) & a);
    return (a * b) ^ high;
  }

  private static long avalanche(long h) {
    long mixed = (h ^ (h >>> 37)) * PRIME_MX1;
    return mixed ^ (mixed >>> 32);
  }

  private static long avalancheXxh64(long h) {
    long mixed = (h ^ (h >>> 33)) * PRIME64_2;
    mixed = (mixed ^ (mixed >>> 29)) * PRIME64_3;
    return mixed ^ (mixed >>> 32);
  }

  private static long secret(int at) {
    return Bytes.getLongLittle(SECRET, at);
  }

  private static int secret32(int at) {
    return read32(SECRET, at);
  }

  private static int read32(byte[] in, int at) {
    return (in[at] & 0xff)
        | (in[at + 1] & 0xff) << 8
        | (in[at + 2] & 0xff) << 16
        | in[at + 3] << 24;
  }
}
