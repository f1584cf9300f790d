package io.shardwell.raftgroup.routing;

import static org.assertj.core.api.Assertions.assertThat;

import io.shardwell.raftgroup.ReachingPost;
import io.shardwell.raftgroup.VirtualLoop;
import io.shardwell.raftgroup.cluster.NodeIdentity;
import io.shardwell.raftgroup.wire.PeerMessage;
import io.shardwell.statemachine.Command;
import io.shardwell.statemachine.Invocation;
import io.shardwell.statemachine.Reply;
import io.shardwell.statemachine.ReplyCodec;
import io.shardwell.storage.MemoryDisk;
import io.shardwell.storage.NodeStorage;
import io.shardwell.storage.StorageLimits;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Time does not run backwards for a client that pipelines reads: replies are taken in the order of
 * asking, whatever order the answers come in. Found by simulation, seed 421. The test plays the
 * leader.
 */
class ReadChannelTest {

  private final VirtualLoop loop = new VirtualLoop();
  private final List<PeerMessage.Read> asked = new ArrayList<>();
  private final List<Long> replies = new ArrayList<>();
  private ReadChannel channel = newChannel(1);

  private ReadChannel newChannel(long firstReadId) {
    ReachingPost post = (nodeId, message) -> asked.add((PeerMessage.Read) message);
    return Channels.reads(loop, post, Channels.patience(loop), firstReadId);
  }

  @Test
  void aLaterAnswerWaitsForTheEarlierOne() {
    ask();
    ask();
    answer(1, 22);
    assertThat(replies).isEmpty();
    answer(0, 11);
    assertThat(replies).containsExactly(11L, 22L);
  }

  @Test
  void whatIsAskedAgainTakesWhatWasAskedAfterItAlong() {
    ask();
    ask();
    answer(1, 22);
    channel.onRefused("leader", new PeerMessage.ReadRefused(0, asked.get(0).readId(), ""));
    loop.run(10);
    boolean unused = channel.pump();
    assertThat(asked).hasSize(3);
    assertThat(replies).as("the older state is forgotten").isEmpty();
    channel.onAnswer(
        "leader",
        new PeerMessage.ReadAnswer(
            0,
            asked.get(2).readId(),
            ReplyCodec.encode(List.of(new Reply.Int(33), new Reply.Int(33)))));
    assertThat(replies).containsExactly(33L, 33L);
  }

  /** This node has no replica, and no other hint of it. */
  @Test
  void whatWasAskedOverABrokenLinkIsAskedAgain() {
    ask();
    channel.linkChanged("another");
    boolean early = channel.pump();
    assertThat(early).isFalse();
    channel.linkChanged("leader");
    boolean again = channel.pump();
    assertThat(again).isTrue();
    assertThat(asked).hasSize(2);
  }

  @Test
  void theRestOfAPartlyAnsweredBatchIsAskedAgain() {
    submit();
    submit();
    boolean first = channel.pump();
    answer(0, 11);
    assertThat(replies).containsExactly(11L);
    boolean second = channel.pump();
    assertThat(first && second).isTrue();
    answer(1, 12);
    assertThat(replies).containsExactly(11L, 12L);
    assertThat(channel.isIdle()).isTrue();
  }

  /**
   * A leader may hold a read for as long as its disk or its election takes, longer than the asker's
   * process lives; its answer must not pass for that to the next life's first read.
   */
  @Test
  void anAnswerToAFormerLifesReadIsForNobody() throws IOException {
    MemoryDisk disk =
        new MemoryDisk((task, delay) -> {}, new Random(1), new MemoryDisk.Behaviour());
    for (int life = 0; life < 2; life++) {
      NodeStorage storage = NodeStorage.open(disk, StorageLimits.SMALL, ReadChannelTest::fault);
      NodeIdentity identity =
          NodeIdentity.begin(storage, new Random(1), () -> 0, ReadChannelTest::fault);
      channel = newChannel(identity.firstNumber());
      ask();
      storage.close();
    }
    answer(0, 11);
    assertThat(replies).isEmpty();
    answer(1, 22);
    assertThat(replies).containsExactly(22L);
  }

  private static void fault(String what, @Nullable Throwable cause) {
    throw new AssertionError(what, cause);
  }

  private void ask() {
    submit();
    boolean unused = channel.pump();
  }

  private void submit() {
    channel.submit(
        new Pending(
            Invocation.of(Command.STRLEN, new byte[] {'k'}),
            reply -> replies.add(((Reply.Int) reply).value()),
            byShard -> {},
            Long.MAX_VALUE));
  }

  private void answer(int question, long value) {
    channel.onAnswer(
        "leader",
        new PeerMessage.ReadAnswer(
            0, asked.get(question).readId(), ReplyCodec.encode(List.of(new Reply.Int(value)))));
  }
}
