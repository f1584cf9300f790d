package io.shardwell.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.AbstractByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledHeapByteBuf;
import io.shardwell.server.command.MemorySetting;
import io.shardwell.server.protocol.LineEncoder;
import io.shardwell.statemachine.EvictionPolicy;
import io.shardwell.statemachine.MemoryLimit;
import io.shardwell.statemachine.Reply;
import java.util.Collections;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Shows that a large answer is not copied again and again on its way into a buffer that grows: once
 * one of hundreds of MiB took seconds of the loop.
 */
class LargeAnswersTest {

  private static final int ITEMS = 14;
  private static final String ITEM = "x".repeat(1 << 20);

  private final CountingAllocator allocator = new CountingAllocator();

  @Test
  void aBufferGrowsOnceForAnAnswerOfManyItems() {
    SocketlessClient client =
        new SocketlessClient(() -> new IllegalStateException("no data here"), new NoMemory());
    client.allocator(allocator);
    client.send("MULTI");
    // Not on one line each: it may have 64 KiB.
    String echo = "*2\r\n$4\r\nECHO\r\n$" + ITEM.length() + "\r\n" + ITEM;
    client.send(Collections.nCopies(ITEMS, echo).toArray(new String[0]));
    allocator.grown = 0;
    assertThat(client.send("EXEC")).hasSizeGreaterThan(ITEMS * ITEM.length()).endsWith("x\r\n");
    assertThat(allocator.grown).isEqualTo(1);
  }

  /** Quoted it is up to four times as long, which nobody knows beforehand. */
  @Test
  void aBufferOfTextGrowsByHalf() {
    Reply item = new Reply.Bulk(new byte[1 << 20]);
    ByteBuf out = allocator.heapBuffer(ITEMS << 20);
    LineEncoder.LINES.encode(new Reply.Array(Collections.nCopies(ITEMS, item)), out);
    assertThat(out.readableBytes()).isGreaterThan((4 * ITEMS) << 20);
    assertThat(allocator.grown).isLessThan(6);
  }

  /** Counts how often its buffers had to grow. */
  private static final class CountingAllocator extends AbstractByteBufAllocator {
    private int grown;

    @Override
    protected ByteBuf newHeapBuffer(int initialCapacity, int maxCapacity) {
      return new UnpooledHeapByteBuf(this, initialCapacity, maxCapacity) {
        @Override
        public ByteBuf capacity(int newCapacity) {
          grown++;
          return super.capacity(newCapacity);
        }
      };
    }

    @Override
    protected ByteBuf newDirectBuffer(int initialCapacity, int maxCapacity) {
      return newHeapBuffer(initialCapacity, maxCapacity);
    }

    @Override
    public boolean isDirectBufferPooled() {
      return false;
    }
  }

  private static final class NoMemory implements MemorySetting {
    @Override
    public MemoryLimit current() {
      return MemoryLimit.NONE;
    }

    @Override
    public boolean isOutOfMemory() {
      return false;
    }

    @Override
    public void change(
        @Nullable Long bytes, @Nullable EvictionPolicy policy, Consumer<Reply> onReply) {
      throw new UnsupportedOperationException();
    }
  }
}
