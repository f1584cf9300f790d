package io.shardwell.raftgroup.routing;

import static org.assertj.core.api.Assertions.assertThat;

import io.shardwell.raftgroup.FullDisks;
import io.shardwell.raftgroup.ReachingPost;
import io.shardwell.raftgroup.VirtualLoop;
import io.shardwell.statemachine.Command;
import io.shardwell.statemachine.Invocation;
import io.shardwell.statemachine.Reply;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/**
 * One client's effects on a shard are in its order. Commands that are dispatched together may be
 * finished in any order if they are reads, in theirs if they are writes; so it is enough that a
 * read and a write are never under way together, and that all go out in order.
 */
class ShardOrderProperties {

  private static final byte[] KEY = {'k'};

  private static final ReachingPost SILENCE = (node, message) -> {};

  private static final LeaderDirectory NOBODY =
      new LeaderDirectory(
          new HashMap<>(), List.of(List.of("gone")), SILENCE, "me", new FullDisks());

  private record Out(int shard, Pending command) {}

  /** Seconds behind others that are answered are no wait for a leader; silence is. */
  @Example
  void patienceOfTheLastBeginsWhenTheAnswersEnd() {
    int patienceMillis = 1500;
    int commands = 100;
    VirtualLoop loop = new VirtualLoop();
    List<Pending> underWay = new ArrayList<>();
    List<Reply> replies = new ArrayList<>();
    ShardOrder order =
        new ShardOrder(
            1, loop, new Patience(loop, patienceMillis), (shard, command) -> underWay.add(command));
    for (int i = 0; i < commands; i++) {
      Command command = i % 2 == 0 ? Command.GET : Command.INCR;
      order.submit(0, Invocation.of(command, KEY), replies::add);
    }
    for (int i = 0; i < commands / 2; i++) {
      loop.run(100);
      assertThat(underWay).hasSize(1);
      underWay.remove(0).finish(Reply.OK);
    }
    assertThat(replies).hasSize(commands / 2).containsOnly(Reply.OK);
    loop.run(patienceMillis - 1);
    assertThat(replies).hasSize(commands / 2);
    loop.run(1);
    assertThat(replies).hasSize(commands - 1); // One is under way: its channel decides.
  }

  /** The time began anew with each command that this node itself turned away. */
  @Example
  void withoutALeaderAllAreTurnedAwayInTheirTime() {
    VirtualLoop loop = new VirtualLoop();
    Patience patience = new Patience(loop, 1500);
    List<ShardQueue> channels = List.of(new ShardQueue(0), new ShardQueue(0));
    List<Reply> replies = new ArrayList<>();
    ShardOrder order =
        new ShardOrder(
            1,
            loop,
            patience,
            (shard, command) ->
                channels.get(command.invocation().command().isWrite() ? 0 : 1).add(command));
    order.submit(0, Invocation.of(Command.GET, KEY), replies::add);
    loop.run(100);
    for (int i = 0; i < 200; i++) {
      Command command = i % 2 == 0 ? Command.INCR : Command.GET;
      order.submit(0, Invocation.of(command, KEY), replies::add);
    }
    for (int patrol = 0; patrol < 155; patrol++) {
      loop.run(10);
      for (ShardQueue channel : channels) {
        channel.endPatience(patience, Patience.NO_ANSWER, NOBODY);
      }
    }
    assertThat(replies).hasSize(201);
  }

  @Property(tries = 300)
  void readsAndWritesOfAShardNeverOverlapAndStartInOrder(@ForAll long seed) {
    Random random = new Random(seed);
    List<Out> underWay = new ArrayList<>();
    List<List<Invocation>> started = List.of(new ArrayList<>(), new ArrayList<>());
    List<List<Invocation>> submitted = List.of(new ArrayList<>(), new ArrayList<>());
    int[] replies = {0};
    ShardOrder order =
        new ShardOrder(
            2,
            new VirtualLoop(),
            new Patience(new VirtualLoop(), Integer.MAX_VALUE),
            (shard, command) -> {
              for (Out other : underWay) {
                assertThat(
                        other.shard != shard
                            || other.command.invocation().command().isWrite()
                                == command.invocation().command().isWrite())
                    .isTrue();
              }
              started.get(shard).add(command.invocation());
              if (random.nextInt(4) == 0) {
                command.turnAway(RoutingErrors.queueFull(shard));
              } else {
                underWay.add(new Out(shard, command));
              }
            });
    int commands = 60;
    for (int sent = 0; sent < commands || !underWay.isEmpty(); ) {
      if (sent < commands && (underWay.isEmpty() || random.nextBoolean())) {
        int shard = random.nextInt(2);
        Invocation invocation =
            Invocation.of(
                random.nextBoolean() ? Command.INCR : Command.GET, new byte[] {(byte) sent});
        submitted.get(shard).add(invocation);
        order.submit(shard, invocation, reply -> replies[0]++);
        sent++;
      } else {
        underWay.remove(random.nextInt(underWay.size())).command.finish(Reply.OK);
      }
    }
    assertThat(replies[0]).isEqualTo(commands);
    assertThat(started).isEqualTo(submitted);
  }

  /**
   * A node ended with StackOverflowError: a full queue answers at once, and each answer let the
   * next of 4095 pipelined commands go from within.
   */
  @Example
  void thoseBehindAFullQueueAreTurnedAwayOneAfterTheOther() {
    turnsAwayInOrder(Command.INCR, Command.GET);
    turnsAwayInOrder(Command.GET, Command.INCR);
  }

  private static void turnsAwayInOrder(Command first, Command others) {
    int waiting = 100_000;
    VirtualLoop loop = new VirtualLoop();
    Patience patience = new Patience(loop, 1500);
    ShardQueue full = new ShardQueue(0);
    for (int i = 0; i < ShardQueue.MAX_COMMANDS; i++) {
      full.add(new Pending(Invocation.of(others, KEY), reply -> {}, byShard -> {}, 0));
    }
    List<Pending> underWay = new ArrayList<>();
    int[] depth = {0};
    ShardOrder order =
        new ShardOrder(
            1,
            loop,
            patience,
            (shard, command) -> {
              if (command.invocation().command() == first) {
                underWay.add(command);
                return;
              }
              depth[0]++;
              assertThat(depth[0]).as("commands dispatched within each other").isEqualTo(1);
              full.add(command);
              depth[0]--;
            });
    order.submit(0, Invocation.of(first, KEY), reply -> {});
    List<Integer> turnedAway = new ArrayList<>();
    for (int i = 0; i < waiting; i++) {
      int position = i;
      order.submit(
          0,
          Invocation.of(others, KEY),
          reply -> {
            assertThat(reply).isEqualTo(RoutingErrors.queueFull(0));
            turnedAway.add(position);
          });
    }
    assertThat(turnedAway).isEmpty();
    underWay.get(0).finish(Reply.OK);
    assertThat(turnedAway).hasSize(waiting).isSorted();
  }

  /** Found by simulation: a read must not overtake a write that may still take effect. */
  @Example
  void aReadWaitsForAnIndeterminateWriteUntilItsFateIsCertain() {
    VirtualLoop loop = new VirtualLoop();
    List<Pending> out = new ArrayList<>();
    ShardOrder order =
        new ShardOrder(1, loop, new Patience(loop, 1500), (shard, command) -> out.add(command));
    List<Reply> replies = new ArrayList<>();
    order.submit(0, Invocation.of(Command.INCR, KEY), replies::add);
    order.submit(0, Invocation.of(Command.GET, KEY), replies::add);
    loop.run(1000);
    order.submit(0, Invocation.of(Command.GET, KEY), replies::add);
    out.get(0).onReply().accept(RoutingErrors.INDETERMINATE);
    assertThat(out).as("the reads wait").hasSize(1);
    loop.run(600);
    assertThat(replies).as("but not for longer than their patience").hasSize(2);
    assertThat(((Reply.Failure) replies.get(1)).text()).startsWith("CLUSTERDOWN");
    out.get(0).onDecided().decided(true);
    assertThat(out).as("the fate is certain, the second read goes").hasSize(2);
  }

  /** It waited for one more answer, or for the end of its own patience. */
  @Example
  void aWriteGoesWhenTheReadBeforeItIsGivenUp() {
    VirtualLoop loop = new VirtualLoop();
    List<Pending> out = new ArrayList<>();
    ShardOrder order =
        new ShardOrder(1, loop, new Patience(loop, 1500), (shard, command) -> out.add(command));
    List<Reply> replies = new ArrayList<>();
    order.submit(0, Invocation.of(Command.INCR, KEY), replies::add);
    order.submit(0, Invocation.of(Command.GET, KEY), replies::add);
    loop.run(1000);
    order.submit(0, Invocation.of(Command.INCR, KEY), replies::add);
    loop.run(500);
    assertThat(replies).as("the read is given up").hasSize(1);
    assertThat(out).as("both writes are under way").hasSize(2);
  }
}
