package io.shardwell.jepsen.planted;

import io.shardwell.cli.Main;

/** The command line of {@code shardwell}, with a server that never syncs what it writes. */
public final class ForgetfulServer {
  private ForgetfulServer() {}

  /** As {@link Main}'s. */
  public static void main(String[] arguments) {
    Detours unused =
        Detours.plant(
            PlantedBug.of("forgetful", "fdatasync is never called", "DESIGN 4")
                .in("io.shardwell.storage.FileDisk$OpenFile", "sync", Call::skip));
    Main.main(arguments);
  }
}
