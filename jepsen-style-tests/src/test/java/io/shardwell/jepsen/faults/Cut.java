package io.shardwell.jepsen.faults;

import java.io.IOException;
import java.util.List;
import java.util.Random;

/** Wires between nodes drop everything. */
final class Cut implements Fault {
  /** Which wires. */
  enum Shape {
    HALVES,
    RING,
    BRIDGE,
    ONE_WAY
  }

  private final Site site;
  private final Shape shape;

  Cut(Site site, Shape shape) {
    this.site = site;
    this.shape = shape;
  }

  @Override
  public String strike(Random random) throws IOException {
    List<Integer> order = Kill.draw(site, Kill.Whom.ALL, random);
    int minority = (site.nodes() - 1) / 2;
    switch (shape) {
      case HALVES -> {
        cutBetween(order.subList(0, minority), order.subList(minority, site.nodes()));
        return "cut off " + Kill.names(order.subList(0, minority));
      }
      case BRIDGE -> {
        cutBetween(order.subList(1, 1 + minority), order.subList(1 + minority, site.nodes()));
        return Kill.names(order.subList(0, 1)) + " is the bridge";
      }
      case RING -> {
        for (int i = 0; i < order.size(); i++) {
          // All but the two neighbours of the ring.
          cutBetween(
              order.subList(i, i + 1), List.of(order.get((i + 2) % 5), order.get((i + 3) % 5)));
        }
        return "a ring of " + order;
      }
      case ONE_WAY -> {
        boolean deaf = random.nextBoolean();
        int node = order.get(0);
        for (int other : order.subList(1, site.nodes())) {
          site.wires().cut(deaf ? other : node, deaf ? node : other);
        }
        return Kill.names(List.of(node)) + (deaf ? " is deaf" : " is dumb");
      }
    }
    throw new AssertionError(shape);
  }

  private void cutBetween(List<Integer> some, List<Integer> others) throws IOException {
    for (int one : some) {
      for (int other : others) {
        site.wires().cut(one, other);
        site.wires().cut(other, one);
      }
    }
  }

  @Override
  public void mend() throws IOException {
    site.wires().heal();
  }
}
