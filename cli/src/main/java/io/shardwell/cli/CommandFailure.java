package io.shardwell.cli;

/**
 * Ends a command with its message on standard error and exit code 1. For failures a user can
 * understand and mend; anything else shows its stack trace.
 */
public final class CommandFailure extends RuntimeException {

  private static final long serialVersionUID = 1;

  /** The message is all the user sees: it says what failed and what to do about it. */
  public CommandFailure(String message) {
    super(message);
  }
}
