package io.shardwell.jepsen.simulation;

import io.shardwell.jepsen.checker.Answer;
import io.shardwell.statemachine.Command;
import io.shardwell.statemachine.Invocation;
import io.shardwell.statemachine.Reply;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The keys that KEYS names, or SCAN from its first cursor to the last one.
 *
 * <p>What may be asked of a walk that others write meanwhile: a key that is there during all of it
 * is named, one that is absent during all of it is not. That is to say, each key is as if EXISTS
 * had been asked for it at some moment of the walk, and so it is judged. Nothing is said of two
 * keys at the same moment.
 */
final class Listing {
  private final Set<String> possible;
  private final KeyCount count;
  private final Set<String> found = new TreeSet<>();

  /**
   * @param possible all keys that there can be
   */
  Listing(List<String> possible, KeyCount count) {
    this.possible = Set.copyOf(possible);
    this.count = count;
  }

  /** Takes the keys of a step; the next one, null after the last. */
  @Nullable Invocation next(Invocation first, Reply reply) {
    List<Reply> items = ((Reply.Array) reply).items();
    if (first.command() == Command.KEYS) {
      add(items);
      if (found.size() < items.size()) {
        throw new IllegalArgumentException("KEYS names a key twice: " + reply);
      }
      count.sees(found.size());
      return null;
    }
    add(((Reply.Array) items.get(1)).items());
    String cursor = text(items.get(0));
    if (cursor.equals("0")) {
      count.sees(found.size());
      return null;
    }
    return Invocation.of(Command.SCAN, Request.bytes(cursor), first.argument(1), first.argument(2));
  }

  private void add(List<Reply> keys) {
    for (Reply each : keys) {
      String key = text(each);
      if (!possible.contains(key)) {
        throw new IllegalArgumentException("a key that nobody writes: " + key);
      }
      found.add(key);
    }
  }

  private static String text(Reply reply) {
    return new String(((Reply.Bulk) reply).value(), StandardCharsets.ISO_8859_1);
  }

  /** As of EXISTS. */
  List<Answer> answers(List<String> keys) {
    return keys.stream().map(key -> Answer.number(found.contains(key) ? 1 : 0)).toList();
  }
}
