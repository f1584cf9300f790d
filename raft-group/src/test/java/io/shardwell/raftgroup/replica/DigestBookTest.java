package io.shardwell.raftgroup.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.microraft.RaftEndpoint;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/**
 * Shows that a replica which differs from a majority halts and no other does, whatever is lost or
 * late and whoever was restarted or fetched a snapshot in between; and that nothing is ever said of
 * replicas that are equal.
 */
class DigestBookTest {
  private static final int STRIDE = 4;

  private final List<RaftEndpoint> voters = new ArrayList<>();
  private final List<String> halted = new ArrayList<>();

  private DigestBook book(int group) {
    return new DigestBook(group, STRIDE, () -> voters, halted::add);
  }

  private static ReplicaEndpoint node(int number) {
    return new ReplicaEndpoint("n" + number, 7, 0);
  }

  private void voters(int count) {
    for (int i = 1; i <= count; i++) {
      voters.add(node(i));
    }
  }

  @Test
  void theOneOfThreeThatDiffersFromTwoHalts() {
    voters(3);
    DigestBook third = book(5);
    third.applied(4, 100);
    third.applied(8, 999);
    third.heard(node(1), STRIDE, new DigestBook.Digests(8, new long[] {100, 0xabc}));
    assertThat(halted).isEmpty();
    assertThat(third.difference()).contains("log entry 8", "3e7", "n1 abc");
    third.heard(node(2), STRIDE, new DigestBook.Digests(8, new long[] {0xabc}));
    assertThat(halted).hasSize(1);
    assertThat(halted.get(0)).contains("shard 5", "log entry 8", "3e7", "n1 abc", "n2 abc");
  }

  @Test
  void theTwoThatAreEqualGoOn() {
    voters(3);
    DigestBook first = book(5);
    first.applied(4, 100);
    first.heard(node(3), STRIDE, new DigestBook.Digests(4, new long[] {5}));
    first.heard(node(2), STRIDE, new DigestBook.Digests(4, new long[] {100}));
    assertThat(halted).isEmpty();
    assertThat(first.difference()).contains("n3 5");
    // The third has come back with the right state.
    first.applied(8, 101);
    first.heard(node(2), STRIDE, new DigestBook.Digests(8, new long[] {101}));
    first.heard(node(3), STRIDE, new DigestBook.Digests(8, new long[] {101}));
    assertThat(first.difference()).isEmpty();
  }

  @Test
  void ofTwoReplicasNoneHalts() {
    voters(2);
    DigestBook first = book(5);
    first.applied(4, 100);
    first.heard(node(2), STRIDE, new DigestBook.Digests(4, new long[] {5}));
    assertThat(halted).isEmpty();
    assertThat(first.difference()).contains("log entry 4");
  }

  @Test
  void learnersAndFormerReplicasDoNotCount() {
    voters(3);
    DigestBook first = book(5);
    first.applied(4, 100);
    for (int stranger = 4; stranger < 9; stranger++) {
      first.heard(node(stranger), STRIDE, new DigestBook.Digests(4, new long[] {5}));
    }
    first.heard(new ReplicaEndpoint("n2", 8, 0), STRIDE, new DigestBook.Digests(4, new long[] {5}));
    assertThat(halted).isEmpty();
    assertThat(first.difference()).isEmpty();
  }

  @Test
  void whatIsHeardEarlyIsComparedLater() {
    voters(3);
    DigestBook laggard = book(5);
    laggard.heard(node(1), STRIDE, new DigestBook.Digests(12, new long[] {1, 2, 3}));
    laggard.heard(node(2), STRIDE, new DigestBook.Digests(12, new long[] {1, 2, 3}));
    laggard.applied(4, 1);
    laggard.applied(8, 2);
    assertThat(halted).isEmpty();
    laggard.applied(12, 4);
    assertThat(halted).hasSize(1);
  }

  /** Three to five replicas, one of which goes wrong at some entry or none does. */
  @Property(tries = 500)
  void exactlyTheWrongOneHalts(@ForAll long seed) {
    Random random = new Random(seed);
    voters.clear();
    halted.clear();
    int count = 3 + random.nextInt(3);
    voters(count);
    long wrongFrom = random.nextBoolean() ? Long.MAX_VALUE : 1 + random.nextInt(300);
    List<DigestBook> books = new ArrayList<>();
    books.add(book(0)); // Nobody's.
    long[] applied = new long[count + 1];
    List<Integer> out = new ArrayList<>();
    for (int i = 1; i <= count; i++) {
      books.add(bookOf(i, out));
    }
    for (int step = 0; step < 2000; step++) {
      int i = 1 + random.nextInt(count);
      DigestBook book = books.get(i);
      if (out.contains(i)) {
        continue;
      }
      switch (random.nextInt(30)) {
        case 0 -> {
          // A restart, on a snapshot or the log, or a fetched snapshot.
          long furthest = 0;
          for (long each : applied) {
            furthest = Math.max(furthest, each);
          }
          if (i != 1 && random.nextBoolean()) {
            applied[i] = Math.max(applied[i], furthest);
            book.replaced();
          } else {
            books.set(i, bookOf(i, out));
            applied[i] = Math.max(0, applied[i] - random.nextInt(50));
            books.forEach(other -> other.forget("n" + i));
          }
        }
        case 1, 2, 3, 4, 5 -> {
          DigestBook.Digests news = book.news();
          for (int to = 1; to <= count; to++) {
            if (to != i && news.digests().length > 0 && random.nextInt(3) > 0) {
              books.get(to).heard(node(i), STRIDE, news);
            }
          }
        }
        default -> {
          for (int k = random.nextInt(6); k > 0 && !out.contains(i); k--) {
            apply(book, i, ++applied[i], wrongFrom);
          }
        }
      }
    }
    assertThat(out).isSubsetOf(1);
    // In the end all get as far, and everything arrives.
    long end = 0;
    for (long each : applied) {
      end = Math.max(end, each);
    }
    end += 10 * STRIDE;
    for (int i = 1; i <= count; i++) {
      while (applied[i] < end && !out.contains(i)) {
        apply(books.get(i), i, ++applied[i], wrongFrom);
      }
    }
    for (int i = 1; i <= count; i++) {
      DigestBook.Digests news = books.get(i).news();
      for (int to = 1; to <= count && news.digests().length > 0; to++) {
        if (to != i) {
          books.get(to).heard(node(i), STRIDE, news);
        }
      }
    }
    if (wrongFrom <= end - STRIDE) {
      assertThat(out).containsExactly(1);
    } else {
      assertThat(out).isSubsetOf(1);
    }
    if (wrongFrom == Long.MAX_VALUE) {
      assertThat(out).isEmpty();
      assertThat(books).allMatch(book -> book.difference().isEmpty());
    }
  }

  /** Replica 1 is the one that may go wrong. */
  private static void apply(DigestBook book, int replica, long index, long wrongFrom) {
    if (book.isPosition(index)) {
      book.applied(index, replica == 1 && index >= wrongFrom ? -index : index * 31);
    }
  }

  private DigestBook bookOf(int number, List<Integer> out) {
    Collection<RaftEndpoint> members = voters;
    return new DigestBook(
        9,
        STRIDE,
        () -> members,
        words -> {
          if (!out.contains(number)) {
            out.add(number);
          }
        });
  }
}
