package io.shardwell.jepsen.checker;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Search for a linearization, after Wing and Gong, with memoization and just-in-time linearization
 * after Lowe ("Testing for linearizability", 2017).
 *
 * <p><b>Just in time.</b> The returns are processed in order. An operation takes effect only
 * immediately before a return that needs it: its own, or that of an operation which takes effect
 * after it. That loses nothing (what takes effect later than the last return's own operation may
 * wait for the next return) and makes a configuration small: which return is next, which pending
 * operations have taken effect already, and the state.
 *
 * <p><b>Open operations</b> (no return) never have to take effect. Of two configurations that
 * differ only in the open operations used up, the one that used a subset can do whatever the other
 * can, so the other is dropped: with k lost SETs of different values that leaves k configurations
 * instead of 2^k. Of equal open operations the one called first is taken first.
 *
 * <p><b>What changes nothing is done at once.</b> A pending operation whose answer fits and says
 * that it changed nothing (reads, refused conditions) can always move to the front of whatever
 * explains the rest, so there is nothing to choose.
 *
 * <p><b>Best first.</b> Configurations are taken by how many returns they explain, less a price for
 * each open operation used: one that was used up without need is missing later, far from the
 * mistake, where going back step by step would take for ever.
 *
 * <p><b>Client order.</b> An operation waits for those its client called before; an open one can no
 * longer take effect once an answered one called after it has. Open ones of one client are not
 * ordered among themselves (that keeps the exchange of equal ones sound).
 */
final class Search {
  enum Result {
    EXPLAINED,
    VIOLATION,
    UNDECIDED
  }

  private final KeyModel model;
  private final ConnectionOrder order;
  private final int maxSteps;

  // Invariant: closed is ordered by return, open by call. An operation is known by its place there.
  private final Operation[] closed;
  private final Operation[] open;

  /** For each return, the closed operations that may take effect just before it, itself first. */
  private final int[][] candidates;

  /** For each return, how many open operations were called by then. */
  private final int[] openCount;

  /** For each closed operation, those of the same client that were called before it. */
  private final int[][] predecessors;

  /** For each open operation, the closed ones of its client that were called after it. */
  private final int[][] successors;

  /** For each open operation, the latest equal one before it, or -1. */
  private final int[] twin;

  /**
   * For each closed operation, whether it may be done as soon as its answer fits: it changes
   * nothing, and no open one of its client would have to come before it.
   */
  private final boolean[] eager;

  private final Map<Key, List<BitSet>> seen = new HashMap<>();

  /**
   * Returns at which some configuration never stopped, its operation having taken effect before.
   */
  private final BitSet passedOver = new BitSet();

  private boolean explained;
  private long steps;
  private int furthest;

  /**
   * Everything but the open operations used.
   *
   * @param applied of the closed operations from {@code event} on: those that took effect
   */
  private record Key(int event, BitSet applied, KeyState state) {}

  /** As many returns as an open operation must explain before using it up looks worth while. */
  private static final int OPEN_COST = 8;

  /** A configuration to go on from, by closed operations or, later, by open ones. */
  private record Todo(int rank, long order, Configuration from, boolean viaOpen)
      implements Comparable<Todo> {
    @Override
    public int compareTo(Todo other) {
      // The latest first among equals: what has just succeeded goes on.
      int byRank = Integer.compare(other.rank, rank);
      return byRank != 0 ? byRank : Long.compare(other.order, order);
    }
  }

  /** A configuration: everything that decides what can still happen. */
  private record Configuration(Key key, BitSet used) {}

  Search(KeyModel model, ConnectionOrder order, List<Operation> history, int maxSteps) {
    this.model = model;
    this.order = order;
    this.maxSteps = maxSteps;
    this.closed =
        history.stream()
            .filter(o -> !o.isOpen() && !o.isVacuous())
            .sorted(Comparator.comparingLong(Operation::returned))
            .toArray(Operation[]::new);
    this.open =
        history.stream()
            .filter(o -> o.isOpen() && !o.isVacuous())
            .sorted(Comparator.comparingLong(Operation::call))
            .toArray(Operation[]::new);
    this.candidates = new int[closed.length][];
    this.openCount = new int[closed.length];
    this.predecessors = new int[closed.length][];
    this.successors = new int[open.length][];
    this.eager = new boolean[closed.length];
    this.twin = new int[open.length];
    prepare();
  }

  private void prepare() {
    int[] byCall =
        java.util.stream.IntStream.range(0, closed.length)
            .boxed()
            .sorted(Comparator.comparingLong(i -> closed[i].call()))
            .mapToInt(Integer::intValue)
            .toArray();
    List<Integer> pending = new ArrayList<>();
    int called = 0;
    int openCalled = 0;
    for (int event = 0; event < closed.length; event++) {
      long now = closed[event].returned();
      while (called < byCall.length && closed[byCall[called]].call() <= now) {
        pending.add(byCall[called++]);
      }
      while (openCalled < open.length && open[openCalled].call() <= now) {
        openCalled++;
      }
      openCount[event] = openCalled;
      // By return: itself first (the greedy choice), then whoever has to be done soonest.
      candidates[event] = pending.stream().mapToInt(Integer::intValue).sorted().toArray();
      assert candidates[event][0] == event;
      pending.remove((Integer) event);
    }
    prepareClients();
    prepareTwins();
  }

  private void prepareClients() {
    Map<Integer, List<Integer>> byClient = new HashMap<>();
    for (int i = 0; i < closed.length; i++) {
      byClient.computeIfAbsent(closed[i].client(), c -> new ArrayList<>()).add(i);
    }
    for (int i = 0; i < closed.length; i++) {
      Operation o = closed[i];
      eager[i] = o.changedNothing();
      predecessors[i] =
          byClient.getOrDefault(o.client(), List.of()).stream()
              .filter(p -> closed[p].call() < o.call() && closed[p].returned() >= o.call())
              .filter(p -> order.binds(closed[p], o))
              .mapToInt(Integer::intValue)
              .toArray();
    }
    for (int u = 0; u < open.length; u++) {
      Operation o = open[u];
      successors[u] =
          byClient.getOrDefault(o.client(), List.of()).stream()
              .filter(s -> closed[s].call() > o.call() && order.binds(o, closed[s]))
              .mapToInt(Integer::intValue)
              .toArray();
      for (int s : successors[u]) {
        eager[s] = false;
      }
    }
  }

  private void prepareTwins() {
    Arrays.fill(twin, -1);
    Map<KeyCommand, Integer> latest = new HashMap<>();
    for (int u = 0; u < open.length; u++) {
      // One that a later operation of its client can forbid is not exchangeable.
      if (successors[u].length > 0) {
        continue;
      }
      Integer before = latest.put(open[u].command(), u);
      // Deadlines are counted from the call, so equal commands may still differ.
      if (before != null && !hasDeadline(open[u].command())) {
        twin[u] = before;
      }
    }
  }

  private static boolean hasDeadline(KeyCommand command) {
    return command instanceof KeyCommand.Expire
        || (command instanceof KeyCommand.Set set && set.ttlMillis() != KeyCommand.NO_TTL);
  }

  long steps() {
    return steps;
  }

  /** After a violation: the first return that the search could not pass. */
  Operation stuckAt() {
    return closed[furthest];
  }

  /** After a violation: every state in which the search stood before that return. */
  List<KeyState> statesWhenStuck() {
    return seen.keySet().stream()
        .filter(k -> k.event() == furthest)
        .map(Key::state)
        .distinct()
        .sorted(Comparator.comparing(KeyState::show))
        .toList();
  }

  /**
   * After a violation: the shortest rest of the history that begins in a state nobody can doubt,
   * with one SET in place of all before it; the whole history if there is no such moment.
   */
  List<Operation> restAfterLastCertainty() {
    Map<Integer, Key> only = new HashMap<>();
    Set<Integer> ambiguous = new HashSet<>();
    seen.forEach(
        (key, used) -> {
          if (only.put(key.event, key) != null || used.size() > 1 || key.state.isVolatile()) {
            ambiguous.add(key.event);
          }
        });
    only.keySet().removeAll(ambiguous);
    only.keySet().removeIf(passedOver::get);
    Key last = only.isEmpty() ? null : only.get(Collections.max(only.keySet()));
    List<Operation> rest = new ArrayList<>();
    if (last == null) {
      rest.addAll(List.of(closed));
      rest.addAll(List.of(open));
      return rest;
    }
    if (last.state.isPresent()) {
      KeyCommand set = KeyCommand.set(last.state.text());
      rest.add(new Operation(-1, set, Long.MIN_VALUE, Long.MIN_VALUE, Answer.Word.DONE));
    }
    for (int i = last.event; i < closed.length; i++) {
      if (!last.applied.get(i)) {
        rest.add(closed[i]);
      }
    }
    BitSet used = Objects.requireNonNull(seen.get(last)).get(0);
    for (int u = 0; u < open.length; u++) {
      if (!used.get(u)) {
        rest.add(open[u]);
      }
    }
    return rest;
  }

  Result run() {
    PriorityQueue<Todo> queue = new PriorityQueue<>();
    Configuration root = enter(0, new BitSet(), new BitSet(), KeyState.ABSENT);
    if (root == null) {
      return Result.EXPLAINED;
    }
    queue.add(new Todo(rank(root), 0, root, false));
    List<Configuration> next = new ArrayList<>();
    for (long order = 1; ; ) {
      Todo todo = queue.poll();
      if (todo == null) {
        return Result.VIOLATION;
      }
      if (steps > maxSteps) {
        return Result.UNDECIDED;
      }
      Configuration from = todo.from;
      next.clear();
      if (todo.viaOpen ? viaOpen(from, next) : viaClosed(from, next)) {
        return Result.EXPLAINED;
      }
      for (int i = next.size() - 1; i >= 0; i--) {
        queue.add(new Todo(rank(next.get(i)), order++, next.get(i), false));
      }
      if (!todo.viaOpen && openCount[from.key.event()] > from.used.cardinality()) {
        queue.add(new Todo(rank(from) - OPEN_COST, order++, from, true));
      }
    }
  }

  private static int rank(Configuration c) {
    return c.key.event() - OPEN_COST * c.used.cardinality();
  }

  /** Adds what can follow by a closed operation; true when that explains everything. */
  private boolean viaClosed(Configuration from, List<Configuration> next) {
    int event = from.key.event();
    for (int operation : candidates[event]) {
      if (mayApply(event, from.key.applied(), operation)) {
        for (KeyState state : model.step(from.key.state(), closed[operation])) {
          BitSet applied = (BitSet) from.key.applied().clone();
          applied.set(operation);
          Configuration entered = enter(event, applied, from.used, state);
          if (explained) {
            return true;
          }
          if (entered != null) {
            next.add(entered);
          }
        }
      }
    }
    return false;
  }

  private boolean viaOpen(Configuration from, List<Configuration> next) {
    int event = from.key.event();
    for (int u = 0; u < openCount[event]; u++) {
      if (mayUse(from, u)) {
        for (KeyState state : model.step(from.key.state(), open[u])) {
          BitSet used = (BitSet) from.used.clone();
          used.set(u);
          BitSet applied = (BitSet) from.key.applied().clone();
          Configuration entered = enter(event, applied, used, state);
          if (explained) {
            return true;
          }
          if (entered != null) {
            next.add(entered);
          }
        }
      }
    }
    return false;
  }

  private boolean mayApply(int event, BitSet applied, int operation) {
    if (applied.get(operation)) {
      return false;
    }
    for (int p : predecessors[operation]) {
      if (p >= event && !applied.get(p)) {
        return false;
      }
    }
    return true;
  }

  private boolean mayUse(Configuration from, int u) {
    if (from.used.get(u) || (twin[u] >= 0 && !from.used.get(twin[u]))) {
      return false;
    }
    for (int s : successors[u]) {
      if (s < from.key.event() || from.key.applied().get(s)) {
        return false;
      }
    }
    return true;
  }

  /**
   * Null when nothing new can come of it, or when every return is {@link #explained}. Takes
   * ownership of {@code applied}.
   */
  private @Nullable Configuration enter(int from, BitSet applied, BitSet used, KeyState state) {
    int event = from;
    do {
      while (event < closed.length && applied.get(event)) {
        applied.clear(event);
        event++;
      }
      if (event == closed.length) {
        explained = true;
        return null;
      }
    } while (applyWhatChangesNothing(event, applied, state));
    furthest = Math.max(furthest, event);
    passedOver.set(from + 1, Math.max(from + 1, event));
    Key key = new Key(event, applied, state);
    List<BitSet> others = seen.computeIfAbsent(key, k -> new ArrayList<>(1));
    steps += 1 + others.size() / 4;
    for (BitSet other : others) {
      if (isSubset(other, used)) {
        return null;
      }
    }
    others.removeIf(other -> isSubset(used, other));
    others.add(used);
    return new Configuration(key, used);
  }

  /** True when the event's own operation was among them, so that the next event is due. */
  private boolean applyWhatChangesNothing(int event, BitSet applied, KeyState state) {
    boolean again = true;
    while (again) {
      again = false;
      for (int operation : candidates[event]) {
        if (eager[operation] && mayApply(event, applied, operation)) {
          List<KeyState> next = model.step(state, closed[operation]);
          if (next.size() == 1 && next.get(0).equals(state)) {
            applied.set(operation);
            again = order != ConnectionOrder.NONE;
          }
        }
      }
    }
    return applied.get(event);
  }

  private static boolean isSubset(BitSet small, BitSet large) {
    if (small.isEmpty()) {
      return true;
    }
    BitSet rest = (BitSet) small.clone();
    rest.andNot(large);
    return rest.isEmpty();
  }
}
