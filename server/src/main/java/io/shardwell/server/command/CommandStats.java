package io.shardwell.server.command;

import io.shardwell.statemachine.Command;
import io.shardwell.statemachine.Reply;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What INFO commandstats and errorstats tell: how often this node's clients have called which
 * command, for how long they waited, and what went wrong. Loop thread only.
 *
 * <p>Redis counts the time its one thread worked for a command; here it is the time from the
 * command's arrival to its answer, disks and network included, for that is what a client gets.
 */
public final class CommandStats {

  /** Kinds of errors that are told apart; what comes after is not counted by kind. */
  static final int MAX_ERROR_KINDS = 128;

  private static final int MAX_WIRE_ID = 127;

  /** One command's figures. */
  public static final class Line {
    private final String name;
    private long calls;
    private long nanos;
    private long rejected;
    private long failed;

    private Line(String name) {
      this.name = name;
    }

    /** It was executed, if need be within a transaction, and has its answer. */
    public void called(long tookNanos, boolean withSuccess) {
      calls++;
      nanos += tookNanos;
      failed += withSuccess ? 0 : 1;
    }

    /** It was refused for its form. */
    public void rejected() {
      rejected++;
    }

    private String text() {
      long micros = nanos / 1000;
      return String.format(
          Locale.ROOT,
          "calls=%d,usec=%d,usec_per_call=%.2f,rejected_calls=%d,failed_calls=%d",
          calls,
          micros,
          calls == 0 ? 0.0 : nanos / 1000.0 / calls,
          rejected,
          failed);
    }
  }

  // Two ways to the same kind of line: data commands are counted on the fast path.
  private final @Nullable Line[] data = new @Nullable Line[MAX_WIRE_ID + 1];
  private final Map<String, Line> own = new TreeMap<>();

  private final Map<String, Long> errors = new TreeMap<>();

  /** Of a command that shards execute. */
  public Line of(Command command) {
    Line line = data[command.wireId()];
    if (line == null) {
      line = new Line(command.lowerName());
      data[command.wireId()] = line;
    }
    return line;
  }

  /** Of a command in the table, {@code client|list} for a subcommand. */
  public Line of(String name) {
    return own.computeIfAbsent(name, Line::new);
  }

  /** A client was told this. */
  public void failure(Reply.Failure failure) {
    int end = failure.text().indexOf(' ');
    String kind = end < 0 ? failure.text() : failure.text().substring(0, end);
    if (errors.containsKey(kind) || errors.size() < MAX_ERROR_KINDS) {
      errors.merge(kind, 1L, Long::sum);
    }
  }

  Map<String, Object> commandFields() {
    Map<String, String> lines = new TreeMap<>();
    for (Line line : data) {
      if (line != null) {
        lines.put(line.name, line.text());
      }
    }
    own.values().forEach(line -> lines.put(line.name, line.text()));
    Map<String, Object> fields = new LinkedHashMap<>();
    lines.forEach((name, text) -> fields.put("cmdstat_" + name, text));
    return fields;
  }

  Map<String, Object> errorFields() {
    Map<String, Object> fields = new LinkedHashMap<>();
    errors.forEach((kind, count) -> fields.put("errorstat_" + kind, "count=" + count));
    return fields;
  }
}
