package io.shardwell.server.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.shardwell.statemachine.Reply;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.List;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;

/**
 * Shows how the plain-text protocol quotes: any bytes as a byte-by-byte model has them, whatever
 * their number, and without an object for each byte.
 */
class LineEncoderProperties {

  private static final int VALUE_BYTES = 1 << 20;

  /** Four for the escape itself, and as much again for whatever surrounds it. */
  private static final int MAX_ALLOCATED_PER_BYTE = 8;

  private static String quotedByModel(byte[] value) {
    StringBuilder quoted = new StringBuilder("\"");
    for (byte b : value) {
      int c = b & 0xff;
      quoted.append(
          switch (c) {
            case '\n' -> "\\n";
            case '\r' -> "\\r";
            case '\t' -> "\\t";
            case '"', '\\' -> "\\" + (char) c;
            default ->
                c < 32 || c == 127 ? String.format("\\x%02x", c) : Character.toString((char) c);
          });
    }
    return quoted.append('"').toString();
  }

  private static String line(Reply reply) {
    ByteBuf out = Unpooled.buffer();
    LineEncoder.LINES.encode(reply, out);
    return out.toString(StandardCharsets.ISO_8859_1);
  }

  @Property(tries = 200)
  void aValueWithControlsIsQuotedAsByTheModel(@ForAll @Size(max = 9000) byte[] bytes) {
    byte[] value = new byte[bytes.length + 1];
    System.arraycopy(bytes, 0, value, 0, bytes.length);
    String quoted = quotedByModel(value);
    Reply bulk = new Reply.Bulk(value);
    assertThat(line(bulk)).isEqualTo(quoted + "\n");
    assertThat(line(new Reply.Array(List.of(bulk, Reply.NIL, bulk))))
        .isEqualTo(quoted + " (nil) " + quoted + "\n");
  }

  /** Once 16 MiB of zeros, as a bitmap has them, took a formatter for each and 7 to 13 seconds. */
  @Example
  void quotingAllocatesNoObjectForEachByte() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    Reply zeros = new Reply.Bulk(new byte[VALUE_BYTES]);
    ByteBuf out = Unpooled.buffer(4 * VALUE_BYTES + 3);
    long before = threads.getCurrentThreadAllocatedBytes();
    LineEncoder.LINES.encode(zeros, out);
    long allocated = threads.getCurrentThreadAllocatedBytes() - before;
    assertThat(out.readableBytes()).isEqualTo(4 * VALUE_BYTES + 3);
    assertThat(allocated).isLessThan((long) MAX_ALLOCATED_PER_BYTE * VALUE_BYTES);
  }
}
