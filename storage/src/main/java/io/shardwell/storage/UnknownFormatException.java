package io.shardwell.storage;

import java.io.IOException;

/** The directory was written by another version of the format, or is no data directory of ours. */
public final class UnknownFormatException extends IOException {
  private static final long serialVersionUID = 1;

  private static final String UNEXPECTED = "unexpected file ";

  private final boolean ofAnotherVersion;

  private UnknownFormatException(String message, boolean ofAnotherVersion) {
    super(message);
    this.ofAnotherVersion = ofAnotherVersion;
  }

  /** What is there is nothing that any version writes. */
  static UnknownFormatException unreadable(String message) {
    return new UnknownFormatException(message, false);
  }

  /** A file that no node makes: somebody has put it there. */
  static UnknownFormatException unexpectedFile(String name) {
    return unreadable(UNEXPECTED + name);
  }

  /** Whether {@link #unexpectedFile} says this. */
  static boolean isOfUnexpectedFile(String message) {
    return message.startsWith(UNEXPECTED);
  }

  /** Nothing is damaged: another version reads it. */
  static UnknownFormatException ofAnotherVersion(String message) {
    return new UnknownFormatException(message, true);
  }

  /** Whether another version of Shardwell is what it needs, and not a repair. */
  public boolean isOfAnotherVersion() {
    return ofAnotherVersion;
  }
}
