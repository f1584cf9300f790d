package io.shardwell.raftgroup.routing;

import static org.assertj.core.api.Assertions.assertThat;

import io.shardwell.statemachine.Command;
import io.shardwell.statemachine.Invocation;
import io.shardwell.statemachine.Reply;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/**
 * One client's effects on a shard are in its order. Commands that are dispatched together may be
 * finished in any order if they are reads, in theirs if they are writes; so it is enough that a
 * read and a write are never under way together, and that all go out in order.
 */
class ShardOrderProperties {

  private record Out(int shard, Invocation invocation, Consumer<Reply> onReply) {}

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
            (shard, invocation, onReply) -> {
              for (Out other : underWay) {
                assertThat(
                        other.shard != shard
                            || other.invocation.command().isWrite()
                                == invocation.command().isWrite())
                    .isTrue();
              }
              started.get(shard).add(invocation);
              underWay.add(new Out(shard, invocation, onReply));
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
        underWay.remove(random.nextInt(underWay.size())).onReply.accept(Reply.OK);
      }
    }
    assertThat(replies[0]).isEqualTo(commands);
    assertThat(started).isEqualTo(submitted);
  }
}
