package io.shardwell.server.command;

import io.shardwell.raftgroup.NodeStatus;
import io.shardwell.server.protocol.Answer;
import io.shardwell.statemachine.Reply;
import org.jspecify.annotations.Nullable;

/** Counts since the start, or since CONFIG RESETSTAT. Loop thread only. */
public final class NodeCounters {

  private static final int SAMPLES = 16;

  public long commands;
  public long inputBytes;
  public long outputBytes;
  public long errorAnswers;

  /** Clients closed to free the memory of their unfinished requests, or answers. */
  public long evictedClients;

  /** How much memory requests and answers of clients take now, in bytes. */
  public long clientBytes;

  // The shards count these.
  private long keyHitsBefore;
  private long keyMissesBefore;

  private CommandStats stats = new CommandStats();

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
  }

  long commandsPerSecond() {
    long sum = 0;
    for (long sample : samples) {
      sum += sample;
    }
    return sum * 10 / SAMPLES;
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
