package io.shardwell.statemachine;

import java.util.ArrayList;
import java.util.List;

/** Replies as bytes, between nodes and in sessions. Compact: OK, nil and 0 to 63 are one byte. */
public final class ReplyCodec {
  private static final int OK = 0;
  private static final int NIL = 1;
  private static final int STATUS = 2;
  private static final int FAILURE = 3;
  private static final int INT = 4;
  private static final int BULK = 5;
  private static final int ARRAY = 6;
  private static final int SMALL_INT = 64;
  private static final int SMALL_INTS = 64;

  /** Deepest nesting of arrays; bytes from elsewhere must not choose our stack depth. */
  private static final int MAX_DEPTH = 8;

  private ReplyCodec() {}

  /** The bytes of some replies, in order. */
  public static byte[] encode(List<Reply> replies) {
    ByteWriter out = new ByteWriter(64);
    out.writeVarint(replies.size());
    for (Reply reply : replies) {
      write(out, reply);
    }
    return out.toBytes();
  }

  /**
   * The replies that {@link #encode} was given.
   *
   * @throws MalformedBytesException if the bytes are not an encoding
   */
  public static List<Reply> decode(byte[] bytes) {
    ByteReader in = new ByteReader(bytes);
    List<Reply> replies = readList(in, bytes.length, 0);
    in.expectEnd();
    return replies;
  }

  /** How much memory the bytes of a reply take, not counting what each has whatever it says. */
  static long sizeOf(Reply reply) {
    if (reply instanceof Reply.Bulk bulk) {
      return bulk.value().length;
    }
    long sum = 0;
    if (reply instanceof Reply.Array array) {
      for (Reply item : array.items()) {
        sum += sizeOf(item);
      }
    }
    return sum;
  }

  static void write(ByteWriter out, Reply reply) {
    if (reply instanceof Reply.Status status) {
      if (status.text().equals("OK")) {
        out.writeByte(OK);
      } else {
        out.writeByte(STATUS);
        out.writeText(status.text());
      }
    } else if (reply instanceof Reply.Failure failure) {
      out.writeByte(FAILURE);
      out.writeText(failure.text());
    } else if (reply instanceof Reply.Int integer) {
      if (integer.value() >= 0 && integer.value() < SMALL_INTS) {
        out.writeByte(SMALL_INT + (int) integer.value());
      } else {
        out.writeByte(INT);
        out.writeZigzag(integer.value());
      }
    } else if (reply instanceof Reply.Bulk bulk) {
      out.writeByte(BULK);
      out.writeBytes(bulk.value());
    } else if (reply instanceof Reply.Nil) {
      out.writeByte(NIL);
    } else if (reply instanceof Reply.Array array) {
      out.writeByte(ARRAY);
      out.writeVarint(array.items().size());
      for (Reply item : array.items()) {
        write(out, item);
      }
    } else {
      throw new AssertionError(reply);
    }
  }

  private static Reply read(ByteReader in, int limit, int depth) {
    int tag = in.readByte();
    if (tag >= SMALL_INT && tag < SMALL_INT + SMALL_INTS) {
      return Reply.integer(tag - SMALL_INT);
    }
    return switch (tag) {
      case OK -> Reply.OK;
      case NIL -> Reply.NIL;
      case STATUS -> new Reply.Status(in.readText());
      case FAILURE -> new Reply.Failure(in.readText());
      case INT -> new Reply.Int(in.readZigzag());
      case BULK -> new Reply.Bulk(in.readBytes());
      case ARRAY -> new Reply.Array(readList(in, limit, depth + 1));
      default -> throw new MalformedBytesException("reply tag " + tag);
    };
  }

  private static List<Reply> readList(ByteReader in, int limit, int depth) {
    if (depth > MAX_DEPTH) {
      throw new MalformedBytesException("replies nested deeper than " + MAX_DEPTH);
    }
    // Each reply takes at least a byte, so the count cannot exceed the length.
    int count = in.readCount(limit, "reply count");
    List<Reply> replies = new ArrayList<>(Math.min(count, 1024));
    for (int i = 0; i < count; i++) {
      replies.add(read(in, limit, depth));
    }
    return replies;
  }
}
