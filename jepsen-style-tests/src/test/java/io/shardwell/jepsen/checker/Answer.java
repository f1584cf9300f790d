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
    ANY,
    /**
     * Given up, with a promise: it took effect before the return, or it never will. That is more
     * than no answer at all, after which it may still take effect at any time.
     */
    GIVEN_UP
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

  /** Whether nothing was said about the result. */
  default boolean isSilent() {
    return this == Word.ANY || this == Word.GIVEN_UP;
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
      case GIVEN_UP -> "? (not later)";
    };
  }
}
