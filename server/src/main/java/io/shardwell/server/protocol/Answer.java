package io.shardwell.server.protocol;

import io.shardwell.statemachine.Command;
import io.shardwell.statemachine.Reply;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the server itself answers: a {@link Reply}, or one of the shapes only RESP3 can tell apart.
 */
public sealed interface Answer {

  /** As a shard would answer. */
  record Plain(Reply reply) implements Answer {}

  /** A list; items of any shape. */
  record Items(List<Answer> items) implements Answer {}

  /** Keys and values in turn: a map in RESP3, a flat list in RESP2. */
  record Pairs(List<Answer> keysAndValues) implements Answer {
    public Pairs {
      assert keysAndValues.size() % 2 == 0;
    }
  }

  /** Distinct items without order: a set in RESP3, a list in RESP2. */
  record Distinct(List<Answer> items) implements Answer {}

  /** Text of many lines for people: a verbatim string in RESP3, a bulk string in RESP2. */
  record Text(String text) implements Answer {}

  /** Nothing in the place of a list: RESP2 tells it from a missing value. */
  record NoItems() implements Answer {}

  /** What it is made of, in order; nothing for what is whole. */
  static List<Answer> itemsOf(Answer answer) {
    if (answer instanceof Items list) {
      return list.items();
    }
    if (answer instanceof Distinct set) {
      return set.items();
    }
    return answer instanceof Pairs pairs ? pairs.keysAndValues() : List.of();
  }

  /** The same without what only RESP3 can say. */
  static Reply toReply(Answer answer) {
    if (answer instanceof Plain plain) {
      return plain.reply();
    }
    if (answer instanceof Text text) {
      return Reply.Bulk.of(text.text());
    }
    if (answer instanceof NoItems) {
      return Reply.NIL;
    }
    return new Reply.Array(itemsOf(answer).stream().map(Answer::toReply).toList());
  }

  /** What a shard has answered, in the shape that RESP3 gives to answers of the command. */
  static Answer of(@Nullable Command command, Reply reply) {
    return command == Command.LCS && reply instanceof Reply.Array map
        ? new Pairs(map.items().stream().<Answer>map(Plain::new).toList())
        : new Plain(reply);
  }

  Answer OK = new Plain(Reply.OK);
  Answer NIL = new Plain(Reply.NIL);
  Answer NOTHING = new Items(List.of());

  static Answer status(String word) {
    return new Plain(new Reply.Status(word));
  }

  static Answer failure(String text) {
    return new Plain(new Reply.Failure(text));
  }

  static Answer integer(long value) {
    return new Plain(Reply.integer(value));
  }

  static Answer bulk(String text) {
    return new Plain(Reply.Bulk.of(text));
  }

  static Answer bulk(byte[] bytes) {
    return new Plain(new Reply.Bulk(bytes));
  }

  static Answer items(Answer... items) {
    return new Items(Arrays.asList(items));
  }

  /** Keys as text; values are answers, or text or whole numbers to be made into answers. */
  static Answer pairs(Object... keysAndValues) {
    List<Answer> all = new ArrayList<>(keysAndValues.length);
    for (Object each : keysAndValues) {
      if (each instanceof Answer answer) {
        all.add(answer);
      } else if (each instanceof Number number) {
        all.add(integer(number.longValue()));
      } else {
        all.add(bulk(String.valueOf(each)));
      }
    }
    return new Pairs(all);
  }
}
