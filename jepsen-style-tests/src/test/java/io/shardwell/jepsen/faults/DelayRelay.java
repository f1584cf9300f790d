package io.shardwell.jepsen.faults;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Listens for one node and passes all bytes on to it, both ways, in order, each piece some
 * milliseconds late; jitter holds up what comes behind. Four threads per connection.
 */
final class DelayRelay implements AutoCloseable {
  private static final int PIECE = 64 << 10;

  /** Pieces under way in one direction; beyond that the sender feels it, as on a real line. */
  private static final int PIECES = 1_024;

  private final ServerSocket listening;
  private final InetSocketAddress target;
  private final int leastMillis;
  private final int mostMillis;
  private final List<Socket> sockets = new CopyOnWriteArrayList<>();
  private final AtomicLong bytes = new AtomicLong();
  private volatile boolean closed;

  /** Bytes to be passed on then; none: the end. */
  @SuppressWarnings("ArrayRecordComponent") // A piece of a stream, never compared.
  private record Piece(byte[] bytes, long dueNanos) {}

  DelayRelay(
      String host, int port, String targetHost, int targetPort, int leastMillis, int mostMillis)
      throws IOException {
    this.target = new InetSocketAddress(targetHost, targetPort);
    this.leastMillis = leastMillis;
    this.mostMillis = mostMillis;
    this.listening = new ServerSocket();
    listening.setReuseAddress(true);
    listening.bind(new InetSocketAddress(InetAddress.getByName(host), port));
    thread("relay " + port, this::accept);
  }

  private static void thread(String name, Runnable work) {
    Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    thread.start();
  }

  private void accept() {
    while (!closed) {
      try {
        Socket near = listening.accept();
        sockets.add(near);
        Socket far = new Socket();
        sockets.add(far);
        if (closed) {
          close(near);
          return;
        }
        thread("relay", () -> connect(near, far));
      } catch (IOException ended) {
        return;
      }
    }
  }

  private void connect(Socket near, Socket far) {
    try {
      far.connect(target, 2_000);
      near.setTcpNoDelay(true);
      far.setTcpNoDelay(true);
      pass(near, far);
      pass(far, near);
    } catch (IOException refused) {
      close(near);
      close(far);
    }
  }

  private void pass(Socket from, Socket to) {
    LinkedBlockingQueue<Piece> underWay = new LinkedBlockingQueue<>(PIECES);
    thread("relay in", () -> read(from, underWay));
    thread("relay out", () -> write(from, to, underWay));
  }

  private void read(Socket from, LinkedBlockingQueue<Piece> underWay) {
    byte[] buffer = new byte[PIECE];
    try {
      try {
        InputStream in = from.getInputStream();
        for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
          bytes.addAndGet(n);
          underWay.put(new Piece(java.util.Arrays.copyOf(buffer, n), due()));
        }
      } catch (IOException broken) {
        // As its end: passed on after what came before.
      }
      underWay.put(new Piece(new byte[0], due()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private long due() {
    int millis = ThreadLocalRandom.current().nextInt(leastMillis, mostMillis + 1);
    return System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
  }

  private void write(Socket from, Socket to, LinkedBlockingQueue<Piece> underWay) {
    try {
      OutputStream out = to.getOutputStream();
      while (!closed) {
        Piece piece = underWay.take();
        TimeUnit.NANOSECONDS.sleep(piece.dueNanos() - System.nanoTime());
        if (piece.bytes().length == 0) {
          break;
        }
        out.write(piece.bytes());
      }
    } catch (IOException broken) {
      // Both ends close.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    close(from);
    close(to);
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException gone) {
      // That was the aim.
    }
  }

  /** So many were relayed. */
  long bytes() {
    return bytes.get();
  }

  @Override
  public void close() throws IOException {
    closed = true;
    listening.close();
    sockets.forEach(DelayRelay::close);
  }
}
