package io.shardwell.storage;

import java.io.IOException;

/** File work that runs off the loop, see {@link Disk#submit}. It must not touch loop state. */
@FunctionalInterface
public interface IoTask {
  void run() throws IOException;
}
