package io.shardwell.raftgroup.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.shardwell.raftgroup.DialledLinkListener;
import io.shardwell.raftgroup.PeerAddress;
import io.shardwell.raftgroup.PeerBus;
import io.shardwell.raftgroup.WireLimits;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/**
 * What a node keeps for a peer has a limit: a peer that does not read gets no more frames, a
 * message that no frame holds is not sent, and both are counted. The link is played by the test.
 */
class OutboxTest implements PeerBus {

  private final Outbox outbox = new Outbox("peer", this, new FrameCodec(new RaftCodec()));
  private long pendingBytes;
  private int frames;
  private long bytes;

  @Test
  void aPeerThatDoesNotReadGetsNoMoreFrames() {
    pendingBytes = WireLimits.MAX_PENDING_BYTES_PER_PEER;
    say(10);
    assertThat(frames).as("at the limit").isEqualTo(1);
    pendingBytes++;
    say(10);
    say(10);
    assertThat(frames).isEqualTo(1);
    assertThat(outbox.droppedFrames()).isEqualTo(2);
    pendingBytes = 0;
    say(10);
    assertThat(frames).as("it reads again").isEqualTo(2);
    assertThat(outbox.droppedFrames()).isEqualTo(2);
  }

  @Test
  void aMessageThatNoFrameHoldsIsNotSent() {
    outbox.add(message(10));
    outbox.add(message(WireLimits.MAX_FRAME_BYTES));
    outbox.add(message(10));
    outbox.flush();
    assertThat(outbox.droppedMessages()).isEqualTo(1);
    assertThat(frames).isEqualTo(2);
    assertThat(bytes).isLessThan(100);
  }

  @Test
  void aFrameLeavesWhenItIsLargeEnough() {
    for (int i = 0; i < 100; i++) {
      outbox.add(message(WireLimits.TARGET_FRAME_BYTES / 10));
    }
    assertThat(frames).isBetween(9, 11);
    assertThat(outbox.droppedMessages()).isZero();
  }

  private void say(int size) {
    outbox.add(message(size));
    outbox.flush();
  }

  private static PeerMessage message(int size) {
    return new PeerMessage.ReadAnswer(1, 2, new byte[size]);
  }

  @Override
  public void dial(String peerId, PeerAddress address, DialledLinkListener listener) {}

  @Override
  public void send(String peerId, ByteBuffer frame) {
    frames++;
    bytes += frame.remaining();
  }

  @Override
  public boolean isUp(String peerId) {
    return true;
  }

  @Override
  public long pendingBytes(String peerId) {
    return pendingBytes;
  }
}
