package io.shardwell.storage;

import java.io.IOException;

/** Another live process, or another node in this process, owns the data directory. */
public final class DirectoryInUseException extends IOException {
  private static final long serialVersionUID = 1;

  DirectoryInUseException(String directory, String holder) {
    super(
        "data directory "
            + directory
            + " is in use by "
            + holder
            + "; stop that node first, or choose another directory");
  }
}
