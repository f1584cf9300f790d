package io.shardwell.server.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/**
 * Shows that the decoder's result does not depend on how TCP cuts the stream, and that no stream at
 * all makes it do anything but answer requests or a protocol error; with random requests, cuts,
 * pauses of a reader that has enough, and mutated bytes.
 */
class RespDecoderProperties {

  @Provide
  Arbitrary<List<List<byte[]>>> requests() {
    Arbitrary<byte[]> small = Arbitraries.bytes().array(byte[].class).ofMaxSize(20);
    Arbitrary<byte[]> large =
        Arbitraries.integers().between(500, 3000).map(RespDecoderProperties::pattern);
    return Arbitraries.frequencyOf(
            net.jqwik.api.Tuple.of(9, small), net.jqwik.api.Tuple.of(1, large))
        .list()
        .ofMinSize(1)
        .ofMaxSize(40)
        .list()
        .ofMaxSize(12);
  }

  private static byte[] pattern(int size) {
    byte[] bytes = new byte[size];
    for (int i = 0; i < size; i++) {
      bytes[i] = (byte) (i * 31);
    }
    return bytes;
  }

  @Property(tries = 300)
  void anyCutsGiveTheSameRequests(
      @ForAll("requests") List<List<byte[]>> requests, @ForAll long seed) throws Exception {
    byte[] stream = encode(requests);
    List<byte[][]> decoded = decodeInPieces(stream, new Random(seed));
    assertThat(decoded).hasSameSizeAs(requests);
    for (int i = 0; i < decoded.size(); i++) {
      assertThat(decoded.get(i)).isDeepEqualTo(requests.get(i).toArray(byte[][]::new));
    }
  }

  /** Naively: the bytes of the request that is not whole, and nothing between requests. */
  @Property(tries = 300)
  void holdsWhatArrivedOfAnUnfinishedRequest(
      @ForAll("requests") List<List<byte[]>> requests, @ForAll long seed) throws Exception {
    RespDecoder decoder = new RespDecoder();
    Random random = new Random(seed);
    for (List<byte[]> words : requests) {
      byte[] request = encode(List.of(words));
      int at = 0;
      while (at < request.length) {
        int to = at + Math.min(request.length - at, 1 + random.nextInt(999));
        decoder.offer(request, at, to);
        at = to;
        boolean whole = decoder.next() != null;
        decoder.keep();
        assertThat(whole).isEqualTo(at == request.length);
        if (whole) {
          assertThat(decoder.heldBytes()).isZero();
        } else {
          assertThat(decoder.heldBytes()).isBetween(wordBytes(words, at), 512 + 8L * at);
        }
      }
    }
  }

  /** Of the first bytes of a request, those that are in words. */
  private static long wordBytes(List<byte[]> words, int arrived) {
    long at = ascii("*" + words.size() + "\r\n").length;
    long bytes = 0;
    for (byte[] word : words) {
      at += ascii("$" + word.length + "\r\n").length;
      bytes += Math.max(0, Math.min(word.length, arrived - at));
      at += word.length + 2;
    }
    return bytes;
  }

  @Property(tries = 500)
  void mutatedStreamsGiveRequestsOrAProtocolError(
      @ForAll("requests") List<List<byte[]>> requests, @ForAll long seed) {
    Random random = new Random(seed);
    byte[] stream = encode(requests);
    for (int i = random.nextInt(4) + 1; i > 0 && stream.length > 0; i--) {
      byte[] likely = {'*', '$', '-', '0', '9', '\r', '\n', '"', ' ', (byte) random.nextInt()};
      stream[random.nextInt(stream.length)] = likely[random.nextInt(likely.length)];
    }
    expectNothingElse(stream, random);
  }

  @Property(tries = 300)
  void noiseGivesRequestsOrAProtocolError(@ForAll byte[] noise, @ForAll long seed) {
    expectNothingElse(noise, new Random(seed));
  }

  private static void expectNothingElse(byte[] stream, Random random) {
    try {
      for (byte[][] words : decodeInPieces(stream, random)) {
        assertThat((Object[]) words).isNotEmpty().doesNotContainNull();
      }
    } catch (ProtocolException e) {
      assertThat(e.answer()).startsWith("ERR Protocol error: ").doesNotContain("\n", "\r");
    }
  }

  /** As a connection does: borrowed scratch, sometimes full up and coming back later. */
  private static List<byte[][]> decodeInPieces(byte[] stream, Random random)
      throws ProtocolException {
    RespDecoder decoder = new RespDecoder();
    List<byte[][]> decoded = new ArrayList<>();
    byte[] scratch = new byte[stream.length + 8];
    for (int at = 0; at < stream.length; ) {
      int length = Math.min(stream.length - at, 1 + random.nextInt(random.nextBoolean() ? 4 : 999));
      int offset = random.nextInt(8);
      System.arraycopy(stream, at, scratch, offset, length);
      decoder.offer(scratch, offset, offset + length);
      at += length;
      int appetite = random.nextInt(3) == 0 ? random.nextInt(3) : Integer.MAX_VALUE;
      take(decoder, decoded, appetite);
      decoder.keep();
      new Random(1).nextBytes(scratch);
    }
    take(decoder, decoded, Integer.MAX_VALUE);
    return decoded;
  }

  private static void take(RespDecoder decoder, List<byte[][]> decoded, int atMost)
      throws ProtocolException {
    for (int i = 0; i < atMost; i++) {
      byte[][] words = decoder.next();
      if (words == null) {
        return;
      }
      decoded.add(words);
    }
  }

  private static byte[] encode(List<List<byte[]>> requests) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (List<byte[]> words : requests) {
      out.writeBytes(ascii("*" + words.size() + "\r\n"));
      for (byte[] word : words) {
        out.writeBytes(ascii("$" + word.length + "\r\n"));
        out.writeBytes(word);
        out.writeBytes(ascii("\r\n"));
      }
    }
    return out.toByteArray();
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
