package io.shardwell.raftgroup.wire;

import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import java.nio.charset.StandardCharsets;

/**
 * Short strings and byte arrays with a length that is checked before anything is allocated: Kryo's
 * own string believes whatever length it reads, and a damaged frame must not cost gigabytes.
 */
public final class Text {

  private Text() {}

  public static void write(Output out, String text) {
    writeBytes(out, text.getBytes(StandardCharsets.UTF_8));
  }

  public static String read(Input in) {
    return new String(readBytes(in), StandardCharsets.UTF_8);
  }

  public static void writeBytes(Output out, byte[] bytes) {
    out.writeVarInt(bytes.length, true);
    out.writeBytes(bytes);
  }

  /**
   * Reads what {@link #writeBytes} wrote.
   *
   * @throws MalformedFrameException if there are not so many bytes
   */
  public static byte[] readBytes(Input in) {
    int length = in.readVarInt(true);
    if (length < 0 || length > in.limit() - in.position()) {
      throw new MalformedFrameException("length " + length + " is beyond the end");
    }
    return in.readBytes(length);
  }
}
