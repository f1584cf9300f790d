package io.shardwell.jepsen.planted;

import io.shardwell.cli.Main;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The command line of {@code shardwell}, with a server that gives all its leaderships away every
 * two seconds, in the way in which a graceful stop does.
 */
public final class RestlessServer {
  /** Of {@code Engine.tick}, which runs every 100 ms. */
  private static final int TICKS_IN_OFFICE = 20;

  private RestlessServer() {}

  /** As {@link Main}'s. */
  public static void main(String[] arguments) {
    AtomicLong ticks = new AtomicLong();
    Detours unused =
        Detours.plant(
            PlantedBug.of("restless", "leaderships are handed over all the time", "none")
                .in(
                    "io.shardwell.raftgroup.Engine",
                    "tick",
                    call -> {
                      if (ticks.incrementAndGet() % TICKS_IN_OFFICE == 0) {
                        Object replicas = Inside.get(call.self(), "replicas", Object.class);
                        Inside.call(
                            Inside.get(call.self(), "balance", Object.class),
                            "resign",
                            Inside.get(replicas, "replicas", List.class));
                      }
                    }));
    Main.main(arguments);
  }
}
