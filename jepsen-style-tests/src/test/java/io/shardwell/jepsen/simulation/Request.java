package io.shardwell.jepsen.simulation;

import io.shardwell.jepsen.checker.Answer;
import io.shardwell.jepsen.checker.KeyCommand;
import io.shardwell.statemachine.Command;
import io.shardwell.statemachine.Invocation;
import io.shardwell.statemachine.Reply;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A command as the store gets it and as the checker understands it: one {@link Part} per key.
 *
 * @param perKey whether the reply is an array with an item per key
 */
record Request(Invocation invocation, List<Part> parts, boolean perKey) {
  record Part(String key, KeyCommand command) {}

  static Request one(String key, KeyCommand command) {
    return new Request(invocation(key, command), List.of(new Part(key, command)), false);
  }

  static Request multiGet(List<String> keys) {
    byte[][] arguments = keys.stream().map(Request::bytes).toArray(byte[][]::new);
    return new Request(
        Invocation.of(Command.MGET, arguments), parts(keys, new KeyCommand.Get()), true);
  }

  static Request multiDelete(List<String> keys) {
    byte[][] arguments = keys.stream().map(Request::bytes).toArray(byte[][]::new);
    return new Request(
        Invocation.of(Command.DEL, arguments), parts(keys, new KeyCommand.Delete()), false);
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
        false);
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
    if (command instanceof KeyCommand.Set) {
      return Command.SET;
    } else if (command instanceof KeyCommand.Increment) {
      return Command.INCRBY;
    } else if (command instanceof KeyCommand.Append) {
      return Command.APPEND;
    } else if (command instanceof KeyCommand.Expire) {
      return Command.PEXPIRE;
    } else if (command instanceof KeyCommand.Delete) {
      return Command.DEL;
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

  private static byte[] bytes(String text) {
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

  Meaning meaning(Reply reply) {
    if (reply instanceof Reply.Failure failure) {
      String text = failure.text();
      if (text.startsWith("CLUSTERDOWN") || text.startsWith("TRYAGAIN") || text.startsWith("OOM")) {
        // Of several shards one may have had the command all the same.
        return parts.size() == 1 ? new Meaning.Refused() : new Meaning.Unknown();
      } else if (text.startsWith("INDETERMINATE")) {
        boolean applied = text.contains("was applied, but");
        return applied && parts.size() == 1 ? all(Answer.Word.ANY) : new Meaning.Unknown();
      } else if (text.startsWith("ERR value is not an integer")
          || text.startsWith("ERR increment or decrement would overflow")) {
        return all(Answer.Word.REFUSED);
      }
      throw new IllegalArgumentException("unexpected reply to " + invocation + ": " + text);
    }
    if (perKey) {
      List<Answer> answers = new ArrayList<>();
      ((Reply.Array) reply).items().forEach(item -> answers.add(answer(item)));
      return new Meaning.Answered(answers);
    }
    return all(parts.size() == 1 ? answer(reply) : summary(reply));
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
