package io.shardwell.jepsen.faults;

import io.shardwell.jepsen.process.SmallDisk;
import java.io.IOException;
import java.util.Objects;
import java.util.Random;

/** Somebody else's file takes the space of node 0, nearly all of it or to the last byte. */
final class FullDisk implements Fault {
  static final long DISK_BYTES = 320L << 20;
  static final long MIN_FREE_BYTES = 64L << 20;

  private final Site site;
  private final SmallDisk disk;

  FullDisk(Site site) {
    this.site = site;
    this.disk = Objects.requireNonNull(site.smallDisk());
  }

  @Override
  public String strike(Random random) throws IOException, InterruptedException {
    boolean nearly = random.nextBoolean();
    // It stands aside first: who has no byte left in the middle of a turn must give up.
    disk.leaveFree(MIN_FREE_BYTES * 3 / 4);
    boolean aside = site.servers().awaitReadiness(0, false, 10);
    if (!nearly) {
      disk.leaveFree(0);
    }
    return (nearly ? "little" : "no")
        + " space for n1, "
        + (aside ? "" : "not ")
        + "standing aside";
  }

  @Override
  public void mend() throws IOException {
    disk.spaceAgain();
  }
}
