package io.shardwell.server;

import com.sun.management.UnixOperatingSystemMXBean;
import io.shardwell.raftgroup.EngineConfig;
import io.shardwell.server.protocol.RequestDecoder;
import java.lang.management.ManagementFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What one client connection may hold of this node's memory, and for how long. */
final class ClientLimits {

  private static final Logger LOG = LoggerFactory.getLogger(ClientLimits.class);

  /** Requests of one connection under way at once; beyond, it is not read from. */
  static final int MAX_PIPELINED = 4096;

  /**
   * How long one connection's requests that the node answers itself may take in a turn, in
   * nanoseconds, the one under way aside: INFO takes a tenth of a millisecond and has 14 bytes.
   */
  static final long OWN_ANSWERS_NANOS = 5_000_000;

  /**
   * Their bytes: from there on it is not read from, so that what is under way may be as much as one
   * request more. Enough for two of the largest values.
   */
  static final long MAX_PIPELINED_BYTES = 32L << 20;

  /**
   * The same of all connections, of those that have gone, too: from there on nobody is read from
   * until some are answered. An eighth of the heap, but always enough for two connections.
   */
  static final long MAX_UNANSWERED_BYTES =
      Math.max(2 * MAX_PIPELINED_BYTES, Runtime.getRuntime().maxMemory() / 8);

  /** What a request under way takes beside its words, and each word beside its bytes. */
  static final int REQUEST_OVERHEAD_BYTES = 200;

  static final int WORD_OVERHEAD_BYTES = 32;

  /** Encoded answers that the socket has not taken: above the first, nothing is read or encoded. */
  static final int OUTPUT_HIGH_BYTES = 1 << 20;

  static final int OUTPUT_LOW_BYTES = 256 << 10;

  /**
   * Bytes of one connection that another thread has read and the node's loop has not taken: from
   * there on it is not read from. Four reads of the largest kind, as many as one turn makes.
   */
  static final int INPUT_HIGH_BYTES = 256 << 10;

  /**
   * Answers of all clients, encoded or waiting for their turn: beyond, the client that holds most
   * of them is closed. A quarter of the heap, for values that were read elsewhere are held by
   * nobody else; and always enough for one client on its way to {@link #SOFT_HELD_BYTES} and
   * beyond, with what it had asked for by then.
   */
  static final long MAX_HELD_BYTES = Math.max(128L << 20, Runtime.getRuntime().maxMemory() / 4);

  /**
   * Above this, no request of a client is taken; one that then takes none of its answers for {@link
   * #SOFT_HELD_SECONDS} is closed.
   */
  static final long SOFT_HELD_BYTES = 64L << 20;

  static final int SOFT_HELD_SECONDS = 10;

  /**
   * Requests of all clients that have arrived in part, or whole and queued by MULTI, in bytes:
   * beyond, the client that holds most of them is closed. A quarter of the heap, but always enough
   * for the largest request and what its words take beside their bytes.
   */
  static final long MAX_ARRIVING_BYTES =
      Math.max(RequestDecoder.MAX_REQUEST_BYTES / 2 * 3L, Runtime.getRuntime().maxMemory() / 4);

  /**
   * Quiet time after which a plain-text command without a line end is taken as whole, see {@code
   * LineDecoder}. Above the 40 ms for which a sender's system may hold back the second piece of a
   * line until the first is acknowledged.
   */
  static final int QUIET_MILLIS = 100;

  /** File descriptors for listeners, the log, snapshots and the JVM itself. */
  private static final int OWN_DESCRIPTORS = 160;

  /**
   * File descriptors that are not for clients: those of the node's own files, of HTTP, and of the
   * links to and from peers, as many as there may be.
   */
  private static final int RESERVED_DESCRIPTORS =
      OWN_DESCRIPTORS
          + HealthHandler.MAX_CONNECTIONS
          + PeerLinkFormat.MAX_INBOUND_LINKS
          + EngineConfig.MAX_NODES;

  private ClientLimits() {}

  /** As many clients as wanted, or as many as the operating system lets this process have. */
  static int allowedClients(int wanted) {
    var system = ManagementFactory.getOperatingSystemMXBean();
    if (!(system instanceof UnixOperatingSystemMXBean unix)) {
      return wanted;
    }
    long descriptors = unix.getMaxFileDescriptorCount();
    long allowed = Math.max(16, descriptors - RESERVED_DESCRIPTORS);
    if (wanted <= allowed) {
      return wanted;
    }
    LOG.warn(
        "maxclients is {} instead of {}: this process may open only {} files (ulimit -n)",
        allowed,
        wanted,
        descriptors);
    return (int) allowed;
  }
}
