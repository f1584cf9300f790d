package io.shardwell.statemachine;

/**
 * Limits that every replica must share, because they decide what a log entry does. Changing one
 * changes history for those who replay it, so they are constants and not settings.
 */
public final class Limits {
  /** Longest key, in bytes. */
  public static final int MAX_KEY_BYTES = 32 * 1024;

  /** Longest pattern of KEYS, in bytes: it is sent again for every thousand keys. */
  public static final int MAX_PATTERN_BYTES = 4 * MAX_KEY_BYTES;

  /** Longest value, in bytes, also after APPEND and SETRANGE. */
  public static final int MAX_VALUE_BYTES = 16 * 1024 * 1024;

  /** Most arguments of one command, its name not counted. */
  public static final int MAX_ARGUMENTS = 1024 * 1024;

  /** Longest encoded command, in bytes: one value of the largest size with its key and options. */
  public static final int MAX_COMMAND_BYTES = MAX_VALUE_BYTES + 1024 * 1024;

  /**
   * What an entry counts besides its key and value, in logical bytes: 72 for its share of a page
   * and object headers, 28 for its share of the deadline index. Charged whether there is a deadline
   * or not, so that EXPIRE never needs room and works on a full shard.
   */
  public static final int ENTRY_OVERHEAD_BYTES = 100;

  /** A batch takes no further command when its commands are this long, in bytes. */
  public static final int MAX_BATCH_BYTES = 64 * 1024;

  /** Most commands of one batch. */
  public static final int MAX_BATCH_COMMANDS = 512;

  /** Most commands of one transaction. */
  public static final int MAX_TRANSACTION_COMMANDS = 4096;

  /** Most arguments of all commands of one transaction together. */
  public static final int MAX_TRANSACTION_ARGUMENTS = 256 * 1024;

  /** Longest commands and watched keys of one transaction together, in bytes as encoded. */
  public static final int MAX_TRANSACTION_BYTES = MAX_VALUE_BYTES - 1024;

  /** Most keys that a transaction may depend on. */
  public static final int MAX_WATCHED_KEYS = 1024;

  /** Longest values in the replies of one transaction, in bytes; what is more is left out. */
  public static final int MAX_TRANSACTION_REPLY_BYTES = MAX_VALUE_BYTES;

  /**
   * Most bytes of values that one call, or the calls of one transaction together, may go through:
   * about a second, in which a node does nothing else.
   */
  public static final int MAX_WALKED_BYTES = 1 << 30;

  /** Longest reply to one read, in bytes; a longer one is an error. */
  public static final int MAX_REPLY_BYTES = 2 * MAX_VALUE_BYTES - (4 << 20);

  /** Most keys that one step of SCAN visits, whatever its COUNT: a step never holds a loop. */
  public static final int MAX_SCAN_COUNT = 10_000;

  /** Longest encoded replies of one batch that a session remembers, in bytes. */
  public static final int MAX_REMEMBERED_REPLY_BYTES = 64 * 1024;

  /**
   * Most batches whose replies one session remembers. A node acknowledges within its window of 4;
   * one that does not must not grow every replica's memory.
   */
  public static final int MAX_REMEMBERED_BATCHES = 64;

  /** Longest snapshot chunk, in bytes, unless it holds a single larger value. */
  public static final int MAX_CHUNK_BYTES = 1024 * 1024;

  /** Longest node id, in bytes of UTF-8. */
  public static final int MAX_NODE_ID_BYTES = 255;

  /** Most keys of one touch entry. */
  public static final int MAX_TOUCHED_KEYS = 1000;

  /**
   * Most keys that one entry evicts only because the limit was lowered; what its own writes need is
   * evicted on top.
   */
  public static final int MAX_SINKING_VICTIMS = 1024;

  /** A step of SCAN ends when its keys have so many bytes, whatever its COUNT. */
  public static final int MAX_SCAN_BYTES = 4 * 1024 * 1024;

  /** A step of SCAN ends when its pattern has been compared with so many letters. */
  public static final int MAX_SCAN_STEPS = 4 * 1024 * 1024;

  /** SCAN cursors of one shard are below this. Callers may use the bits above for the shard. */
  public static final long SCAN_CURSORS = 1L << 48;

  private Limits() {}
}
