package io.shardwell.server.client;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A blocking RESP2 client over one connection: one command out, one reply in.
 *
 * <p>For the command line and for tests. It never re-sends anything: after an {@link IOException}
 * the command may or may not have taken effect, and the connection is of no more use. Not
 * thread-safe.
 */
public final class RespClient implements AutoCloseable {

  /** A longer bulk in a reply is a broken stream; Redis's own limit, in bytes. */
  static final int MAX_BULK_BYTES = 512 << 20;

  /** Deeper nesting in a reply is a broken stream; no command of ours nests past 4. */
  static final int MAX_DEPTH = 16;

  /** A longer status or error line is a broken stream, in bytes. */
  static final int MAX_LINE_BYTES = 64 << 10;

  private static final byte[] CRLF = {'\r', '\n'};

  private final InputStream in;
  private final OutputStream out;
  private final Closeable connection;

  RespClient(InputStream in, OutputStream out, Closeable connection) {
    this.in = new BufferedInputStream(in, 64 << 10);
    this.out = new BufferedOutputStream(out, 64 << 10);
    this.connection = connection;
  }

  /**
   * Connects.
   *
   * @param timeout for the connection, and afterwards for each wait for bytes of a reply; at least
   *     1 ms
   * @throws IOException when nobody listens there, the host is unknown, or the time is up
   */
  public static RespClient connect(String host, int port, Duration timeout) throws IOException {
    int millis = Math.toIntExact(Math.max(1, timeout.toMillis()));
    Socket socket = new Socket();
    try {
      socket.setTcpNoDelay(true);
      socket.setSoTimeout(millis);
      socket.connect(new InetSocketAddress(host, port), millis);
      return new RespClient(socket.getInputStream(), socket.getOutputStream(), socket);
    } catch (IOException | RuntimeException failure) {
      socket.close();
      throw failure;
    }
  }

  /** As {@link #call(List)}, with arguments sent as UTF-8. */
  public RespValue call(String... arguments) throws IOException {
    List<byte[]> bytes = new ArrayList<>(arguments.length);
    for (String argument : arguments) {
      bytes.add(argument.getBytes(StandardCharsets.UTF_8));
    }
    return call(bytes);
  }

  /**
   * Sends one command and waits for its reply. An error reply is a value, {@link
   * RespValue.Failure}.
   *
   * @throws IOException when the connection breaks, the reply does not come in time, or what comes
   *     is not RESP
   */
  public RespValue call(List<byte[]> arguments) throws IOException {
    writeHeader('*', arguments.size());
    for (byte[] argument : arguments) {
      writeHeader('$', argument.length);
      out.write(argument);
      out.write(CRLF);
    }
    out.flush();
    return read(0);
  }

  @Override
  public void close() throws IOException {
    connection.close();
  }

  private void writeHeader(char type, int count) throws IOException {
    out.write(type);
    out.write(Integer.toString(count).getBytes(StandardCharsets.US_ASCII));
    out.write(CRLF);
  }

  private RespValue read(int depth) throws IOException {
    if (depth > MAX_DEPTH) {
      throw malformed("nested too deeply");
    }
    int type = in.read();
    return switch (type) {
      case -1 -> throw new EOFException("the node closed the connection without a reply");
      case '+' -> new RespValue.Status(readLine());
      case '-' -> new RespValue.Failure(readLine());
      case ':' -> new RespValue.Int(readNumber());
      case '$' -> readBulk();
      case '*' -> readItems(depth);
      default -> throw malformed("unexpected type byte 0x" + Integer.toHexString(type));
    };
  }

  private RespValue readBulk() throws IOException {
    long length = readNumber();
    if (length == -1) {
      return new RespValue.Nil();
    }
    if (length < 0 || length > MAX_BULK_BYTES) {
      throw malformed("bulk of " + length + " bytes");
    }
    // readNBytes grows with what arrives: a mere claim of 512 MiB allocates nothing.
    byte[] bytes = in.readNBytes((int) length);
    if (bytes.length < length || in.read() != '\r' || in.read() != '\n') {
      throw malformed("bulk cut short");
    }
    return new RespValue.Bulk(bytes);
  }

  private RespValue readItems(int depth) throws IOException {
    long count = readNumber();
    if (count == -1) {
      return new RespValue.Nil();
    }
    if (count < 0 || count > Integer.MAX_VALUE) {
      throw malformed("array of " + count + " items");
    }
    List<RespValue> items = new ArrayList<>();
    for (long i = 0; i < count; i++) {
      items.add(read(depth + 1));
    }
    return new RespValue.Items(items);
  }

  private long readNumber() throws IOException {
    String line = readLine();
    try {
      return Long.parseLong(line);
    } catch (NumberFormatException notANumber) {
      throw malformed("\"" + line + "\" where a number belongs", notANumber);
    }
  }

  private String readLine() throws IOException {
    byte[] line = new byte[128];
    int length = 0;
    while (true) {
      int next = in.read();
      if (next < 0) {
        throw new EOFException("the node closed the connection within a reply");
      }
      if (next == '\n' && length > 0 && line[length - 1] == '\r') {
        return new String(line, 0, length - 1, StandardCharsets.UTF_8);
      }
      if (length == MAX_LINE_BYTES) {
        throw malformed("line too long");
      }
      if (length == line.length) {
        line = Arrays.copyOf(line, 2 * length);
      }
      line[length++] = (byte) next;
    }
  }

  private static IOException malformed(String what) {
    return new IOException("not a RESP reply: " + what);
  }

  private static IOException malformed(String what, Exception cause) {
    return new IOException("not a RESP reply: " + what, cause);
  }
}
