package io.shardwell.storage;

import java.io.IOException;

/** The directory was written by another version of the format, or is no data directory of ours. */
public final class UnknownFormatException extends IOException {
  private static final long serialVersionUID = 1;

  UnknownFormatException(String message) {
    super(message);
  }
}
