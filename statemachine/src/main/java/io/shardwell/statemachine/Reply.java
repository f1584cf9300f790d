package io.shardwell.statemachine;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/** What a command answers, neutral to RESP2, RESP3 and plain text. Immutable by convention. */
public sealed interface Reply {
  /** The answer of writes that have nothing else to say. */
  Reply OK = new Status("OK");

  /** No value. */
  Reply NIL = new Nil();

  /** Integer 0: nothing changed, nothing found. */
  Reply ZERO = new Int(0);

  /** Integer 1: changed, found. */
  Reply ONE = new Int(1);

  /** A value of no bytes. */
  Reply EMPTY = new Bulk(new byte[0]);

  /** A short word such as OK. */
  record Status(String text) implements Reply {}

  /**
   * An error; the text starts with its code, as in "ERR syntax error", and has no line end. Each of
   * its characters is one byte (ISO 8859-1): it may repeat what a client sent, whatever that was.
   */
  record Failure(String text) implements Reply {}

  /** A whole number. */
  record Int(long value) implements Reply {}

  /** Bytes. */
  @SuppressWarnings("ArrayRecordComponent") // Compared by content below, never changed.
  record Bulk(byte[] value) implements Reply {
    /** UTF-8 of a text. */
    public static Bulk of(String text) {
      return new Bulk(text.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Bulk bulk && Arrays.equals(value, bulk.value);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(value);
    }

    @Override
    public String toString() {
      return "Bulk[" + new String(value, StandardCharsets.UTF_8) + "]";
    }
  }

  /** No value. */
  record Nil() implements Reply {}

  /** A list; its items may be of any kind. */
  record Array(List<Reply> items) implements Reply {}

  /** The integer, shared where it is 0 or 1. */
  static Reply integer(long value) {
    return value == 0 ? ZERO : value == 1 ? ONE : new Int(value);
  }
}
