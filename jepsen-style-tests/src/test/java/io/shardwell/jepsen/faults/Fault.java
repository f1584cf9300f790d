package io.shardwell.jepsen.faults;

import java.io.IOException;
import java.util.Random;

/** Something bad that is done to a running cluster, and taken back. One object per injection. */
interface Fault {
  /** Does it and says what it did. */
  String strike(Random random) throws IOException, InterruptedException;

  /** Takes it back: dead nodes are started, everything works again. May be waited for later. */
  void mend() throws IOException, InterruptedException;

  /** A fault that has done nothing shows nothing: the harness has failed, and so has the round. */
  static void requireEffect(boolean hadSome, String otherwise) {
    if (!hadSome) {
      throw new AssertionError("a fault without effect: " + otherwise);
    }
  }
}
