package io.shardwell.jepsen.faults;

import java.io.IOException;
import java.util.Random;

/**
 * EIO. A node that cannot know what its disk holds must not go on: that it ends by itself is part
 * of what is shown. Started again on the same directory it must be as good as ever.
 */
final class FailingDisk implements Fault {
  private static final int GIVING_UP_SECONDS = 120;

  /** The exit code of a server ended by a fault, decision 0009. */
  private static final int FAULT = 3;

  private final Site site;
  private int node;

  FailingDisk(Site site) {
    this.site = site;
  }

  @Override
  public String strike(Random random) throws IOException, InterruptedException {
    node = random.nextInt(site.nodes());
    boolean syncs = random.nextBoolean();
    Interposer interposer = site.interposers().get(node);
    long before = interposer.failures();
    if (syncs) {
      interposer.failSyncs();
    } else {
      interposer.failWrites();
    }
    int code = site.servers().awaitExit(node, GIVING_UP_SECONDS);
    if (code != FAULT) {
      throw new AssertionError(
          "n%d %s after EIO"
              .formatted(node + 1, code < 0 ? "went on" : "ended with " + code + ", not " + FAULT));
    }
    Fault.requireEffect(
        interposer.failures() > before, "no write or sync of n" + (node + 1) + " was refused");
    return (syncs ? "syncs" : "writes") + " of n" + (node + 1) + " fail, it ended with " + code;
  }

  @Override
  public void mend() throws IOException {
    site.interposers().get(node).asUsual();
    site.revive(node);
  }
}
