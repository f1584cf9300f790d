package io.shardwell.jepsen.checker;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Records what clients asked and were told, in one total order: no two events share an instant, so
 * that an answer seen before a call is before it. Not thread-safe.
 */
public final class History {
  private final List<Entry> entries = new ArrayList<>();
  private long lastTime = Long.MIN_VALUE + 1;

  private static final class Entry {
    final int client;
    final String key;
    final KeyCommand command;
    final long call;
    long returned = Operation.OPEN;
    // Null: proven to have had no effect, as if never called.
    @Nullable Answer answer = Answer.Word.ANY;

    Entry(int client, String key, KeyCommand command, long call) {
      this.client = client;
      this.key = key;
      this.command = command;
      this.call = call;
    }
  }

  /** Returns the operation's number. Until {@link #returned} its outcome counts as unknown. */
  public int called(int client, String key, KeyCommand command, long time) {
    entries.add(new Entry(client, key, command, next(time)));
    return entries.size() - 1;
  }

  public void returned(int operation, Answer answer, long time) {
    Entry entry = pending(operation);
    entry.answer = answer;
    entry.returned = next(time);
  }

  /** The store said that it did nothing, and promises that it never will. */
  public void refused(int operation, long time) {
    Entry entry = pending(operation);
    entry.answer = null;
    entry.returned = next(time);
  }

  /**
   * The operation may have been sent once more, by a client library that repeats what was not
   * answered when its connection broke: as if another client had called the same at the same time
   * and never learned what became of it.
   *
   * @param client a number of its own: nothing orders the copy
   */
  public void repeated(int operation, int client) {
    Entry entry = entries.get(operation);
    entries.add(new Entry(client, entry.key, entry.command, entry.call));
  }

  /** For reports: if the promise was broken, one of these is the culprit. One line each. */
  public List<String> refusedOn(String key) {
    List<String> lines = new ArrayList<>();
    for (Entry e : entries) {
      if (e.answer == null && e.key.equals(key)) {
        lines.add(
            new Operation(e.client, e.command, e.call, e.returned, Answer.Word.ANY).show()
                + " refused");
      }
    }
    return lines;
  }

  private Entry pending(int operation) {
    Entry entry = entries.get(operation);
    if (entry.returned != Operation.OPEN || entry.answer == null) {
      throw new IllegalStateException("operation " + operation + " was answered already");
    }
    return entry;
  }

  private long next(long time) {
    lastTime = Math.max(time, lastTime + 1);
    return lastTime;
  }

  public int size() {
    return entries.size();
  }

  public Map<String, List<Operation>> byKey() {
    Map<String, List<Operation>> byKey = new TreeMap<>();
    for (Entry e : entries) {
      if (e.answer != null) {
        byKey
            .computeIfAbsent(e.key, k -> new ArrayList<>())
            .add(new Operation(e.client, e.command, e.call, e.returned, e.answer));
      }
    }
    return byKey;
  }
}
