package io.shardwell.jepsen.faults;

import io.shardwell.jepsen.checker.Answer;
import io.shardwell.jepsen.checker.KeyCommand;

/** A client library's connection to one node, as applications use it. Used by one thread. */
interface StoreClient extends AutoCloseable {

  /** What came of a command. */
  sealed interface Outcome {
    /** It was answered. */
    record Answered(Answer answer) implements Outcome {}

    /** The store says that it did nothing and never will. */
    record Refused() implements Outcome {}

    /** Nobody knows. */
    record Unknown() implements Outcome {}

    /** An answer that no store may give. */
    record Broken(String text) implements Outcome {}
  }

  Outcome ask(String key, KeyCommand command);

  /** Whether it can be used on, or another one has to be made. */
  boolean isUsable();

  /** Whether the library makes a lost connection good by itself, unseen between two commands. */
  boolean reconnects();

  /**
   * How many connections this client has lost and made good by itself. What was not answered on
   * them the library may have sent again.
   */
  int reconnections();

  @Override
  void close();

  /** Sorts error replies. */
  static Outcome error(String text) {
    if (text.startsWith("CLUSTERDOWN") || text.startsWith("TRYAGAIN")) {
      return new Outcome.Refused();
    }
    return text.startsWith("INDETERMINATE") ? new Outcome.Unknown() : new Outcome.Broken(text);
  }
}
