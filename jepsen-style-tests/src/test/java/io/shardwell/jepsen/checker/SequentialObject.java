package io.shardwell.jepsen.checker;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Makes histories that are linearizable by construction: commands run one after the other on one
 * exact object; each interval is then drawn around the moment its command ran.
 */
final class SequentialObject {
  private static final long MILLI = 1_000_000;
  private final Random random;
  private final int clients;
  private final boolean withDeadlines;
  private final long[] lastCall;
  private KeyState state = KeyState.ABSENT;
  private int unique;

  SequentialObject(Random random, int clients, boolean withDeadlines) {
    this.random = random;
    this.clients = clients;
    this.withDeadlines = withDeadlines;
    this.lastCall = new long[clients];
  }

  /**
   * @param spread by how many commands an interval reaches to either side at most
   * @param openShare of 0..1: how many lose their answer; half of those never ran
   */
  List<Operation> history(int size, int spread, double openShare) {
    List<Operation> history = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      long point = (i + spread + 1) * MILLI;
      int client = random.nextInt(clients);
      long call = point - random.nextInt(spread * (int) MILLI + 1);
      // Calls of one client stand in the order in which they took effect.
      call = Math.max(call, lastCall[client] + 1);
      lastCall[client] = call;
      KeyCommand command = command();
      boolean open = random.nextDouble() < openShare;
      if (!open || random.nextBoolean()) {
        Answer answer = run(command, point);
        long returned = point + random.nextInt(spread * (int) MILLI + 1);
        history.add(
            open
                ? Operation.open(client, command, call)
                : new Operation(client, command, call, returned, answer));
      } else {
        history.add(Operation.open(client, command, call));
      }
    }
    return history;
  }

  /** Runs it at exactly that time; a closed interval of length 0 leaves the model no choice. */
  private Answer run(KeyCommand command, long time) {
    if (state.isVolatile() && state.earliest() <= time) {
      state = KeyState.ABSENT;
    }
    Answer answer =
        command instanceof KeyCommand.TimeToLive
            ? Answer.number(timeToLive(time))
            : KeyModel.answer(state, command);
    List<KeyState> next =
        KeyModel.EXACT.step(state, new Operation(0, command, time, time, Answer.Word.ANY));
    state = next.get(0);
    return answer;
  }

  private long timeToLive(long time) {
    if (!state.isPresent()) {
      return -2;
    }
    return state.isVolatile() ? Math.max(1, (state.earliest() - time) / MILLI) : -1;
  }

  private KeyCommand command() {
    int kinds = withDeadlines ? 12 : 8;
    return switch (random.nextInt(kinds)) {
      case 0, 1 -> new KeyCommand.Get();
      case 2 -> KeyCommand.set(Integer.toString(random.nextInt(3)));
      case 3 -> KeyCommand.setIfAbsent(Integer.toString(unique++));
      case 4 -> new KeyCommand.Increment(1 + random.nextInt(2));
      case 5 -> new KeyCommand.Append(Integer.toString(random.nextInt(10)));
      case 6 -> deletingOrSwapping();
      case 7 ->
          new KeyCommand.Set(
              "x" + unique++,
              KeyCommand.Condition.IF_PRESENT,
              KeyCommand.NO_TTL,
              random.nextBoolean(),
              random.nextBoolean());
      case 8 -> KeyCommand.setFor("t" + unique++, 1 + random.nextInt(6));
      case 9 -> new KeyCommand.Expire(random.nextInt(5));
      case 10 -> new KeyCommand.Persist();
      default -> new KeyCommand.TimeToLive();
    };
  }

  private KeyCommand deletingOrSwapping() {
    return switch (random.nextInt(4)) {
      case 0 -> new KeyCommand.Delete();
      case 1 -> new KeyCommand.Take();
      case 2 -> new KeyCommand.DeleteIf(Integer.toString(random.nextInt(3)));
      default ->
          new KeyCommand.Swap(
              Integer.toString(random.nextInt(3)), Integer.toString(random.nextInt(3)));
    };
  }
}
