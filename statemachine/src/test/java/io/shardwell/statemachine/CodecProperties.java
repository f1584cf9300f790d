package io.shardwell.statemachine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.Size;

/**
 * Shows that what is encoded is decoded again, and that bytes which are no encoding are refused and
 * cost nothing else: random replies and calls, random and mutilated bytes.
 */
class CodecProperties {
  @Property(tries = 300)
  void repliesSurvive(@ForAll("replies") List<Reply> replies) {
    assertThat(ReplyCodec.decode(ReplyCodec.encode(replies))).isEqualTo(replies);
  }

  @Property(tries = 300)
  void callsSurvive(@ForAll("calls") List<Invocation> calls) {
    List<Invocation> decoded = InvocationCodec.decode(InvocationCodec.encode(calls));
    assertThat(decoded).hasSameSizeAs(calls);
    for (int i = 0; i < calls.size(); i++) {
      assertThat(decoded.get(i).command()).isEqualTo(calls.get(i).command());
      assertThat(arguments(decoded.get(i))).isDeepEqualTo(arguments(calls.get(i)));
      assertThat(decoded.get(i).encodedBytes()).isEqualTo(calls.get(i).encodedBytes());
    }
  }

  @Property(tries = 300)
  void batchesSurvive(
      @ForAll("calls") List<Invocation> calls,
      @ForAll long incarnation,
      @ForAll int boot,
      @ForAll long number) {
    SessionKey key = new SessionKey("nöde", incarnation, boot & Long.MAX_VALUE);
    long sequence = (number & (Long.MAX_VALUE >> 1)) + 1;
    BatchBuilder builder = new BatchBuilder();
    calls.forEach(builder::add);
    assertThat(builder.commandCount()).isEqualTo(calls.size());
    assertThat(builder.sizeBytes())
        .isEqualTo(calls.stream().mapToInt(Invocation::encodedBytes).sum());
    byte[] proposal = Proposal.batch(42, builder.build(key, sequence, sequence - 1));
    assertThat(builder.commandCount()).isZero();
    assertThat(Proposal.stampOf(proposal)).isEqualTo(42);
    Batch batch = Batch.read(Proposal.bodyOf(proposal));
    assertThat(batch.key()).isEqualTo(key);
    assertThat(batch.sequence()).isEqualTo(sequence);
    assertThat(batch.acknowledgedSequence()).isEqualTo(sequence - 1);
    assertThat(batch.calls()).hasSameSizeAs(calls);
  }

  @Property(tries = 500)
  void foreignBytesAreRefused(@ForAll @Size(max = 40) byte[] bytes) {
    refusesOrReads(() -> ReplyCodec.decode(bytes));
    refusesOrReads(() -> InvocationCodec.decode(bytes));
    refusesOrReads(() -> new ShardState().apply(1, bytes));
    refusesOrReads(() -> new ShardState().installSnapshot(List.of(bytes)));
  }

  @Property(tries = 500)
  void mutilatedBytesAreRefused(
      @ForAll("calls") List<Invocation> calls,
      @ForAll("replies") List<Reply> replies,
      @ForAll int at,
      @ForAll byte value,
      @ForAll boolean cut) {
    byte[] proposal = Shard.batch(5, 1, 0, calls);
    byte[] mutilated = mutilate(proposal, at, value, cut);
    refusesOrReads(() -> new ShardState().apply(1, mutilated));
    byte[] mutilatedReplies = mutilate(ReplyCodec.encode(replies), at, value, cut);
    refusesOrReads(() -> ReplyCodec.decode(mutilatedReplies));
  }

  @Property(tries = 1)
  void aLengthThatLiesAllocatesNothing() {
    // Announces two billion replies, calls, arguments and bytes in a few bytes.
    byte[] many = {(byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff, 7, 5, 1};
    assertThatThrownBy(() -> ReplyCodec.decode(many)).isInstanceOf(MalformedBytesException.class);
    assertThatThrownBy(() -> InvocationCodec.decode(many))
        .isInstanceOf(MalformedBytesException.class);
    byte[] bulk = {1, 5, (byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff, 7};
    assertThatThrownBy(() -> ReplyCodec.decode(bulk)).isInstanceOf(MalformedBytesException.class);
    byte[] arguments = {1, 1, (byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff, 7};
    assertThatThrownBy(() -> InvocationCodec.decode(arguments))
        .isInstanceOf(MalformedBytesException.class);
    byte[] nested = new byte[100_000];
    Arrays.fill(nested, (byte) 6);
    for (int i = 0; i + 1 < nested.length; i += 2) {
      nested[i] = 1;
    }
    assertThatThrownBy(() -> ReplyCodec.decode(nested)).isInstanceOf(MalformedBytesException.class);
  }

  private static byte[] mutilate(byte[] bytes, int at, byte value, boolean cut) {
    int position = Math.floorMod(at, bytes.length);
    byte[] mutilated = cut ? Arrays.copyOf(bytes, position) : bytes.clone();
    if (!cut) {
      mutilated[position] = value;
    }
    return mutilated;
  }

  private static void refusesOrReads(Runnable decoding) {
    try {
      decoding.run();
    } catch (MalformedBytesException expected) {
      assertThat(expected).hasMessageNotContaining("null");
    }
  }

  private static byte[][] arguments(Invocation call) {
    List<byte[]> arguments = new ArrayList<>();
    for (int i = 0; i < call.argumentCount(); i++) {
      arguments.add(call.argument(i));
    }
    return arguments.toArray(byte[][]::new);
  }

  @Provide
  Arbitrary<List<Reply>> replies() {
    return reply(2).list().ofMaxSize(6);
  }

  private static Arbitrary<Reply> reply(int depth) {
    List<Arbitrary<Reply>> kinds = new ArrayList<>();
    kinds.add(Arbitraries.of(Reply.OK, Reply.NIL, Reply.ONE, Reply.EMPTY));
    kinds.add(Arbitraries.strings().ofMaxLength(10).map(Reply.Status::new));
    kinds.add(Arbitraries.strings().ofMaxLength(10).map(Reply.Failure::new));
    kinds.add(Arbitraries.longs().map(Reply.Int::new));
    kinds.add(Arbitraries.longs().between(-2, 70).map(Reply.Int::new));
    kinds.add(Arbitraries.bytes().array(byte[].class).ofMaxSize(200).map(Reply.Bulk::new));
    if (depth > 0) {
      kinds.add(reply(depth - 1).list().ofMaxSize(4).map(Reply.Array::new));
    }
    return Arbitraries.oneOf(kinds);
  }

  @Provide
  Arbitrary<List<Invocation>> calls() {
    Arbitrary<byte[]> argument = Arbitraries.bytes().array(byte[].class).ofMaxSize(200);
    return Combinators.combine(
            Arbitraries.of(Command.class).filter(command -> !command.isInternal()),
            argument.list().ofMaxSize(5))
        .as((command, arguments) -> new Invocation(command, arguments.toArray(byte[][]::new)))
        .list()
        .ofMaxSize(5);
  }
}
