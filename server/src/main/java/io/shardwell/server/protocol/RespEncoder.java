package io.shardwell.server.protocol;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.shardwell.statemachine.Reply;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * RESP2 and RESP3. Never sends blob errors or attributes: Jedis's parser throws at them. Both
 * instances are stateless and shared.
 */
public enum RespEncoder implements AnswerEncoder {
  RESP2(2),
  RESP3(3);

  private static final byte[] OK = ascii("+OK\r\n");
  private static final byte[] NIL2 = ascii("$-1\r\n");
  private static final byte[] NIL3 = ascii("_\r\n");
  private static final byte[] NO_ITEMS2 = ascii("*-1\r\n");
  private static final byte[] VERBATIM = ascii("txt:");
  private static final int LINE_END = '\r' << 8 | '\n';

  private final int version;

  RespEncoder(int version) {
    this.version = version;
  }

  /** 2 or 3, as in HELLO. */
  public int version() {
    return version;
  }

  @Override
  public void encode(Reply reply, ByteBuf out) {
    if (reply instanceof Reply.Bulk bulk) {
      bulk(bulk.value(), out);
    } else if (reply == Reply.OK) {
      out.writeBytes(OK);
    } else if (reply instanceof Reply.Int integer) {
      header(':', integer.value(), out);
    } else if (reply instanceof Reply.Nil) {
      out.writeBytes(this == RESP2 ? NIL2 : NIL3);
    } else if (reply instanceof Reply.Status status) {
      line('+', status.text(), out);
    } else if (reply instanceof Reply.Failure failure) {
      line('-', failure.text(), out);
    } else if (reply instanceof Reply.Array array) {
      header('*', array.items().size(), out);
      for (Reply item : array.items()) {
        encode(item, out);
      }
    }
  }

  @Override
  public void encode(Answer answer, ByteBuf out) {
    if (answer instanceof Answer.Plain plain) {
      encode(plain.reply(), out);
    } else if (answer instanceof Answer.NoItems) {
      out.writeBytes(this == RESP2 ? NO_ITEMS2 : NIL3);
    } else if (answer instanceof Answer.Items list) {
      all('*', list.items().size(), list.items(), out);
    } else if (answer instanceof Answer.Distinct set) {
      all(this == RESP2 ? '*' : '~', set.items().size(), set.items(), out);
    } else if (answer instanceof Answer.Pairs pairs) {
      int words = pairs.keysAndValues().size();
      boolean flat = this == RESP2;
      all(flat ? '*' : '%', flat ? words : words / 2, pairs.keysAndValues(), out);
    } else if (answer instanceof Answer.Text text) {
      byte[] bytes = text.text().getBytes(StandardCharsets.UTF_8);
      if (this == RESP2) {
        bulk(bytes, out);
      } else {
        header('=', bytes.length + VERBATIM.length, out);
        out.writeBytes(VERBATIM).writeBytes(bytes).writeShort(LINE_END);
      }
    }
  }

  private void all(char type, long count, List<Answer> items, ByteBuf out) {
    header(type, count, out);
    for (Answer item : items) {
      encode(item, out);
    }
  }

  private static void bulk(byte[] value, ByteBuf out) {
    BufferRoom.ensure(value.length + 16L, out);
    header('$', value.length, out);
    out.writeBytes(value).writeShort(LINE_END);
  }

  private static void header(char type, long value, ByteBuf out) {
    out.writeByte(type);
    if (value >= 0 && value < 10) {
      out.writeByte('0' + (int) value);
    } else if (value >= 10 && value < 100) {
      out.writeShort(('0' + (int) value / 10) << 8 | ('0' + (int) value % 10));
    } else {
      ByteBufUtil.writeAscii(out, Long.toString(value));
    }
    out.writeShort(LINE_END);
  }

  /** A line must stay one, whatever a client made us repeat; its characters are bytes. */
  private static void line(char type, String text, ByteBuf out) {
    out.writeByte(type);
    out.writeCharSequence(text.replace('\r', ' ').replace('\n', ' '), StandardCharsets.ISO_8859_1);
    out.writeShort(LINE_END);
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
