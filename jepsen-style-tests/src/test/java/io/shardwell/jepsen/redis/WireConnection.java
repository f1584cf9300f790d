package io.shardwell.jepsen.redis;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A connection that sends words as they are and hands out replies as they come. One thread. */
final class WireConnection implements AutoCloseable {
  private static final int PATIENCE_MILLIS = 20_000;
  private static final byte[] LINE_END = {'\r', '\n'};

  private final Socket socket;
  private final InputStream in;

  WireConnection(int port) throws IOException {
    socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(PATIENCE_MILLIS);
    in = new BufferedInputStream(socket.getInputStream(), 64 << 10);
  }

  /** One command, one reply. Words are ISO 8859-1: a character is a byte. */
  WireReply call(String... words) throws IOException {
    send(List.of(words));
    return read();
  }

  void send(List<String> words) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream(256);
    write('*', words.size(), out);
    for (String word : words) {
      byte[] bytes = word.getBytes(StandardCharsets.ISO_8859_1);
      write('$', bytes.length, out);
      out.writeBytes(bytes);
      out.writeBytes(LINE_END);
    }
    out.writeTo(socket.getOutputStream());
  }

  private static void write(char type, int count, ByteArrayOutputStream out) {
    out.write(type);
    out.writeBytes(Integer.toString(count).getBytes(StandardCharsets.US_ASCII));
    out.writeBytes(LINE_END);
  }

  WireReply read() throws IOException {
    int type = in.read();
    if (type < 0) {
      throw new EOFException("closed without an answer");
    }
    String line = line();
    return switch (type) {
      case '+', '-', ':', '_', ',', '#', '(' -> WireReply.line((char) type, line);
      case '$', '=' -> bulk((char) type, Integer.parseInt(line));
      case '*', '~', '%' -> items((char) type, Integer.parseInt(line));
      default -> throw new IOException("no type of RESP: " + (char) type + line);
    };
  }

  private WireReply bulk(char type, int length) throws IOException {
    if (length < 0) {
      return WireReply.line(type, null);
    }
    byte[] bytes = in.readNBytes(length);
    if (bytes.length < length || in.read() != '\r' || in.read() != '\n') {
      throw new IOException("bulk without its end");
    }
    return WireReply.line(type, new String(bytes, StandardCharsets.ISO_8859_1));
  }

  private WireReply items(char type, int count) throws IOException {
    if (count < 0) {
      return WireReply.line(type, "nil");
    }
    int all = type == '%' ? 2 * count : count;
    List<WireReply> items = new ArrayList<>(all);
    for (int i = 0; i < all; i++) {
      items.add(read());
    }
    return new WireReply(type, null, items);
  }

  private String line() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream(64);
    while (true) {
      int next = in.read();
      if (next < 0) {
        throw new EOFException("closed within an answer");
      }
      if (next == '\r') {
        if (in.read() != '\n') {
          throw new IOException("a line without its end");
        }
        return line.toString(StandardCharsets.ISO_8859_1);
      }
      line.write(next);
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
