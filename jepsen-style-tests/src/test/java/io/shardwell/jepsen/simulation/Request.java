package io.shardwell.jepsen.simulation;

import io.shardwell.jepsen.checker.Answer;
import io.shardwell.jepsen.checker.KeyCommand;
import io.shardwell.statemachine.Command;
import io.shardwell.statemachine.Invocation;
import io.shardwell.statemachine.Reply;
import io.shardwell.statemachine.Transaction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A command as the store gets it and as the checker understands it: one {@link Part} per key.
 *
 * @param shape what the reply tells about the parts
 * @param heard told the reply, if it is an answer
 * @param listing what gathers the keys of a {@link Shape#LISTED} one, null for all others
 */
record Request(
    Invocation invocation,
    List<Part> parts,
    Shape shape,
    Consumer<Reply> heard,
    @Nullable Listing listing) {
  /** How a reply is read. */
  enum Shape {
    /** One answer, or a summary of all. */
    WHOLE,
    /** An array with an item per key. */
    PER_KEY,
    /**
     * An array of two numbers of which one is the other with the opposite sign. The part is about
     * the first.
     */
    MIRRORED,
    /** Null if a watched key had changed, whatever it holds now; otherwise two times OK. */
    GUARDED,
    /** OK, which tells nothing of what the keys held. */
    FLUSHED,
    /** The names of the keys that are there, perhaps in several steps. */
    LISTED
  }

  private Request(Invocation invocation, List<Part> parts, Shape shape) {
    this(invocation, parts, shape, reply -> {}, null);
  }

  private Request(Invocation invocation, List<Part> parts, Shape shape, Consumer<Reply> heard) {
    this(invocation, parts, shape, heard, null);
  }

  record Part(String key, KeyCommand command) {}

  /** The same, of which somebody else hears, too, if it is answered and not with an error. */
  Request heardBy(Consumer<Reply> other) {
    return new Request(invocation, parts, shape, heard.andThen(other), listing);
  }

  static Request one(String key, KeyCommand command) {
    return new Request(invocation(key, command), List.of(new Part(key, command)), Shape.WHOLE);
  }

  static Request multiGet(List<String> keys) {
    byte[][] arguments = keys.stream().map(Request::bytes).toArray(byte[][]::new);
    return new Request(
        Invocation.of(Command.MGET, arguments), parts(keys, new KeyCommand.Get()), Shape.PER_KEY);
  }

  static Request multiDelete(List<String> keys) {
    byte[][] arguments = keys.stream().map(Request::bytes).toArray(byte[][]::new);
    return new Request(
        Invocation.of(Command.DEL, arguments), parts(keys, new KeyCommand.Delete()), Shape.WHOLE);
  }

  static Request multiSet(List<String> keys, String value) {
    List<byte[]> arguments = new ArrayList<>();
    for (String key : keys) {
      arguments.add(bytes(key));
      arguments.add(bytes(value));
    }
    return new Request(
        Invocation.of(Command.MSET, arguments.toArray(byte[][]::new)),
        parts(keys, KeyCommand.set(value)),
        Shape.WHOLE);
  }

  /**
   * MULTI, two calls, EXEC: takes an amount from one of two counters that nothing else touches and
   * gives it to the other. So one always holds what the other lacks, and what is known of the first
   * is known of both: it is judged, and every reply must show the second as its mirror.
   */
  static Request transfer(Pair pair, long amount) {
    return new Request(
        transaction(
            List.of(),
            invocation(pair.one(), new KeyCommand.Increment(amount)),
            invocation(pair.other(), new KeyCommand.Increment(-amount))),
        List.of(new Part(pair.one(), new KeyCommand.Increment(amount))),
        Shape.MIRRORED);
  }

  /** MULTI, GET of both, EXEC. */
  static Request both(Pair pair, Consumer<Reply> heard) {
    return new Request(
        transaction(
            List.of(),
            invocation(pair.one(), new KeyCommand.Get()),
            invocation(pair.other(), new KeyCommand.Get())),
        List.of(new Part(pair.one(), new KeyCommand.Get())),
        Shape.MIRRORED,
        heard);
  }

  /** What WATCH asks; it tells nothing about what the keys hold. */
  static Request watch(Pair pair, Consumer<List<Transaction.Watched>> watched) {
    Invocation question = Invocation.of(Command.WATCHED, bytes(pair.one()), bytes(pair.other()));
    return new Request(
        question,
        List.of(),
        Shape.WHOLE,
        reply -> watched.accept(Transaction.watched(question, (Reply.Array) reply)));
  }

  /**
   * MULTI, SET of both, EXEC, of keys that were watched before they were seen to hold this: if it
   * is done, they hold it still.
   */
  static Request guarded(
      Pair pair, List<Transaction.Watched> watched, long seen, long replacement) {
    String value = Long.toString(replacement);
    return new Request(
        transaction(
            watched,
            invocation(pair.one(), KeyCommand.set(value)),
            invocation(pair.other(), KeyCommand.set(Long.toString(-replacement)))),
        List.of(new Part(pair.one(), new KeyCommand.Swap(Long.toString(seen), value))),
        Shape.GUARDED);
  }

  /** FLUSHALL: deletes every key, one shard independently of the other. */
  static Request flush(List<String> keys) {
    return new Request(
        Invocation.of(Command.FLUSHALL), parts(keys, new KeyCommand.Delete()), Shape.FLUSHED);
  }

  /** KEYS or SCAN, of which these are all keys that there can be. */
  static Request list(Invocation first, List<String> keys, KeyCount count) {
    return new Request(
        first,
        parts(keys, new KeyCommand.Exists()),
        Shape.LISTED,
        reply -> {},
        new Listing(keys, count));
  }

  /** KEYS of all. */
  static Request keys(List<String> keys, KeyCount count) {
    return list(Invocation.of(Command.KEYS, bytes("*")), keys, count);
  }

  /** A walk by SCAN, so many keys or some more in a step. */
  static Request scan(int inAStep, List<String> keys, KeyCount count) {
    return list(
        Invocation.of(Command.SCAN, bytes("0"), bytes("COUNT"), bytes(Integer.toString(inAStep))),
        keys,
        count);
  }

  /** DBSIZE. */
  static Request size(KeyCount count) {
    return new Request(
        Invocation.of(Command.DBSIZE), List.of(), Shape.WHOLE, reply -> count.sees(number(reply)));
  }

  /** Two keys of one slot. */
  record Pair(String one, String other) {
    static Pair of(int number) {
      return new Pair("{pair" + number + "}one", "{pair" + number + "}other");
    }
  }

  private static Invocation transaction(List<Transaction.Watched> watched, Invocation... calls) {
    return new Transaction(watched, List.of(calls)).toInvocation();
  }

  private static List<Part> parts(List<String> keys, KeyCommand command) {
    return keys.stream().map(key -> new Part(key, command)).toList();
  }

  private static Invocation invocation(String key, KeyCommand command) {
    List<byte[]> words = new ArrayList<>(List.of(bytes(key)));
    if (command instanceof KeyCommand.Set set) {
      words.add(bytes(set.value()));
      if (set.ttlMillis() != KeyCommand.NO_TTL) {
        words.add(bytes("PX"));
        words.add(bytes(Long.toString(set.ttlMillis())));
      }
      switch (set.condition()) {
        case ALWAYS -> {}
        case IF_ABSENT -> words.add(bytes("NX"));
        case IF_PRESENT -> words.add(bytes("XX"));
      }
      if (set.keepTtl()) {
        words.add(bytes("KEEPTTL"));
      }
      if (set.returnOld()) {
        words.add(bytes("GET"));
      }
    } else if (command instanceof KeyCommand.Swap swap) {
      words.add(bytes(swap.value()));
      words.add(bytes("IFEQ"));
      words.add(bytes(swap.expected()));
    } else if (command instanceof KeyCommand.DeleteIf delete) {
      words.add(bytes("IFEQ"));
      words.add(bytes(delete.expected()));
    } else if (command instanceof KeyCommand.Increment increment) {
      words.add(bytes(Long.toString(increment.by())));
    } else if (command instanceof KeyCommand.Append append) {
      words.add(bytes(append.suffix()));
    } else if (command instanceof KeyCommand.Expire expire) {
      words.add(bytes(Long.toString(expire.ttlMillis())));
    }
    return Invocation.of(name(command), words.toArray(byte[][]::new));
  }

  private static Command name(KeyCommand command) {
    if (command instanceof KeyCommand.Set || command instanceof KeyCommand.Swap) {
      return Command.SET;
    } else if (command instanceof KeyCommand.Increment) {
      return Command.INCRBY;
    } else if (command instanceof KeyCommand.Append) {
      return Command.APPEND;
    } else if (command instanceof KeyCommand.Expire) {
      return Command.PEXPIRE;
    } else if (command instanceof KeyCommand.Delete) {
      return Command.DEL;
    } else if (command instanceof KeyCommand.DeleteIf) {
      return Command.DELEX;
    } else if (command instanceof KeyCommand.Take) {
      return Command.GETDEL;
    } else if (command instanceof KeyCommand.Exists) {
      return Command.EXISTS;
    } else if (command instanceof KeyCommand.Length) {
      return Command.STRLEN;
    } else if (command instanceof KeyCommand.Persist) {
      return Command.PERSIST;
    } else if (command instanceof KeyCommand.TimeToLive) {
      return Command.PTTL;
    }
    return Command.GET;
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  /** What a reply can say about the parts. */
  sealed interface Meaning {
    /** One answer per part. */
    record Answered(List<Answer> answers) implements Meaning {}

    /** None had any effect, nor ever will. */
    record Refused() implements Meaning {}

    /** Each may have taken effect, or may yet. */
    record Unknown() implements Meaning {}
  }

  /** What is to be sent before the whole answer is there: the next step of a walk; else null. */
  @Nullable Invocation next(Reply reply) {
    return listing == null || reply instanceof Reply.Failure
        ? null
        : listing.next(invocation, reply);
  }

  Meaning meaning(Reply reply) {
    if (reply instanceof Reply.Failure failure) {
      String text = failure.text();
      if (text.startsWith("CLUSTERDOWN") || text.startsWith("TRYAGAIN")) {
        // Of a write over several shards too: no part of it was applied.
        boolean refused = parts.size() == 1 || invocation.command().isWrite();
        return refused ? new Meaning.Refused() : new Meaning.Unknown();
      } else if (text.startsWith("OOM")) {
        // Of several shards one may have had room.
        return parts.size() == 1 ? new Meaning.Refused() : new Meaning.Unknown();
      } else if (text.startsWith("INDETERMINATE")) {
        // A guarded one may have been applied without effect: the keys had changed and changed
        // back.
        boolean applied = text.contains("was executed, but") && shape != Shape.GUARDED;
        return applied && parts.size() == 1 ? all(Answer.Word.ANY) : new Meaning.Unknown();
      } else if (text.startsWith("ERR value is not an integer")
          || text.startsWith("ERR increment or decrement would overflow")) {
        return all(Answer.Word.REFUSED);
      }
      throw new IllegalArgumentException("unexpected reply to " + invocation + ": " + text);
    }
    return switch (shape) {
      case WHOLE -> {
        if (parts.isEmpty()) {
          yield new Meaning.Answered(List.of());
        }
        yield all(parts.size() == 1 ? answer(reply) : summary(reply));
      }
      case PER_KEY -> {
        List<Answer> answers = new ArrayList<>();
        ((Reply.Array) reply).items().forEach(item -> answers.add(answer(item)));
        yield new Meaning.Answered(answers);
      }
      case MIRRORED -> all(mirrored(((Reply.Array) reply).items()));
      case GUARDED -> {
        if (reply instanceof Reply.Nil) {
          yield new Meaning.Refused();
        }
        ((Reply.Array) reply).items().forEach(Request::expectDone);
        yield all(Answer.Word.DONE);
      }
      case FLUSHED -> {
        expectDone(reply);
        yield all(Answer.Word.ANY);
      }
      case LISTED ->
          new Meaning.Answered(
              java.util.Objects.requireNonNull(listing)
                  .answers(parts.stream().map(Part::key).toList()));
    };
  }

  private static void expectDone(Reply reply) {
    if (answer(reply) != Answer.Word.DONE) {
      throw new IllegalArgumentException("OK expected, not " + reply);
    }
  }

  private static Answer mirrored(List<Reply> both) {
    if (number(both.get(0)) != -number(both.get(1))) {
      throw new IllegalArgumentException("a transfer was seen half done: " + both);
    }
    return answer(both.get(0));
  }

  /** What a counter holds; absent counts as 0. */
  static long number(Reply reply) {
    if (reply instanceof Reply.Int number) {
      return number.value();
    } else if (reply instanceof Reply.Nil) {
      return 0;
    }
    return Long.parseLong(new String(((Reply.Bulk) reply).value(), StandardCharsets.ISO_8859_1));
  }

  /** Deleting all or none tells about each. */
  private Answer summary(Reply reply) {
    if (reply instanceof Reply.Int count) {
      long of = parts.stream().map(Part::key).distinct().count();
      return count.value() == 0
          ? Answer.number(0)
          : count.value() == of && of == parts.size() ? Answer.number(1) : Answer.Word.ANY;
    }
    return answer(reply);
  }

  private Meaning all(Answer answer) {
    return new Meaning.Answered(parts.stream().map(part -> answer).toList());
  }

  private static Answer answer(Reply reply) {
    if (reply instanceof Reply.Bulk bulk) {
      return Answer.text(new String(bulk.value(), StandardCharsets.ISO_8859_1));
    } else if (reply instanceof Reply.Int number) {
      return Answer.number(number.value());
    } else if (reply instanceof Reply.Nil) {
      return Answer.Word.NIL;
    } else if (reply instanceof Reply.Status status && status.text().equals("OK")) {
      return Answer.Word.DONE;
    }
    throw new IllegalArgumentException("unexpected reply " + reply);
  }
}
