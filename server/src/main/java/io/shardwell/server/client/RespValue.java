package io.shardwell.server.client;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A reply as it came over the wire in RESP2. */
public sealed interface RespValue {

  /** A status line such as {@code OK}. */
  record Status(String text) implements RespValue {}

  /** An error line, its prefix ({@code ERR}, {@code CLUSTERDOWN}, ...) included. */
  record Failure(String text) implements RespValue {}

  /** An integer. */
  record Int(long value) implements RespValue {}

  /** A byte string. Not copied: whoever has it leaves it as it is. */
  final class Bulk implements RespValue {
    private final byte[] bytes;

    /** Keeps the array. */
    public Bulk(byte[] bytes) {
      this.bytes = bytes;
    }

    /** The bytes themselves. */
    public byte[] bytes() {
      return bytes;
    }

    /** The bytes read as UTF-8; what is not UTF-8 is replaced. */
    public String text() {
      return new String(bytes, StandardCharsets.UTF_8);
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Bulk bulk && Arrays.equals(bytes, bulk.bytes);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(bytes);
    }

    @Override
    public String toString() {
      return "Bulk[" + text() + "]";
    }
  }

  /** The absent value, as a bulk or as an array. */
  record Nil() implements RespValue {}

  /** A list of replies, empty or nested. */
  record Items(List<RespValue> items) implements RespValue {

    /** Copies the list. */
    public Items {
      items = List.copyOf(items);
    }
  }
}
