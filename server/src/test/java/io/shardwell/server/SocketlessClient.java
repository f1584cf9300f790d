package io.shardwell.server;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.shardwell.raftgroup.ClientAddress;
import io.shardwell.raftgroup.EventLoop;
import io.shardwell.raftgroup.routing.SlotOwners;
import io.shardwell.server.command.Clients;
import io.shardwell.server.command.Face;
import io.shardwell.server.command.MemorySetting;
import io.shardwell.server.command.NodeCounters;
import io.shardwell.server.command.NodeFacts;
import io.shardwell.server.command.ServerCommands;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * One connection without a socket, on a loop that stands still and a node that has no data: who
 * asks for data, or for the node's status, meets the exception that is planted there.
 */
final class SocketlessClient {

  private static final SlotOwners OWNERS =
      new SlotOwners(
          "n1", List.of(List.of("n1")), () -> 0, node -> true, node -> ClientAddress.UNKNOWN);

  final List<Throwable> faults = new ArrayList<>();
  final NodeCounters counters = new NodeCounters();
  private final ManualLoop loop = new ManualLoop();
  private final EmbeddedChannel channel = new EmbeddedChannel();
  private final ClientSide side;

  SocketlessClient(Supplier<RuntimeException> planted, MemorySetting memory) {
    side =
        new ClientSide(
            loop,
            face -> {
              throw planted.get();
            },
            new ServerCommands(
                new NodeFacts(
                    "n1", "ab", "", 1, -1, 2, -1, -1, null, 9, 1, false, "epoll", loop.nanoTime()),
                () -> {
                  throw planted.get();
                },
                new Clients(9),
                counters,
                memory,
                loop,
                OWNERS,
                null),
            new Clients(9),
            counters,
            (what, cause) -> faults.add(cause == null ? new AssertionError(what) : cause));
    channel
        .pipeline()
        .addLast(new SocketOnNodeLoop(channel, side, side.newConnection(Face.SINGLE_IMAGE)));
    channel.pipeline().fireChannelActive();
  }

  /** Where the buffers of answers come from. */
  void allocator(ByteBufAllocator allocator) {
    channel.config().setAllocator(allocator);
  }

  boolean isOpen() {
    return channel.isOpen();
  }

  /** Time passes, while a request is executed for example. */
  void takes(long nanos) {
    loop.nanos += nanos;
  }

  /** All that is answered to these lines by the end of the turn. */
  String send(String... lines) {
    String request = String.join("\r\n", lines) + "\r\n";
    channel.writeInbound(Unpooled.copiedBuffer(request, StandardCharsets.US_ASCII));
    return endTurn();
  }

  /** All that is answered in a turn in which nothing comes. */
  String nextTurn() {
    for (int i = loop.tasks.size(); i > 0; i--) {
      loop.tasks.remove().run();
    }
    return endTurn();
  }

  private String endTurn() {
    side.flush();
    channel.runPendingTasks();
    StringBuilder answers = new StringBuilder();
    for (ByteBuf part = channel.readOutbound(); part != null; part = channel.readOutbound()) {
      answers.append(part.toString(StandardCharsets.US_ASCII));
      part.release();
    }
    return answers.toString();
  }

  /** Its turns and its time are the test's, and there are no timers. */
  private static final class ManualLoop implements EventLoop {
    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    private long nanos = 5_000_000_000L;

    @Override
    public long nanoTime() {
      return nanos;
    }

    @Override
    public long wallClockMillis() {
      return 1_700_000_000_000L;
    }

    @Override
    public void execute(Runnable task) {
      tasks.add(task);
    }

    @Override
    public Timer schedule(Runnable task, long delayNanos) {
      return () -> {};
    }

    @Override
    public boolean inLoop() {
      return true;
    }
  }
}
