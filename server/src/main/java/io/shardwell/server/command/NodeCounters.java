package io.shardwell.server.command;

/** Counts since the start, or since CONFIG RESETSTAT. Loop thread only. */
public final class NodeCounters {

  private static final int SAMPLES = 16;

  public long commands;
  public long inputBytes;
  public long outputBytes;
  public long keyHits;
  public long keyMisses;
  public long errorAnswers;

  // Commands per 100 ms, the latest SAMPLES of them, as Redis does it.
  private final long[] samples = new long[SAMPLES];
  private int nextSample;
  private long sampledCommands;

  /** To be called every 100 ms. */
  public void sample() {
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

  void reset() {
    commands = 0;
    sampledCommands = 0;
    inputBytes = 0;
    outputBytes = 0;
    keyHits = 0;
    keyMisses = 0;
    errorAnswers = 0;
  }
}
