package io.shardwell.statemachine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Shows that DIGEST is XXH3-64, with the vectors of xxHash's own self-test, one of each kind. */
class DigestTest {
  private static final long PRIME_64 = 0x9E3779B185EBCA8DL;

  @ParameterizedTest
  @CsvSource({
    "0, 2d06800538d394c2",
    "1, c44bdff4074eecdb",
    "6, 27b56a84cd2d7325",
    "12, a713daf0dfbb77e7",
    "24, a3fe70bf9d3510eb",
    "48, 397da259ecba1f11",
    "80, bcdefbbb2c47c90a",
    "195, cd94217ee362ec3a",
    "403, cdeb804d65c6dea4",
    "512, 617e49599013cb6b",
    "2048, dd59e2c3a5f038e0",
    "2240, 6e73a90539cf2948",
    "2367, cb37aeb9e5d361ed"
  })
  void isThatOfXxHash(int length, String digest) {
    byte[] value = new byte[length];
    long generator = 2654435761L;
    for (int i = 0; i < length; i++) {
      value[i] = (byte) (generator >>> 56);
      generator *= PRIME_64;
    }
    assertThat(Digest.of(value)).isEqualTo(digest);
  }
}
