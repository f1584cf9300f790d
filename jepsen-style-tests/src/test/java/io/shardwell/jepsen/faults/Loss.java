package io.shardwell.jepsen.faults;

import java.io.IOException;
import java.util.Locale;
import java.util.Random;

/** Every node loses some of all packets that reach it, from nodes and clients. */
final class Loss implements Fault {
  private static final double LEAST = 0.02;
  private static final double MOST = 0.25;

  private final Site site;

  Loss(Site site) {
    this.site = site;
  }

  @Override
  public String strike(Random random) throws IOException {
    double part = LEAST + random.nextDouble() * (MOST - LEAST);
    for (int node = 0; node < site.nodes(); node++) {
      site.wires().lose(node, part);
    }
    return String.format(Locale.ROOT, "everybody loses %.0f %%", part * 100);
  }

  @Override
  public void mend() throws IOException {
    site.wires().heal();
  }
}
