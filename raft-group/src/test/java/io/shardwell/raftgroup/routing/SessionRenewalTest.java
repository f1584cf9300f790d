package io.shardwell.raftgroup.routing;

import static org.assertj.core.api.Assertions.assertThat;

import io.shardwell.raftgroup.Post;
import io.shardwell.raftgroup.Tuning;
import io.shardwell.raftgroup.VirtualLoop;
import io.shardwell.raftgroup.wire.BatchVerdict;
import io.shardwell.raftgroup.wire.PeerMessage;
import io.shardwell.statemachine.Command;
import io.shardwell.statemachine.Invocation;
import io.shardwell.statemachine.Outcome;
import io.shardwell.statemachine.Reply;
import io.shardwell.statemachine.ReplyCodec;
import io.shardwell.statemachine.SessionKey;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongConsumer;
import org.junit.jupiter.api.Test;

/**
 * A session that its shard has forgotten, or that another start of the node has taken over, begins
 * anew: each client is answered once, and the fate of the lost writes becomes certain without
 * anybody's further command. The leader, and the disk that holds the boot number, are played by the
 * test.
 */
class SessionRenewalTest implements Post {
  private static final byte[] KEY = "k".getBytes(StandardCharsets.UTF_8);
  private static final int PATIENCE_MILLIS = Tuning.DEFAULT.commandPatienceMillis();

  private final VirtualLoop loop = new VirtualLoop();
  private final Patience patience = new Patience(loop, PATIENCE_MILLIS);
  private final List<PeerMessage.Batch> told = new ArrayList<>();
  private final List<Reply> replies = new ArrayList<>();
  private final List<LongConsumer> syncing = new ArrayList<>();
  private long exceeded = -1;
  private boolean leaderReached = true;
  private int decided;

  private final WriteChannel channel =
      Channels.writes(loop, this, patience, new SessionKey("me", 5, 1), this::newBoot);

  private void newBoot(long above, LongConsumer onDurable) {
    exceeded = above;
    syncing.add(onDurable);
  }

  @Test
  void whatWasLostIsAnsweredAtOnceAndDecidedByTheFirstBatchOfTheNewBoot() {
    write();
    renew(new Outcome.BootSuperseded(1));
    assertThat(replies).containsExactly(RoutingErrors.INDETERMINATE);
    assertThat(channel.isIdle()).as("it is patrolled and pumped until it is certain").isFalse();
    syncing.remove(0).accept(2);
    assertThat(channel.pump()).isTrue();
    assertThat(last().boot()).isEqualTo(2);
    assertThat(decided).isZero();
    answer(last(), List.of());
    assertThat(decided).isEqualTo(1);
    assertThat(replies).hasSize(1);
    assertThat(channel.isIdle()).isTrue();
  }

  /** After an older copy of the directory was put back, whose clock is behind, too. */
  @Test
  void theNextBootExceedsTheOneThatTookItsPlace() {
    write();
    renew(new Outcome.BootSuperseded(700));
    assertThat(exceeded).isEqualTo(700);
    syncing.remove(0).accept(701);
    assertThat(channel.pump()).isTrue();
    renew(new Outcome.SessionUnknown());
    assertThat(exceeded).isZero();
  }

  /** Its first command was looked for, and the node halted, if the answer took over 10 ms. */
  @Test
  void theEmptyFirstBatchHasNobodyWhosePatienceCouldEnd() {
    write();
    renew(new Outcome.SessionUnknown());
    syncing.remove(0).accept(2);
    assertThat(channel.pump()).isTrue();
    loop.run(2L * PATIENCE_MILLIS);
    channel.patrol();
    assertThat(channel.pump()).as("it is sent again").isTrue();
    assertThat(last().sequence()).isEqualTo(1);
  }

  @Test
  void whatWasGivenUpBeforeIsNotAnsweredAgain() {
    write();
    loop.run(2L * PATIENCE_MILLIS);
    channel.patrol();
    assertThat(replies).containsExactly(RoutingErrors.INDETERMINATE);
    renew(new Outcome.BootSuperseded(1));
    assertThat(replies).hasSize(1);
    syncing.remove(0).accept(2);
    assertThat(channel.pump()).isTrue();
    answer(last(), List.of());
    assertThat(decided).isEqualTo(1);
  }

  /** Also if what waited behind the lost writes lost its patience before it could be that batch. */
  @Test
  void theFirstBatchOfTheNewBootWaitsForNoCommand() {
    write();
    channel.submit(increment());
    renew(new Outcome.BootSuperseded(1));
    leaderReached = false;
    syncing.remove(0).accept(2);
    loop.run(2L * PATIENCE_MILLIS);
    channel.patrol();
    assertThat(replies).hasSize(2);
    assertThat(decided).as("one never left").isEqualTo(1);
    leaderReached = true;
    assertThat(channel.pump()).isTrue();
    answer(last(), List.of());
    assertThat(decided).isEqualTo(2);
  }

  /**
   * Else each empty batch would be answered alike, and sent anew under another number, for ever.
   */
  @Test
  void aNodeThatHasLeftForEverSendsNothingByItself() {
    write();
    renew(new Outcome.SessionRetired());
    assertThat(replies).containsExactly(RoutingErrors.INDETERMINATE);
    assertThat(decided).as("nothing of it can be applied any more").isEqualTo(1);
    syncing.remove(0).accept(2);
    assertThat(channel.pump()).isFalse();
    assertThat(channel.isIdle()).isTrue();
  }

  private void write() {
    channel.submit(increment());
    assertThat(channel.pump()).isTrue();
  }

  private Pending increment() {
    return new Pending(
        Invocation.of(Command.INCR, KEY),
        replies::add,
        byShard -> decided++,
        patience.deadlineNanos());
  }

  private PeerMessage.Batch last() {
    return told.get(told.size() - 1);
  }

  private void renew(Outcome outcome) {
    answer(last(), outcome);
    assertThat(syncing).hasSize(1);
  }

  private void answer(PeerMessage.Batch batch, List<Reply> ofCommands) {
    answer(batch, new Outcome.Applied(ReplyCodec.encode(ofCommands)));
  }

  private void answer(PeerMessage.Batch batch, Outcome outcome) {
    channel.onAnswer(
        "leader",
        new PeerMessage.BatchAnswer(
            0, batch.boot(), batch.sequence(), new BatchVerdict.Decided(outcome)));
  }

  @Override
  public void tell(String nodeId, PeerMessage message) {
    told.add((PeerMessage.Batch) message);
  }

  @Override
  public boolean reaches(String nodeId) {
    return leaderReached;
  }
}
