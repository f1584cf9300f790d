package io.shardwell.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/**
 * Clients with random pipelines share the room for requests under way, and some go. Beside a list
 * of all that is under way: the sum is right, at most one request goes beyond the limit, nobody
 * takes one out of turn, and when all is answered every client that stayed has sent all it had.
 */
class UnansweredRequestsProperties {

  private static final int MAX_BYTES = 100;
  private static final int LARGEST_REQUEST = 150;

  private static final class Client {
    final Deque<Integer> toSend = new ArrayDeque<>();
    Runnable goOn = () -> {};
    boolean waits;
    boolean gone;
  }

  private final Deque<Runnable> laterTurns = new ArrayDeque<>();
  private final UnansweredRequests unanswered = new UnansweredRequests(MAX_BYTES, laterTurns::add);
  private final List<Integer> underWay = new ArrayList<>();
  private final List<Client> waiting = new ArrayList<>();

  private int sum() {
    return underWay.stream().mapToInt(Integer::intValue).sum();
  }

  /** Takes requests as a connection does, until it must wait; or at most so many. */
  private void pump(Client client, int most) {
    for (int i = 0; i < most && !client.toSend.isEmpty(); i++) {
      boolean full = sum() >= MAX_BYTES || !waiting.isEmpty();
      assertThat(unanswered.mustWait(client.goOn)).isEqualTo(full);
      if (full) {
        if (!waiting.contains(client)) {
          waiting.add(client);
        }
        client.waits = true;
        return;
      }
      int bytes = client.toSend.remove();
      underWay.add(bytes);
      unanswered.taken(bytes);
      assertThat(unanswered.bytes()).isLessThan(MAX_BYTES + LARGEST_REQUEST);
    }
  }

  private void called(Client client, int most) {
    assertThat(client.gone).isFalse();
    assertThat(waiting.remove(0)).as("whoever has waited longest").isSameAs(client);
    client.waits = false;
    List<Client> others = List.copyOf(waiting);
    waiting.clear(); // It is its turn: for once it may pass them.
    pump(client, most);
    boolean again = !waiting.isEmpty();
    waiting.clear();
    waiting.addAll(others);
    if (again) {
      waiting.add(client);
    }
  }

  private void answer(int i) {
    unanswered.answered(underWay.remove(i));
    assertThat(unanswered.bytes()).isEqualTo(sum());
  }

  @Property(tries = 300)
  void nobodyIsForgottenAndTheLimitHolds(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 8) int count) {
    Random random = new Random(seed);
    List<Client> clients = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Client client = new Client();
      int most = 1 + random.nextInt(10); // Another limit of this client's own.
      client.goOn = () -> called(client, most);
      for (int j = random.nextInt(20); j >= 0; j--) {
        client.toSend.add(1 + random.nextInt(random.nextBoolean() ? 10 : LARGEST_REQUEST));
      }
      clients.add(client);
    }
    for (int step = 0; step < 200; step++) {
      Client client = clients.get(random.nextInt(count));
      switch (random.nextInt(4)) {
        case 0 -> {
          if (!client.waits && !client.gone) {
            pump(client, 1 + random.nextInt(10));
          }
        }
        case 1 -> {
          if (!underWay.isEmpty()) {
            answer(random.nextInt(underWay.size()));
          }
        }
        case 2 -> {
          if (!laterTurns.isEmpty()) {
            laterTurns.remove().run();
          }
        }
        default -> {
          if (random.nextInt(20) == 0) {
            client.gone = true;
            unanswered.forget(client.goOn);
            waiting.remove(client);
          }
        }
      }
    }
    while (!underWay.isEmpty() || !laterTurns.isEmpty()) {
      if (!laterTurns.isEmpty()) {
        laterTurns.remove().run();
      } else {
        answer(random.nextInt(underWay.size()));
      }
    }
    assertThat(unanswered.bytes()).isZero();
    assertThat(clients).as("nobody is left waiting").noneMatch(each -> each.waits && !each.gone);
  }
}
