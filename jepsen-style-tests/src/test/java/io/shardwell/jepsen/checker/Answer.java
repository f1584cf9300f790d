package io.shardwell.jepsen.checker;

/** What a client was told, as far as one key is concerned. */
public sealed interface Answer {
  /** Answers without a value. */
  enum Word implements Answer {
    /** A successful command without a value (SET). */
    DONE,
    /** The null reply: an absent key, or a SET whose condition did not hold. */
    NIL,
    /** An error that follows from the key's state (INCR of a text); nothing was changed. */
    REFUSED,
    /**
     * Nothing known about the result: no reply came, or the reply does not tell about this key
     * alone (DEL of several keys). It constrains nothing; whether the command took effect is
     * another question, see {@link Operation#isOpen()}.
     */
    ANY
  }

  /** A value, as Latin-1 characters. */
  record Text(String value) implements Answer {}

  /** An integer reply. */
  record Int(long value) implements Answer {}

  static Answer text(String value) {
    return new Text(value);
  }

  static Answer number(long value) {
    return new Int(value);
  }

  /** For reports, in the notation of redis-cli. */
  default String show() {
    if (this instanceof Text t) {
      return '"' + t.value() + '"';
    } else if (this instanceof Int n) {
      return Long.toString(n.value());
    }
    return switch ((Word) this) {
      case DONE -> "OK";
      case NIL -> "(nil)";
      case REFUSED -> "(error)";
      case ANY -> "?";
    };
  }
}
