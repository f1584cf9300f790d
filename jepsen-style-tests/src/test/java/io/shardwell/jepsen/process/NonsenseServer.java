package io.shardwell.jepsen.process;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CopyOnWriteArrayList;
import redis.clients.jedis.HostAndPort;

/**
 * Takes connections as a server does, and gives every command the same answer, whatever it asks
 * for.
 */
public final class NonsenseServer implements AutoCloseable {
  private final ServerSocket listening;
  private final String answer;
  private final boolean thenCloses;
  private final List<Socket> sockets = new CopyOnWriteArrayList<>();

  /**
   * Listens on loopback.
   *
   * @param answer byte for byte
   * @param thenCloses whether it ends each connection after it
   */
  public NonsenseServer(String answer, boolean thenCloses) throws IOException {
    this.answer = answer;
    this.thenCloses = thenCloses;
    this.listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    thread(this::accept);
  }

  /** Where it listens. */
  public HostAndPort address() {
    return new HostAndPort(listening.getInetAddress().getHostAddress(), listening.getLocalPort());
  }

  private static void thread(Runnable work) {
    Thread thread = new Thread(work, "nonsense");
    thread.setDaemon(true);
    thread.start();
  }

  private void accept() {
    try {
      while (true) {
        Socket socket = listening.accept();
        sockets.add(socket);
        thread(() -> serve(socket));
      }
    } catch (IOException closed) {
      // The end.
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      InputStream in = new BufferedInputStream(socket.getInputStream());
      while (true) {
        String reply =
            switch (command(in)) {
              case "HELLO" -> "-ERR unknown command\r\n";
              case "CLIENT" -> "+OK\r\n";
              case "PING" -> "+PONG\r\n";
              default -> answer;
            };
        socket.getOutputStream().write(reply.getBytes(StandardCharsets.ISO_8859_1));
        if (thenCloses && reply.equals(answer)) {
          return;
        }
      }
    } catch (IOException gone) {
      // The client.
    }
  }

  /** Reads a command and returns its name. */
  private static String command(InputStream in) throws IOException {
    int parts = number(in);
    String name = "";
    for (int i = 0; i < parts; i++) {
      byte[] part = in.readNBytes(number(in));
      number(in);
      name = i == 0 ? new String(part, StandardCharsets.ISO_8859_1) : name;
    }
    return name.toUpperCase(Locale.ROOT);
  }

  /** That of a line behind its first character; 0 of an empty one. */
  private static int number(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0) {
        throw new EOFException();
      }
      if (c != '\r') {
        line.append((char) c);
      }
    }
    return line.length() < 2 ? 0 : Integer.parseInt(line.substring(1));
  }

  @Override
  public void close() throws IOException {
    listening.close();
    for (Socket socket : sockets) {
      socket.close();
    }
  }
}
