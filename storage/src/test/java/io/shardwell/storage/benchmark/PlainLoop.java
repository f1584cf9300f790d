package io.shardwell.storage.benchmark;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * The yardstick: write and fdatasync over a file that is there already, one behind the other, round
 * and round. Whatever a log does, it does on top of this.
 */
final class PlainLoop implements AutoCloseable {
  private static final int FILE_BYTES = 64 << 20;
  private static final int SLICE_BYTES = 1 << 20;

  private final FileChannel file;
  private long position;
  // Of the I/O thread; handed over together with the word that it is done.
  private @Nullable IOException failure;

  /**
   * Writes the file once, so that no measured write makes it grow.
   *
   * @param path absent so far
   */
  PlainLoop(Path path) throws IOException {
    file = FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    ByteBuffer slice = ByteBuffer.allocateDirect(SLICE_BYTES);
    for (long at = 0; at < FILE_BYTES; at += SLICE_BYTES) {
      slice.clear();
      writeAll(slice, at);
    }
    file.force(true);
  }

  /** Syncs a second with {@code bytes} each, on the calling thread, for so long. */
  double onOneThread(ByteBuffer bytes, long nanos) throws IOException {
    long begin = System.nanoTime();
    long syncs = 0;
    long now;
    do {
      writeAndSync(bytes);
      syncs++;
      now = System.nanoTime();
    } while (now - begin < nanos);
    return Measured.perSecond(syncs, now - begin);
  }

  /**
   * The same with each turn handed to the I/O thread and its end handed back, as a node must do
   * whose loop is not to wait: what is lost against {@link #onOneThread} is the price of the two
   * wake-ups, and no log on two threads can have it back.
   */
  double onTwoThreads(Executor ioThread, ByteBuffer bytes, long nanos)
      throws IOException, InterruptedException {
    Semaphore done = new Semaphore(0);
    long begin = System.nanoTime();
    long syncs = 0;
    long now;
    do {
      ioThread.execute(() -> handBack(bytes, done));
      done.acquire();
      if (failure != null) {
        throw failure;
      }
      syncs++;
      now = System.nanoTime();
    } while (now - begin < nanos);
    return Measured.perSecond(syncs, now - begin);
  }

  private void handBack(ByteBuffer bytes, Semaphore done) {
    try {
      writeAndSync(bytes);
    } catch (IOException e) {
      failure = e;
    }
    done.release();
  }

  private void writeAndSync(ByteBuffer bytes) throws IOException {
    bytes.clear();
    if (position + bytes.remaining() > FILE_BYTES) {
      position = 0;
    }
    position += writeAll(bytes, position);
    file.force(false);
  }

  private int writeAll(ByteBuffer bytes, long at) throws IOException {
    int written = 0;
    while (bytes.hasRemaining()) {
      written += file.write(bytes, at + written);
    }
    return written;
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
