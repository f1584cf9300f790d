package io.shardwell.server.protocol;

import org.jspecify.annotations.Nullable;

/**
 * Cuts one client's stream into requests. Pulled, not pushing: a connection with too much under way
 * stops asking for the next request, and the rest of the bytes waits here.
 *
 * <p>Use: {@link #offer}, then {@link #next} until it returns null or enough is enough, then {@link
 * #keep}.
 */
public interface RequestDecoder {

  /** Longest request line without a length in front, in bytes, as in Redis. */
  int MAX_INLINE_BYTES = 64 << 10;

  /** Largest request of all words together, in bytes (Redis: client-query-buffer-limit). */
  int MAX_REQUEST_BYTES = 64 << 20;

  /** Adds bytes that arrived. The array is only borrowed until {@link #keep}. */
  void offer(byte[] bytes, int from, int to);

  /**
   * The words of the next request; none if one of them was longer than a value may be, and was read
   * over; null if more bytes are needed.
   *
   * @throws ProtocolException if the bytes cannot be a request; nothing may be asked afterwards
   */
  byte @Nullable [][] next() throws ProtocolException;

  /**
   * Copies what has not been consumed, so that the borrowed array may be used for something else.
   */
  void keep();

  /** Memory held for requests that are not whole, in bytes; exact after {@link #keep}. */
  long heldBytes();

  /** Whether the bytes held might be a whole request although nothing says that they end here. */
  boolean mayBeWhole();

  /**
   * Nothing more will come, or what is held {@link #mayBeWhole} and nothing more has come for a
   * while: what is held is a request, until more is offered.
   */
  void quiet();
}
