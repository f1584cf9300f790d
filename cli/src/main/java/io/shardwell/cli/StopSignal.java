package io.shardwell.cli;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Turns SIGTERM, SIGINT and SIGHUP into a request to the command that runs, which then ends in its
 * own time and with its own exit code. Left alone, the JVM would end with 128 + signal even after a
 * stop in good order.
 */
public final class StopSignal {

  /** A command that has not ended by then is given up, in seconds. */
  static final int MAX_STOP_SECONDS = 30;

  private final CompletableFuture<Integer> exitCode = new CompletableFuture<>();

  /**
   * From now on a signal calls {@code request}, on a thread of its own, at most once; the process
   * ends when the command has.
   */
  public void arm(Runnable request) {
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  request.run();
                  Runtime.getRuntime().halt(awaitExitCode());
                },
                "stop-signal"));
  }

  /** The command has ended; what remains is to leave. */
  void finished(int code) {
    exitCode.complete(code);
  }

  private int awaitExitCode() {
    try {
      return exitCode.get(MAX_STOP_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException | TimeoutException tooLong) {
      return 1;
    } catch (ExecutionException impossible) {
      throw new AssertionError("never completed with a failure", impossible);
    }
  }
}
