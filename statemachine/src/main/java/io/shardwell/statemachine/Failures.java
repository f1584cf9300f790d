package io.shardwell.statemachine;

/** Error texts, verbatim as Redis 7 has them where it has one. */
final class Failures {
  static final Reply.Failure SYNTAX = new Reply.Failure("ERR syntax error");
  static final Reply.Failure NOT_AN_INTEGER =
      new Reply.Failure("ERR value is not an integer or out of range");
  static final Reply.Failure NOT_A_FLOAT = new Reply.Failure("ERR value is not a valid float");
  static final Reply.Failure FLOAT_OVERFLOW =
      new Reply.Failure("ERR increment would produce NaN or Infinity");
  static final Reply.Failure INCREMENT_OVERFLOW =
      new Reply.Failure("ERR increment or decrement would overflow");
  static final Reply.Failure DECREMENT_OVERFLOW = new Reply.Failure("ERR decrement would overflow");
  static final Reply.Failure OFFSET_OUT_OF_RANGE = new Reply.Failure("ERR offset is out of range");
  static final Reply.Failure BIT_OFFSET_OUT_OF_RANGE =
      new Reply.Failure("ERR bit offset is not an integer or out of range");
  static final Reply.Failure BIT_OUT_OF_RANGE =
      new Reply.Failure("ERR bit is not an integer or out of range");
  static final Reply.Failure INVALID_CURSOR = new Reply.Failure("ERR invalid cursor");
  static final Reply.Failure NO_SUCH_KEY = new Reply.Failure("ERR no such key");
  static final Reply.Failure EXPIRE_NX_WITH_OTHERS =
      new Reply.Failure("ERR NX and XX, GT or LT options at the same time are not compatible");
  static final Reply.Failure EXPIRE_GT_WITH_LT =
      new Reply.Failure("ERR GT and LT options at the same time are not compatible");
  static final Reply.Failure STRING_TOO_LARGE =
      new Reply.Failure("ERR string exceeds maximum allowed size (proto-max-bulk-len)");
  static final Reply.Failure KEY_TOO_LARGE =
      new Reply.Failure(
          "ERR key exceeds maximum allowed size (max-key-bytes " + Limits.MAX_KEY_BYTES + ")");
  static final Reply.Failure COMMAND_TOO_LARGE =
      new Reply.Failure(
          "ERR command exceeds maximum allowed size (max-command-bytes "
              + Limits.MAX_COMMAND_BYTES
              + ")");
  static final Reply.Failure OUT_OF_MEMORY =
      new Reply.Failure("OOM command not allowed when used memory > 'maxmemory'.");
  static final Reply.Failure BAD_DIGEST =
      new Reply.Failure("ERR must be exactly 16 hexadecimal characters");
  static final Reply.Failure BAD_VERSION =
      new Reply.Failure("ERR version is not a whole number or below zero");
  static final Reply.Failure REPLY_LEFT_OUT =
      new Reply.Failure(
          "ERR executed, but its reply is left out: those of a transaction have at most "
              + Limits.MAX_TRANSACTION_REPLY_BYTES
              + " bytes (max-transaction-reply-bytes)");
  static final Reply.Failure REPLY_TOO_LARGE =
      new Reply.Failure(
          "ERR reply exceeds the maximum size (" + Limits.MAX_REPLY_BYTES + " bytes)");
  static final Reply.Failure WALKS_TOO_MUCH =
      new Reply.Failure(
          "ERR not executed: a command or transaction may go through "
              + Limits.MAX_WALKED_BYTES
              + " bytes of values at most (max-walked-bytes)");
  static final Reply.Failure PATTERN_TOO_DEAR =
      new Reply.Failure(
          "ERR pattern given up: a key may be compared with "
              + Glob.MAX_STEPS
              + " of its letters at most (max-pattern-steps)");
  static final Reply.Failure INTERNAL = new Reply.Failure("ERR internal");

  private Failures() {}

  static Reply.Failure wrongArity(Command command) {
    return new Reply.Failure(
        "ERR wrong number of arguments for '" + command.lowerName() + "' command");
  }

  static Reply.Failure invalidExpireTime(Command command) {
    return new Reply.Failure("ERR invalid expire time in '" + command.lowerName() + "' command");
  }

  static Reply.Failure unsupportedOption(byte[] option) {
    return new Reply.Failure("ERR Unsupported option " + Invocation.echo(option, 1024));
  }
}
