package io.shardwell.raftgroup.routing;

import static org.assertj.core.api.Assertions.assertThat;

import io.shardwell.raftgroup.Post;
import io.shardwell.raftgroup.Tuning;
import io.shardwell.raftgroup.VirtualLoop;
import io.shardwell.raftgroup.wire.BatchVerdict;
import io.shardwell.raftgroup.wire.PeerMessage;
import io.shardwell.statemachine.BatchBuilder;
import io.shardwell.statemachine.Command;
import io.shardwell.statemachine.Invocation;
import io.shardwell.statemachine.Outcome;
import io.shardwell.statemachine.Proposal;
import io.shardwell.statemachine.Reply;
import io.shardwell.statemachine.SessionKey;
import io.shardwell.statemachine.ShardState;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;

/**
 * A session makes every write happen exactly once or, if its client was told INDETERMINATE, at most
 * once and never later; CLUSTERDOWN means never. Shown against the real state machine behind a
 * network that loses, delays, repeats and reorders batches and answers, with times in which nobody
 * leads, and in which the session is taken over, so that it must begin anew.
 */
class WriteChannelProperties {

  private static final byte[] COUNTER = "counter".getBytes(StandardCharsets.UTF_8);

  // jqwik uses one instance for all tries: made anew in each.
  private VirtualLoop loop = new VirtualLoop();
  private ShardState shard = new ShardState();
  private long index;

  @Property(tries = 200)
  void everyWriteHappensOnceOrItsClientKnows(@ForAll long seed) {
    loop = new VirtualLoop();
    shard = new ShardState();
    index = 0;
    Random random = new Random(seed);
    Network network = new Network(random);
    WriteChannel channel = network.channel;
    Map<String, Integer> replies = new HashMap<>();
    int writes = 150;
    int[] decided = {0};
    @Nullable Long[] counted = new Long[writes];
    for (int i = 0; i < writes; i++) {
      int position = i;
      submit(
          channel,
          decided,
          reply -> {
            if (reply instanceof Reply.Int count) {
              counted[position] = count.value();
              replies.merge("counted", 1, Integer::sum);
            } else {
              String text = ((Reply.Failure) reply).text();
              replies.merge(text.substring(0, text.indexOf(' ')), 1, Integer::sum);
            }
          });
      network.pump();
      loop.run(random.nextInt(40));
      network.leaderKnown =
          random.nextInt(30) != 0 && (network.leaderKnown || random.nextInt(8) == 0);
    }
    network.calm();
    assertThat(loop.until(channel::isIdle, 60_000)).isTrue();
    long value = value();
    int told = replies.getOrDefault("counted", 0);
    int unknown = replies.getOrDefault("INDETERMINATE", 0);
    assertThat(told + unknown + replies.getOrDefault("CLUSTERDOWN", 0)).isEqualTo(writes);
    assertThat(value).isBetween((long) told, (long) told + unknown);
    assertThat(Arrays.stream(counted).filter(Objects::nonNull).toList())
        .as("in the order of submission")
        .doesNotHaveDuplicates()
        .isSorted();
    assertThat(decided[0]).as("every fate is certain in the end").isEqualTo(writes);
    loop.run(10_000);
    assertThat(value()).as("nothing given up takes effect late").isEqualTo(value);
  }

  private void submit(WriteChannel channel, int[] decided, Consumer<Reply> onReply) {
    boolean[] replied = {false};
    channel.submit(
        new Pending(
            Invocation.of(Command.INCR, COUNTER),
            reply -> {
              assertThat(replied[0]).as("answered twice").isFalse();
              replied[0] = true;
              onReply.accept(reply);
            },
            byShard -> {
              assertThat(replied[0]).isTrue();
              decided[0]++;
            },
            loop.nanoTime()
                + TimeUnit.MILLISECONDS.toNanos(Tuning.DEFAULT.commandPatienceMillis())));
  }

  private long value() {
    Reply reply = shard.read(Invocation.of(Command.GET, COUNTER), shard.logTimeMillis() + 1);
    return reply instanceof Reply.Bulk bulk
        ? Long.parseLong(new String(bulk.value(), StandardCharsets.UTF_8))
        : 0;
  }

  /** The shard's leader and the way there and back. */
  private final class Network implements Post {
    private final Random random;
    private final WriteChannel channel;
    private boolean leaderKnown = true;
    private boolean calm;
    private long boot = 1;

    Network(Random random) {
      this.random = random;
      this.channel =
          Channels.writes(
              loop,
              this,
              Channels.patience(loop),
              new SessionKey("n1", 5, boot),
              (above, onDurable) -> {
                boot = Math.max(boot, above) + 1;
                loop.after(3, () -> onDurable.accept(boot));
              });
      patrol();
    }

    private void patrol() {
      channel.patrol();
      pump();
      loop.after(10, this::patrol);
    }

    void pump() {
      for (int i = 0; i < 10 && channel.pump(); i++) {
        assertThat(i).isLessThan(9);
      }
    }

    void calm() {
      calm = true;
      leaderKnown = true;
    }

    @Override
    public boolean reaches(String nodeId) {
      return leaderKnown;
    }

    @Override
    public void tell(String nodeId, PeerMessage message) {
      PeerMessage.Batch batch = (PeerMessage.Batch) message;
      for (int copies = copies(); copies > 0; copies--) {
        later(() -> arrived(batch));
      }
    }

    private void arrived(PeerMessage.Batch batch) {
      BatchVerdict verdict;
      if (!calm && random.nextInt(40) == 0) {
        takeOver();
      }
      if (!calm && random.nextInt(10) == 0) {
        verdict = new BatchVerdict.Refused("");
      } else {
        Outcome outcome =
            shard.apply(++index, Proposal.batch(loop.wallClockMillis(), batch.batch()));
        verdict = new BatchVerdict.Decided(outcome);
      }
      PeerMessage.BatchAnswer answer =
          new PeerMessage.BatchAnswer(0, batch.boot(), batch.sequence(), verdict);
      for (int copies = copies(); copies > 0; copies--) {
        later(() -> channel.onAnswer("leader", answer));
      }
    }

    /** Another start of this node sends a batch: those of this one are out of date. */
    private void takeOver() {
      boot++;
      byte[] empty = BatchBuilder.empty(new SessionKey("n1", 5, boot), 1, 0);
      Outcome unused = shard.apply(++index, Proposal.batch(loop.wallClockMillis(), empty));
    }

    private int copies() {
      return calm
          ? 1
          : switch (random.nextInt(8)) {
            case 0 -> 0;
            case 1 -> 2;
            default -> 1;
          };
    }

    private void later(Runnable arrival) {
      int millis = calm ? 1 : random.nextInt(random.nextInt(10) == 0 ? 3_000 : 20);
      loop.after(
          millis,
          () -> {
            arrival.run();
            pump();
          });
    }
  }
}
