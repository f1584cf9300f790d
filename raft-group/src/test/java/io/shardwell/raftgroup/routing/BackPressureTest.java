package io.shardwell.raftgroup.routing;

import static org.assertj.core.api.Assertions.assertThat;

import io.shardwell.raftgroup.FullDisks;
import io.shardwell.raftgroup.Post;
import io.shardwell.raftgroup.Tuning;
import io.shardwell.raftgroup.VirtualLoop;
import io.shardwell.raftgroup.wire.PeerMessage;
import io.shardwell.statemachine.Command;
import io.shardwell.statemachine.Invocation;
import io.shardwell.statemachine.Reply;
import io.shardwell.statemachine.ReplyCodec;
import io.shardwell.statemachine.SessionKey;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/**
 * A shard without a leader, or with one that does not answer, slows only itself: what waits for it
 * on a node has a limit in commands and in bytes, what is sent to it one in batches, and the shard
 * beside it goes on. Leaders are played by the test.
 */
class BackPressureTest implements Post {
  private static final byte[] KEY = "k".getBytes(StandardCharsets.UTF_8);
  private static final int STUCK = 0;
  private static final int FINE = 1;

  private final VirtualLoop loop = new VirtualLoop();
  private final Map<String, List<PeerMessage>> told = new HashMap<>();
  private final List<Reply> replies = new ArrayList<>();
  private boolean stuckIsReached;

  private final LeaderDirectory leaders =
      new LeaderDirectory(
          new HashMap<>(), List.of(List.of("stuck"), List.of("fine")), this, "me", new FullDisks());
  private final Patience patience = new Patience(loop, Tuning.DEFAULT.commandPatienceMillis());

  @Test
  void writesThatWaitHaveALimitInCommands() {
    WriteChannel stuck = writes(STUCK);
    for (int i = 0; i < ShardQueue.MAX_COMMANDS; i++) {
      stuck.submit(pending(Invocation.of(Command.INCR, KEY)));
    }
    assertThat(replies).isEmpty();
    stuck.submit(pending(Invocation.of(Command.INCR, KEY)));
    assertThat(replies).containsExactly(RoutingErrors.queueFull(STUCK));
    assertThat(stuck.pump()).isFalse();

    WriteChannel fine = writes(FINE);
    fine.submit(pending(Invocation.of(Command.INCR, KEY)));
    assertThat(fine.pump()).isTrue();
    assertThat(told.get("fine")).hasSize(1);
  }

  @Test
  void writesThatWaitHaveALimitInBytes() {
    WriteChannel stuck = writes(STUCK);
    byte[] value = new byte[1 << 20];
    int fit = (int) (ShardQueue.MAX_BYTES / value.length);
    for (int i = 0; i < fit; i++) {
      stuck.submit(pending(Invocation.of(Command.SET, KEY, value)));
    }
    assertThat(replies).isEmpty();
    stuck.submit(pending(Invocation.of(Command.INCR, KEY)));
    assertThat(replies).containsExactly(RoutingErrors.queueFull(STUCK));
  }

  @Test
  void readsThatWaitHaveALimitInCommands() {
    ReadChannel stuck = reads(STUCK);
    for (int i = 0; i < ShardQueue.MAX_COMMANDS; i++) {
      stuck.submit(pending(Invocation.of(Command.GET, KEY)));
    }
    assertThat(replies).isEmpty();
    stuck.submit(pending(Invocation.of(Command.GET, KEY)));
    assertThat(replies).containsExactly(RoutingErrors.queueFull(STUCK));
  }

  @Test
  void aLeaderThatDoesNotAnswerHasAWindow() {
    stuckIsReached = true;
    WriteChannel writes = writes(STUCK);
    for (int i = 0; i < 10_000; i++) {
      writes.submit(pending(Invocation.of(Command.INCR, KEY)));
      boolean unused = writes.pump();
    }
    assertThat(told.get("stuck")).as("the first batch of a boot goes alone").hasSize(1);
    told.clear();
    ReadChannel reads = reads(STUCK);
    for (int i = 0; i < 10_000; i++) {
      reads.submit(pending(Invocation.of(Command.GET, KEY)));
      boolean unused = reads.pump();
    }
    assertThat(told.get("stuck")).hasSize(ReadChannel.WINDOW);
  }

  @Test
  void whoStandsBehindReadsThatAreAnsweredDoesNotLosePatience() {
    stuckIsReached = true;
    ReadChannel reads = reads(STUCK);
    int all = 100;
    for (int i = 0; i < all; i++) {
      reads.submit(pending(Invocation.of(Command.GET, KEY)));
    }
    for (int i = 0; i < 6; i++) {
      loop.run(Tuning.DEFAULT.commandPatienceMillis() / 2);
      reads.patrol();
      told.clear();
      assertThat(reads.pump()).isTrue();
      PeerMessage.Read asked = (PeerMessage.Read) Objects.requireNonNull(told.get("stuck")).get(0);
      byte[] answer = ReplyCodec.encode(List.of(Reply.NIL));
      reads.onAnswer("stuck", new PeerMessage.ReadAnswer(STUCK, asked.readId(), answer));
      assertThat(replies).hasSize(i + 1).containsOnly(Reply.NIL);
    }
    loop.run(Tuning.DEFAULT.commandPatienceMillis());
    reads.patrol();
    assertThat(replies).hasSize(all);
  }

  /** A full queue is not for ever: patience ends, and there is room again. */
  @Test
  void afterTheirPatienceThereIsRoomAgain() {
    WriteChannel stuck = writes(STUCK);
    for (int i = 0; i < ShardQueue.MAX_COMMANDS; i++) {
      stuck.submit(pending(Invocation.of(Command.INCR, KEY)));
    }
    loop.run(Tuning.DEFAULT.commandPatienceMillis());
    stuck.patrol();
    assertThat(replies).hasSize(ShardQueue.MAX_COMMANDS);
    stuck.submit(pending(Invocation.of(Command.INCR, KEY)));
    assertThat(replies).hasSize(ShardQueue.MAX_COMMANDS);
    assertThat(stuck.isIdle()).isFalse();
  }

  private WriteChannel writes(int shard) {
    return new WriteChannel(
        shard,
        loop,
        this,
        Tuning.DEFAULT,
        patience,
        leaders,
        new SessionKey("me", 5, 1),
        (above, onDurable) -> {});
  }

  private ReadChannel reads(int shard) {
    return new ReadChannel(
        shard, loop, this, Tuning.DEFAULT, patience, leaders, new HashMap<>(), "me", 1);
  }

  private Pending pending(Invocation invocation) {
    return new Pending(invocation, replies::add, byShard -> {}, patience.deadlineNanos());
  }

  @Override
  public void tell(String nodeId, PeerMessage message) {
    told.computeIfAbsent(nodeId, unused -> new ArrayList<>()).add(message);
  }

  @Override
  public boolean reaches(String nodeId) {
    return stuckIsReached || !nodeId.equals("stuck");
  }
}
