package io.shardwell.raftgroup.routing;

import static org.assertj.core.api.Assertions.assertThat;

import io.shardwell.raftgroup.ReachingPost;
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
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/**
 * A batch may be large and its way slow: to the same leader copies leave ever more seldom, to
 * another one, or over another link, at once. The test plays a leader that says nothing unasked.
 */
class WriteRepetitionTest implements ReachingPost {

  private final VirtualLoop loop = new VirtualLoop();
  private final long startNanos = loop.nanoTime();
  private final List<Long> sentAtMillis = new ArrayList<>();
  private final List<PeerMessage.Batch> sent = new ArrayList<>();
  private final WriteChannel channel =
      Channels.writes(
          loop,
          this,
          Channels.patience(loop),
          new SessionKey("me", 5, 1),
          (above, onDurable) -> {});

  @Test
  void copiesLeaveEverMoreSeldom() {
    write();
    turns(1_490);
    assertThat(sentAtMillis).containsExactly(0L, 400L, 1_200L);
    int large = sent.get(2).batch().length;
    turns(200);
    assertThat(sentAtMillis).as("given up: the empty copy").endsWith(1_600L);
    assertThat(sent.get(3).batch().length).isLessThan(large);
  }

  @Test
  void anotherLinkGetsItAtOnce() {
    write();
    turns(500);
    assertThat(sentAtMillis).containsExactly(0L, 400L);
    channel.linkChanged("another");
    turns(10);
    assertThat(sentAtMillis).hasSize(2);
    channel.linkChanged("leader"); // This node has no replica, and no other hint of it.
    turns(10);
    assertThat(sentAtMillis).hasSize(3);
    turns(400);
    assertThat(sentAtMillis).as("and the waits begin anew").hasSize(4);
  }

  @Test
  void anAnswerEndsTheLongWaits() {
    write();
    turns(1_300);
    channel.onAnswer(
        "leader",
        new PeerMessage.BatchAnswer(
            0,
            1,
            sent.get(0).sequence(),
            new BatchVerdict.Decided(
                new Outcome.Repeated(ReplyCodec.encode(List.of(new Reply.Int(1)))))));
    int before = sent.size();
    write();
    turns(410);
    assertThat(sent).hasSize(before + 2);
  }

  private void write() {
    channel.submit(
        new Pending(
            Invocation.of(Command.INCR, new byte[] {'k'}),
            reply -> {},
            byShard -> {},
            loop.nanoTime()
                + TimeUnit.MILLISECONDS.toNanos(Tuning.DEFAULT.commandPatienceMillis())));
    boolean unused = channel.pump();
  }

  private void turns(int millis) {
    for (int i = 0; i < millis; i += 10) {
      loop.run(10);
      channel.patrol();
      boolean unused = channel.pump();
    }
  }

  @Override
  public void tell(String nodeId, PeerMessage message) {
    sentAtMillis.add(TimeUnit.NANOSECONDS.toMillis(loop.nanoTime() - startNanos));
    sent.add((PeerMessage.Batch) message);
  }
}
