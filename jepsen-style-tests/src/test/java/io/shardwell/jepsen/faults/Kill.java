package io.shardwell.jepsen.faults;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** SIGKILL, and a start later. */
final class Kill implements Fault {
  /** How many die. */
  enum Whom {
    ONE,
    MAJORITY,
    ALL
  }

  private final Site site;
  private final Whom whom;
  private List<Integer> victims = List.of();
  private boolean again;

  Kill(Site site, Whom whom) {
    this.site = site;
    this.whom = whom;
  }

  @Override
  public String strike(Random random) {
    victims = draw(site, whom, random);
    again = whom == Whom.ALL && random.nextBoolean();
    killNow(site, victims);
    return "killed " + names(victims) + (again ? ", and again during recovery" : "");
  }

  @Override
  public void mend() throws InterruptedException {
    victims.forEach(site::revive);
    if (again) {
      Thread.sleep(900);
      killNow(site, victims);
      victims.forEach(site::revive);
    }
  }

  static void killNow(Site site, List<Integer> victims) {
    if (victims.size() == site.nodes()) {
      site.servers().killAll();
    } else {
      victims.forEach(site.servers()::kill);
    }
  }

  static List<Integer> draw(Site site, Whom whom, Random random) {
    List<Integer> nodes = new ArrayList<>();
    for (int node = 0; node < site.nodes(); node++) {
      nodes.add(node);
    }
    Collections.shuffle(nodes, random);
    int count =
        switch (whom) {
          case ONE -> 1;
          case MAJORITY -> site.nodes() / 2 + 1;
          case ALL -> site.nodes();
        };
    return List.copyOf(nodes.subList(0, count));
  }

  static String names(List<Integer> nodes) {
    return nodes.stream().map(n -> "n" + (n + 1)).sorted().toList().toString();
  }
}
