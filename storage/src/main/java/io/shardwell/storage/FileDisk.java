package io.shardwell.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The {@link Disk} of a real folder. */
public final class FileDisk implements Disk {
  static final String LOCK_FILE = "lock";

  // Directories locked by this JVM. Asked before the lock file is touched: on Linux, closing any
  // descriptor of a file releases the locks that the process holds on it.
  private static final Set<Path> LOCKED_HERE = ConcurrentHashMap.newKeySet();

  private record Submitted(IoTask io, Consumer<@Nullable IOException> completion) {}

  private final Path directory;
  private final Executor ioThread;
  private final Executor loop;
  private final SecureRandom salts = new SecureRandom();

  /** Guards the five fields below; the loop and the I/O thread meet only here. */
  private final Object monitor = new Object();

  private final ArrayDeque<Submitted> queue = new ArrayDeque<>();
  // Invariant: its head begins only while the queue is empty.
  private final ArrayDeque<Submitted> behind = new ArrayDeque<>();
  // Invariant: at most one task of ours is with ioThread, and this says whether there is one; hence
  // one operation at a time even if several threads stand behind it.
  private boolean scheduled;
  // Invariant: true from the moment an operation leaves the queue until its io has returned.
  private boolean executing;
  private boolean stopped;

  private @Nullable FileChannel lockChannel;
  private @Nullable Path lockedPath;

  /**
   * A disk over a folder.
   *
   * @param directory created if absent, by {@link #lock}
   * @param ioThread runs the submitted operations; owned by the caller, who never interrupts it (an
   *     interrupt closes the files)
   * @param loop runs the completions; owned by the caller
   */
  public FileDisk(Path directory, Executor ioThread, Executor loop) {
    this.directory = directory.toAbsolutePath().normalize();
    this.ioThread = ioThread;
    this.loop = loop;
  }

  @Override
  public DiskFile open(String name) throws IOException {
    Path path = path(name);
    Path parent = path.getParent();
    if (parent != null) {
      Files.createDirectories(parent);
    }
    return new OpenFile(
        name,
        FileChannel.open(
            path, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE));
  }

  @Override
  public boolean exists(String name) {
    return Files.exists(path(name));
  }

  @Override
  public List<String> list(String folder) throws IOException {
    List<String> names = new ArrayList<>();
    try (DirectoryStream<Path> files =
        Files.newDirectoryStream(path(folder), Files::isRegularFile)) {
      for (Path file : files) {
        names.add(String.valueOf(file.getFileName()));
      }
    } catch (NoSuchFileException absent) {
      return List.of();
    }
    Collections.sort(names);
    return names;
  }

  @Override
  public void delete(String name) throws IOException {
    Files.deleteIfExists(path(name));
  }

  @Override
  public void rename(String from, String to) throws IOException {
    Files.move(
        path(from), path(to), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  /** Also the folders above it up to the data directory: {@link #open} may have created them. */
  @Override
  public void syncFolder(String folder) throws IOException {
    Path path = path(folder);
    Files.createDirectories(path);
    while (path != null && path.startsWith(directory)) {
      syncPath(path);
      path = path.getParent();
    }
  }

  private static void syncPath(Path folder) throws IOException {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  @Override
  public long freeBytes() throws IOException {
    return Files.getFileStore(directory).getUsableSpace();
  }

  @Override
  public long nextSalt() {
    return salts.nextLong();
  }

  @Override
  public void lock() throws IOException {
    createDirectory();
    Path real = directory.toRealPath();
    if (!LOCKED_HERE.add(real)) {
      throw new DirectoryInUseException(directory.toString(), "this process");
    }
    boolean locked = false;
    try {
      lockChannel = lockChannel();
      lockedPath = real;
      locked = true;
    } finally {
      if (!locked) {
        LOCKED_HERE.remove(real);
      }
    }
    synchronized (monitor) {
      stopped = false;
    }
  }

  private FileChannel lockChannel() throws IOException {
    FileChannel channel =
        FileChannel.open(
            path(LOCK_FILE),
            StandardOpenOption.READ,
            StandardOpenOption.WRITE,
            StandardOpenOption.CREATE);
    if (channel.tryLock() == null) {
      String holder = readHolder(channel);
      channel.close();
      throw new DirectoryInUseException(directory.toString(), holder);
    }
    channel.truncate(0);
    byte[] pid = Long.toString(ProcessHandle.current().pid()).getBytes(StandardCharsets.US_ASCII);
    channel.write(ByteBuffer.wrap(pid), 0);
    return channel;
  }

  private void createDirectory() throws IOException {
    List<Path> created = new ArrayList<>();
    for (Path path = directory; path != null && !Files.exists(path); path = path.getParent()) {
      created.add(path);
    }
    Files.createDirectories(directory);
    for (Path path : created) {
      Path parent = path.getParent();
      if (parent != null) {
        syncPath(parent);
      }
    }
  }

  private static String readHolder(FileChannel channel) throws IOException {
    ByteBuffer pid = ByteBuffer.allocate(20);
    while (pid.hasRemaining() && channel.read(pid, pid.position()) > 0) {}
    String text = new String(pid.array(), 0, pid.position(), StandardCharsets.US_ASCII);
    return text.isBlank() ? "another process" : "process " + text.strip();
  }

  @Override
  public void stopSubmitted() {
    boolean interrupted = false;
    synchronized (monitor) {
      stopped = true;
      queue.clear();
      behind.clear();
      while (executing) {
        try {
          monitor.wait();
        } catch (InterruptedException e) {
          // Returning early would let another process open files that are still being written.
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() throws IOException {
    stopSubmitted();
    if (lockChannel != null) {
      lockChannel.close();
      lockChannel = null;
    }
    if (lockedPath != null) {
      LOCKED_HERE.remove(lockedPath);
      lockedPath = null;
    }
  }

  @Override
  public void submit(IoTask io, Consumer<@Nullable IOException> completion) {
    submit(queue, new Submitted(io, completion));
  }

  @Override
  public void submitBehind(IoTask io, Consumer<@Nullable IOException> completion) {
    submit(behind, new Submitted(io, completion));
  }

  private void submit(ArrayDeque<Submitted> to, Submitted operation) {
    synchronized (monitor) {
      if (stopped) {
        return;
      }
      to.add(operation);
      if (scheduled) {
        return;
      }
      scheduled = true;
    }
    ioThread.execute(this::runOne);
  }

  /** One operation per task: whoever shares the I/O thread with us gets its turn in between. */
  private void runOne() {
    Submitted next;
    synchronized (monitor) {
      assert scheduled && !executing;
      next = queue.isEmpty() ? behind.poll() : queue.poll();
      executing = next != null;
      scheduled = next != null;
    }
    if (next == null) {
      return;
    }
    IOException error = run(next.io());
    boolean more;
    boolean deliver;
    synchronized (monitor) {
      deliver = !stopped;
      executing = false;
      more = !queue.isEmpty() || !behind.isEmpty();
      scheduled = more;
      monitor.notifyAll();
    }
    if (deliver) {
      Submitted done = next;
      loop.execute(() -> complete(done, error));
    }
    if (more) {
      ioThread.execute(this::runOne);
    }
  }

  private void complete(Submitted done, @Nullable IOException error) {
    synchronized (monitor) {
      if (stopped) {
        return;
      }
    }
    done.completion().accept(error);
  }

  private static @Nullable IOException run(IoTask io) {
    try {
      io.run();
      return null;
    } catch (IOException e) {
      return e;
    } catch (RuntimeException | Error e) {
      // A failed assertion here must end the node, not vanish with an executor's thread.
      return new IOException("disk operation failed unexpectedly", e);
    }
  }

  private Path path(String name) {
    Path path = directory.resolve(name).normalize();
    assert path.startsWith(directory) : name;
    return path;
  }

  private record OpenFile(String name, FileChannel channel) implements DiskFile {
    @Override
    public void write(long position, ByteBuffer bytes) throws IOException {
      long at = position;
      while (bytes.hasRemaining()) {
        at += channel.write(bytes, at);
      }
    }

    @Override
    public int read(long position, ByteBuffer into) throws IOException {
      int total = 0;
      while (into.hasRemaining()) {
        int count = read(into, position + total);
        if (count < 0) {
          break;
        }
        total += count;
      }
      return total;
    }

    /** What the disk does not give back is as lost as what it gives back otherwise. */
    private int read(ByteBuffer into, long position) throws IOException {
      try {
        return channel.read(into, position);
      } catch (ClosedChannelException closed) {
        throw closed;
      } catch (IOException e) {
        DamagedStorageException damage =
            new DamagedStorageException(
                name,
                position,
                DamagedStorageException.NO_GROUP,
                "cannot be read: " + e.getMessage());
        damage.initCause(e);
        throw damage;
      }
    }

    @Override
    public void sync() throws IOException {
      channel.force(false);
    }

    @Override
    public long size() throws IOException {
      return channel.size();
    }

    @Override
    public void truncate(long size) throws IOException {
      channel.truncate(size);
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }
}
