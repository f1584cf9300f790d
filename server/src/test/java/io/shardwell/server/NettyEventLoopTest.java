package io.shardwell.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.shardwell.raftgroup.EventLoop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Shows order, waking and ending of the real loop, on both kinds of I/O. */
class NettyEventLoopTest {

  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final CompletableFuture<Throwable> fault = new CompletableFuture<>();

  private NettyEventLoop start(boolean epoll) {
    return NettyEventLoop.start("test", (what, cause) -> fault.complete(cause), epoll);
  }

  private static <T> T get(CompletableFuture<T> future) throws Exception {
    return future.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void tasksOfManyThreadsAllRunAndInTheOrderOfEach(boolean epoll) throws Exception {
    NettyEventLoop loop = start(epoll);
    int threads = 4;
    int each = 20_000;
    int[] last = new int[threads];
    CountDownLatch done = new CountDownLatch(threads * each);
    AtomicInteger outOfOrder = new AtomicInteger();
    for (int t = 0; t < threads; t++) {
      int thread = t;
      new Thread(
              () -> {
                for (int i = 1; i <= each; i++) {
                  int number = i;
                  loop.execute(
                      () -> {
                        if (last[thread] != number - 1 || !loop.inLoop()) {
                          outOfOrder.incrementAndGet();
                        }
                        last[thread] = number;
                        done.countDown();
                      });
                }
              })
          .start();
    }
    assertThat(done.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    assertThat(outOfOrder).hasValue(0);
    loop.stop();
    assertThat(loop.awaitStopped(PATIENCE)).isTrue();
  }

  /** A loop that misses a wake-up would hang here: each task waits until the loop is asleep. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void anIdleLoopWakesForEachTask(boolean epoll) throws Exception {
    NettyEventLoop loop = start(epoll);
    for (int i = 0; i < 2000; i++) {
      CompletableFuture<Integer> answer = new CompletableFuture<>();
      int number = i;
      loop.execute(() -> answer.complete(number));
      assertThat(get(answer)).isEqualTo(i);
    }
    loop.stop();
    assertThat(loop.awaitStopped(PATIENCE)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void timersFireInOrderOfTimeAndCancelledOnesNever(boolean epoll) throws Exception {
    NettyEventLoop loop = start(epoll);
    List<String> fired = new ArrayList<>();
    CompletableFuture<Long> done = new CompletableFuture<>();
    loop.execute(
        () -> {
          long start = loop.nanoTime();
          long soon = 300_000_000;
          loop.schedule(() -> done.complete(loop.nanoTime() - start), soon);
          EventLoop.Timer never = loop.schedule(() -> fired.add("never"), soon / 2);
          // Equal delays fire in the order of scheduling, a past time counts as now.
          loop.schedule(() -> fired.add("a"), 0);
          loop.schedule(() -> fired.add("b"), -1);
          loop.schedule(() -> fired.add("c"), 1);
          never.cancel();
        });
    assertThat(get(done)).isGreaterThanOrEqualTo(300_000_000L);
    assertThat(fired).containsExactly("a", "b", "c");
    loop.stop();
    assertThat(loop.awaitStopped(PATIENCE)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void whatEscapesFromATaskIsAFaultAndEndsTheLoop(boolean epoll) throws Exception {
    NettyEventLoop loop = start(epoll);
    IllegalStateException broken = new IllegalStateException("broken invariant");
    AtomicInteger ranAfter = new AtomicInteger();
    loop.execute(
        () -> {
          loop.execute(ranAfter::incrementAndGet);
          throw broken;
        });
    assertThat(get(fault)).isSameAs(broken);
    assertThat(loop.awaitStopped(PATIENCE)).isTrue();
    assertThat(ranAfter).hasValue(0);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aTurnEndsAfterItsTasksAndHooksRunInOrder(boolean epoll) throws Exception {
    NettyEventLoop loop = start(epoll);
    List<String> seen = new ArrayList<>();
    CompletableFuture<List<String>> done = new CompletableFuture<>();
    loop.execute(
        () -> {
          loop.onTurnEnd(() -> seen.add("first"));
          loop.onTurnEnd(
              () -> {
                seen.add("second");
                done.complete(List.copyOf(seen));
              });
          seen.add("task");
        });
    assertThat(get(done)).containsExactly("task", "first", "second");
    loop.stop();
    assertThat(loop.awaitStopped(PATIENCE)).isTrue();
  }
}
