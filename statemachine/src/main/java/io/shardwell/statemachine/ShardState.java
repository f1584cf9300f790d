package io.shardwell.statemachine;

import java.util.ArrayList;
import java.util.List;

/**
 * One shard's replicated state: keyspace, recency, sessions, log time. Deterministic; used by one
 * thread.
 */
public final class ShardState {
  /** The answer to a read whose reply is longer than {@link Limits#MAX_REPLY_BYTES}. */
  public static final Reply REPLY_TOO_LARGE = Failures.REPLY_TOO_LARGE;

  /** The answer to a value longer than {@link Limits#MAX_VALUE_BYTES}. */
  public static final Reply.Failure STRING_TOO_LARGE = Failures.STRING_TOO_LARGE;

  /**
   * How many gone entries are freed with each log entry. Part of what an entry means: every replica
   * must keep the same pace.
   *
   * @param perEntry with an entry of any kind but a tick
   * @param perCall on top for each call of a batch
   * @param perTick with a tick, which has nothing else to do
   * @param victims how many keys an entry evicts at most because the limit was lowered
   */
  record Pace(int perEntry, int perCall, int perTick, int victims) {
    /**
     * A call adds at most one entry that can expire, so freeing several per call catches up with
     * any load; a thousand take less than a millisecond or two.
     */
    static final Pace PRODUCTION = new Pace(256, 4, 1024, Limits.MAX_SINKING_VICTIMS);
  }

  private final Pace pace;
  private Keyspace keys = new Keyspace();
  private SessionTable sessions = new SessionTable();
  private long logTime;
  private long lastIndex;
  private long poisonedCommands;
  // The sum of a marker for each poisoned command.
  private long poisonDigest;

  // No part of the state: of what this replica answered, and of the batch that is applied now.
  private final Lookups answered = new Lookups();
  private final Lookups ofBatch = new Lookups();

  /** An empty shard: no keys, log time 0, no entry applied. */
  public ShardState() {
    this(Pace.PRODUCTION);
  }

  /** With a pace of freeing of its own; for tests that want gone entries to stay. */
  ShardState(Pace pace) {
    this.pace = pace;
  }

  /**
   * Applies a committed log entry: moves log time to its stamp if that is later, then executes it.
   *
   * @param index the entry's position in the log; greater than that of the entry applied before
   * @throws MalformedBytesException if the bytes are not a proposal: a broken invariant, the state
   *     must not be used any further
   */
  public Outcome apply(long index, byte[] proposal) {
    assert index > lastIndex : index + " applied after " + lastIndex;
    ByteReader body = Proposal.bodyOf(proposal);
    logTime = Math.max(logTime, Proposal.stampOf(proposal));
    lastIndex = index;
    keys.enter(index, logTime);
    Outcome outcome = execute(Proposal.kindOf(proposal), body);
    keys.sink(pace.victims());
    return outcome;
  }

  private Outcome execute(int kind, ByteReader body) {
    switch (kind) {
      case Proposal.BATCH -> {
        Batch batch = Batch.read(body);
        Outcome outcome = applyBatch(batch);
        keys.collect(pace.perEntry() + pace.perCall() * batch.commands());
        return outcome;
      }
      case Proposal.MEMORY_LIMIT -> {
        MemoryLimit limit = MemoryLimit.read(body);
        body.expectEnd();
        if (limit.revision() > keys.limit().revision()) {
          keys.setLimit(limit);
        }
        keys.collect(pace.perEntry());
      }
      case Proposal.TOUCH -> {
        int count = body.readCount(Limits.MAX_TOUCHED_KEYS, "touched keys");
        for (int i = 0; i < count; i++) {
          keys.touch(body.readLong());
        }
        body.expectEnd();
        keys.collect(pace.perEntry());
      }
      case Proposal.TICK, Proposal.NEW_TERM -> {
        body.expectEnd();
        keys.collect(pace.perTick());
      }
      case Proposal.RETIRE_SESSION -> {
        String nodeId = Batch.readNodeId(body);
        long incarnation = body.readLong();
        body.expectEnd();
        sessions.retire(nodeId, incarnation);
        keys.collect(pace.perEntry());
      }
      default -> throw new MalformedBytesException("entry kind " + kind);
    }
    return new Outcome.Nothing();
  }

  private Outcome applyBatch(Batch batch) {
    Outcome refusal = sessions.refuse(batch.key(), batch.sequence());
    if (refusal != null) {
      return refusal;
    }
    ofBatch.clear();
    ByteWriter replies = new ByteWriter(64);
    replies.writeVarint(batch.calls().size());
    for (int i = 0; i < batch.calls().size(); i++) {
      ReplyCodec.write(replies, answer(batch.calls().get(i), i));
    }
    byte[] bytes = replies.toBytes();
    sessions.applied(batch.key(), batch.sequence(), batch.acknowledgedSequence(), bytes);
    return new Outcome.Applied(bytes, ofBatch.hits(), ofBatch.misses());
  }

  private Reply answer(Batch.Call call, int position) {
    return call instanceof Batch.Single single
        ? execute(single.invocation(), position)
        : execute(((Batch.Together) call).transaction(), position);
  }

  /**
   * All of it, whatever the replies; or nothing: and no value if a watched key has changed, an
   * error if the shard is over a limit that it does not get below by evicting.
   */
  private Reply execute(Transaction transaction, int position) {
    for (Transaction.Watched each : transaction.watched()) {
      if (keys.hasChanged(each)) {
        return Reply.NIL;
      }
    }
    if (keys.isStuckAboveLimit() && transaction.mayNeedRoom()) {
      return Transaction.WITHOUT_ROOM;
    }
    List<Reply> replies = new ArrayList<>(transaction.calls().size());
    boolean touches = wantsTouches();
    long bytes = 0;
    long walked = 0;
    for (Invocation call : transaction.calls()) {
      boolean touched = touches && call.command().isUse();
      long answered = ReadCost.answeredBytes(keys, call);
      long walks = ReadCost.walkedBytes(keys, call) + (touched ? ReadCost.keyed(keys, call) : 0);
      if (answered > 0 && bytes + answered > Limits.MAX_TRANSACTION_REPLY_BYTES) {
        bytes += answered;
        replies.add(Failures.REPLY_LEFT_OUT);
      } else if (walks > 0 && walked + walks > Limits.MAX_WALKED_BYTES) {
        replies.add(Failures.WALKS_TOO_MUCH);
      } else {
        Reply reply = execute(call, position);
        bytes += ReplyCodec.sizeOf(reply);
        walked += walks + ReadCost.madeBytes(keys, call);
        replies.add(bytes > Limits.MAX_TRANSACTION_REPLY_BYTES ? Failures.REPLY_LEFT_OUT : reply);
        if (touched) {
          call.keys().forEach(keys::touch); // Elsewhere the leader reports what reads have used.
        }
      }
    }
    return new Reply.Array(replies);
  }

  /**
   * A call that fails here fails on every replica, now and at every replay: it must not stop them.
   * Commands check before they change anything, so it has done nothing; its marker in the digest
   * tells a replica on which it did not fail.
   */
  private Reply execute(Invocation call, int position) {
    try {
      int found = Lookups.foundBefore(keys, call);
      Reply reply = Execution.execute(keys, call, logTime);
      ofBatch.count(keys, call, reply, found);
      return reply;
    } catch (RuntimeException poison) {
      poisonedCommands++;
      poisonDigest += Hash.combine(lastIndex, position);
      return Failures.INTERNAL;
    }
  }

  /**
   * Whether a key the read looks at is past its deadline by the stamp but not yet by log time. The
   * leader then proposes a tick before it serves the read.
   */
  public boolean needsTick(Invocation read, long stampMillis) {
    if (keys.earliestLiveDeadline() > stampMillis) {
      return false;
    }
    if (read.command().spread() == Command.Spread.ALL_SHARDS) {
      return true;
    }
    for (byte[] key : read.keys()) {
      long deadline = keys.deadline(key);
      if (deadline != Keyspace.NO_DEADLINE && deadline <= stampMillis) {
        return true;
      }
    }
    return false;
  }

  /**
   * Answers a read without changing anything. Keys exist by log time; TTL and PTTL count from the
   * stamp, but never below 1 ms. A call that breaks its command is answered "ERR internal", one
   * that names values beyond {@link Limits#MAX_REPLY_BYTES} {@link #REPLY_TOO_LARGE}.
   *
   * @throws IllegalArgumentException if the command is a write
   */
  public Reply read(Invocation read, long stampMillis) {
    if (read.command().isWrite()) {
      throw new IllegalArgumentException(read.command() + " is not a read");
    }
    if (read.command() == Command.MGET
        && ReadCost.answeredBytes(keys, read) > Limits.MAX_REPLY_BYTES) {
      return REPLY_TOO_LARGE;
    }
    try {
      return Execution.execute(keys, read, stampMillis);
    } catch (RuntimeException poison) {
      // As in execute: one bad read must not end one leader after the other.
      return Failures.INTERNAL;
    }
  }

  /**
   * How many bytes of values a read goes through without answering with them: what it costs beside
   * its reply.
   */
  public long walkedBytes(Invocation read) {
    return ReadCost.walkedBytes(keys, read);
  }

  /** Letters that patterns have been compared with since the last call; they take a read's time. */
  public long takeComparedLetters() {
    return keys.takeCompared();
  }

  /** Counts the keys of a read that this replica has answered with that. */
  public void recordLookups(Invocation read, Reply reply) {
    answered.count(keys, read, reply, 0);
  }

  /** Counts the keys that a batch has read, for whom this replica answers. */
  public void recordLookups(Outcome.Applied batch) {
    answered.add(batch.hits(), batch.misses());
  }

  /** Keys found by what this replica has answered. */
  public long keyHits() {
    return answered.hits();
  }

  /** Keys looked for in vain by what this replica has answered. */
  public long keyMisses() {
    return answered.misses();
  }

  /** Whether the sessions of this node's life have ended for ever. */
  public boolean hasRetired(String nodeId, long incarnation) {
    return sessions.hasRetired(nodeId, incarnation);
  }

  /** The limit in force. */
  public MemoryLimit memoryLimit() {
    return keys.limit();
  }

  /** Whether reads are worth recording: keys are evicted, and three quarters of the limit used. */
  public boolean wantsTouches() {
    return keys.limit().evicts() && keys.logicalBytes() > keys.limit().bytes() / 4 * 3;
  }

  /** Records the keys that a read has used, those that exist. */
  public void recordUse(Invocation read, TouchBuilder touches) {
    if (read.command().isUse()) {
      for (byte[] key : read.keys()) {
        if (keys.contains(key)) {
          touches.add(Hash.of(key));
        }
      }
    }
  }

  /** Whether the limit was lowered and has yet to be reached: any entry, a tick too, goes on. */
  public boolean isSinking() {
    return keys.canSink();
  }

  /** The largest stamp applied, in milliseconds; 0 at first. */
  public long logTimeMillis() {
    return logTime;
  }

  /** The index of the last entry applied or installed; 0 at first. */
  public long lastAppliedIndex() {
    return lastIndex;
  }

  /**
   * The earliest deadline of any key not yet removed, past ones included, or Long.MAX_VALUE. While
   * it is past, ticks give the shard the chance to free memory.
   */
  public long nextDeadlineMillis() {
    return keys.earliestDeadline();
  }

  /** A fingerprint of the whole state: equal on all replicas at equal indexes. O(1). */
  public long digest() {
    long running = Hash.combine(keys.digest(), sessions.digest());
    running = Hash.combine(running, logTime);
    running = Hash.combine(running, lastIndex);
    running = Hash.combine(running, poisonedCommands);
    return Hash.combine(running, poisonDigest);
  }

  /**
   * The whole state as it is now, to be written while this one goes on changing. Costs as good as
   * nothing, whatever the number of keys. One view at a time: an older one must not be used any
   * more.
   *
   * @param mostChunkBytes how long its chunks may be, in bytes, unless one holds a single larger
   *     record
   */
  public FrozenShard freeze(int mostChunkBytes) {
    return new FrozenShard(this, keys, sessions, mostChunkBytes);
  }

  long poisonedCommands() {
    return poisonedCommands;
  }

  long poisonDigest() {
    return poisonDigest;
  }

  /** As {@link #freeze}, all chunks at once: it takes as long as there are keys. */
  public List<byte[]> takeSnapshot() {
    FrozenShard view = freeze(Limits.MAX_CHUNK_BYTES);
    List<byte[]> chunks = new ArrayList<>();
    while (chunks.size() < view.chunkCount()) {
      byte[] chunk = view.write(Integer.MAX_VALUE);
      if (chunk != null) {
        chunks.add(chunk);
      }
    }
    return chunks;
  }

  /**
   * Replaces the whole state by that of a snapshot, all its chunks in order.
   *
   * @throws MalformedBytesException if the chunks are not one whole snapshot, or its digest does
   *     not fit; the state is then unchanged
   */
  public void installSnapshot(List<byte[]> chunks) {
    ShadowShard shadow = new ShadowShard();
    chunks.forEach(shadow::add);
    installShadow(shadow);
  }

  /**
   * Replaces the whole state by that of a snapshot that was read beside it. Costs as good as
   * nothing, whatever the number of keys.
   *
   * @throws MalformedBytesException as above
   */
  public void installShadow(ShadowShard shadow) {
    SnapshotReader read = shadow.finish();
    ShardState other = new ShardState();
    other.keys = shadow.keys;
    other.sessions = shadow.sessions;
    other.logTime = read.logTime();
    other.lastIndex = read.lastIndex();
    other.poisonedCommands = read.poisonedCommands();
    other.poisonDigest = read.poisonDigest();
    if (other.digest() != read.digest()) {
      throw new MalformedBytesException("snapshot of entry " + read.lastIndex() + ": wrong digest");
    }
    keys = other.keys;
    sessions = other.sessions;
    logTime = other.logTime;
    lastIndex = other.lastIndex;
    poisonedCommands = other.poisonedCommands;
    poisonDigest = other.poisonDigest;
  }

  /** Figures for operators. */
  public ShardStats stats() {
    return new ShardStats(
        keys.size(),
        keys.volatileSize(),
        keys.logicalBytes(),
        keys.expired(),
        keys.evicted(),
        keys.uncollected(),
        sessions.size(),
        sessions.retiredSize(),
        poisonedCommands);
  }

  /** Checks every invariant; for tests, O(n). */
  void check() {
    keys.check();
  }
}
