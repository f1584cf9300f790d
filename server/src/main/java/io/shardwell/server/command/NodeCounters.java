package io.shardwell.server.command;

import io.shardwell.raftgroup.NodeStatus;
import io.shardwell.server.protocol.Answer;
import io.shardwell.statemachine.Reply;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Counts since the start, or since CONFIG RESETSTAT. Loop thread only. */
public final class NodeCounters {

  /** What a client is told of a request that our code could not handle. */
  public static final String INTERNAL_ERROR = "ERR internal error";

  private static final Logger LOG = LoggerFactory.getLogger(NodeCounters.class);

  private static final int SAMPLES = 16;
  private static final int SAMPLES_PER_SECOND = 10;

  /** Whoever has found a request that fails can repeat it; the log tells of one in this time. */
  static final int FAILURE_LOG_SECONDS = 10;

  /** No command's name is longer, nor are the words that a client sends instead worth more. */
  private static final int NAME_LENGTH = 32;

  public long commands;
  public long inputBytes;
  public long outputBytes;
  public long errorAnswers;

  /** Requests that our code could not handle, since the start: a bug is not to be forgotten. */
  private long failedRequests;

  /** For so many samples more failures are only counted. */
  private int samplesUntilLogged;

  /** Clients closed to free the memory of their unfinished requests, or answers. */
  public long evictedClients;

  /** How much memory requests and answers of clients take now, in bytes. */
  public long clientBytes;

  // The shards count these.
  private long keyHitsBefore;
  private long keyMissesBefore;

  private CommandStats stats = new CommandStats();

  public long failedRequests() {
    return failedRequests;
  }

  /** By command and by kind of error. */
  public CommandStats stats() {
    return stats;
  }

  /**
   * Counts an answer on its way to a client, or within one of EXEC.
   *
   * @param line null if nothing was executed
   */
  public void answered(
      CommandStats.@Nullable Line line,
      @Nullable Answer answer,
      @Nullable Reply plain,
      long tookNanos) {
    Reply reply = answer instanceof Answer.Plain inside ? inside.reply() : plain;
    Reply.Failure failure = reply instanceof Reply.Failure failed ? failed : null;
    if (failure != null) {
      errorAnswers++;
      stats.failure(failure);
    }
    if (line == null) {
      return; // Refused, or queued.
    }
    line.called(tookNanos, failure == null);
  }

  /**
   * Notes that a request ended in an exception that nobody had thought of. Not one of {@link
   * Error}: a broken assertion halts the node (decisions/0035).
   *
   * @param words of the request, of which only the command's name is shown; null if not known
   * @param address the client's
   */
  public void failedRequest(byte @Nullable [][] words, String address, RuntimeException cause) {
    failedRequests++;
    if (samplesUntilLogged > 0) {
      return;
    }
    samplesUntilLogged = FAILURE_LOG_SECONDS * SAMPLES_PER_SECOND;
    String name = words == null || words.length == 0 ? "" : printable(words[0]);
    LOG.error(
        "A request of client {} could not be handled: {} (failed_requests {}; the next {} s only"
            + " count)",
        address,
        name,
        failedRequests,
        FAILURE_LOG_SECONDS,
        cause);
  }

  /** Of code that cannot fail: the word may be what the request has failed by. */
  private static String printable(byte @Nullable [] word) {
    StringBuilder name = new StringBuilder();
    for (int i = 0; word != null && i < word.length && i < NAME_LENGTH; i++) {
      char letter = (char) (word[i] & 0xff);
      name.append(letter > ' ' && letter < 127 ? letter : '?');
    }
    return name.toString();
  }

  // Commands per 100 ms, the latest SAMPLES of them, as Redis does it.
  private final long[] samples = new long[SAMPLES];
  private int nextSample;
  private long sampledCommands;

  final LoopLoad loopLoad = new LoopLoad();

  long keyHits(NodeStatus now) {
    return now.keyHits() - keyHitsBefore;
  }

  long keyMisses(NodeStatus now) {
    return now.keyMisses() - keyMissesBefore;
  }

  /** To be called every 100 ms, on the loop. */
  public void sample(long nowNanos) {
    loopLoad.sample(nowNanos, LoopLoad.cpuNanos());
    samples[nextSample] = commands - sampledCommands;
    nextSample = (nextSample + 1) % SAMPLES;
    sampledCommands = commands;
    samplesUntilLogged = Math.max(0, samplesUntilLogged - 1);
  }

  long commandsPerSecond() {
    long sum = 0;
    for (long sample : samples) {
      sum += sample;
    }
    return sum * SAMPLES_PER_SECOND / SAMPLES;
  }

  /**
   * Begins anew.
   *
   * @param now for what is counted elsewhere
   */
  void reset(NodeStatus now) {
    keyHitsBefore = now.keyHits();
    keyMissesBefore = now.keyMisses();
    commands = 0;
    sampledCommands = 0;
    inputBytes = 0;
    outputBytes = 0;
    errorAnswers = 0;
    evictedClients = 0;
    stats = new CommandStats();
  }
}
