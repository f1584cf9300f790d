package io.shardwell.statemachine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Shows what a transaction does to a shard, by applying hand-made ones. */
class TransactionTest {
  private final Shard shard = new Shard();

  private List<Transaction.Watched> watch(String... keys) {
    Invocation.Parsed question =
        Transaction.question(Arrays.stream(keys).map(this::bytes).toList());
    Invocation watch = ((Invocation.Ok) question).invocation();
    return Transaction.watched(watch, (Reply.Array) shard.state.read(watch, shard.stamp));
  }

  private Reply exec(List<Transaction.Watched> watched, Invocation... calls) {
    return shard.write(List.of(new Transaction(watched, List.of(calls)).toInvocation())).get(0);
  }

  private byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static Reply array(Reply... items) {
    return new Reply.Array(List.of(items));
  }

  @Test
  void readsSeeTheWritesBeforeThemAndAnErrorUndoesNothing() {
    shard.write("SET", "text", "abc");
    Reply reply =
        exec(
            List.of(),
            Shard.call("INCR", "n"),
            Shard.call("INCR", "text"),
            Shard.call("MGET", "n", "text"),
            Shard.call("DEL", "text"));
    assertThat(reply)
        .isEqualTo(
            array(
                Reply.ONE,
                Failures.NOT_AN_INTEGER,
                array(Reply.Bulk.of("1"), Reply.Bulk.of("abc")),
                Reply.ONE));
    assertThat(shard.read("EXISTS", "text")).isEqualTo(Reply.ZERO);
  }

  /** MULTI, MSETEX 0 k v, EXEC halted a node. */
  @Test
  void whoseCallsNameNoKeysIsAnsweredByAnyShard() {
    Invocation.Ok call =
        (Invocation.Ok)
            Invocation.parse(new byte[][] {bytes("MSETEX"), bytes("0"), bytes("k"), bytes("v")});
    Invocation whole = new Transaction(List.of(), List.of(call.invocation())).toInvocation();
    assertThat(whole.keys()).hasSize(1);
    assertThat(exec(List.of(), call.invocation(), Shard.call("SET", "k", "v")))
        .isEqualTo(array(new Reply.Failure("ERR invalid numkeys value"), Reply.OK));
    assertThat(exec(List.of(), call.invocation()))
        .isEqualTo(array(new Reply.Failure("ERR invalid numkeys value")));
  }

  @Test
  void aShardAboveItsLimitTakesNoneThatMayNeedRoom() {
    shard.write("SET", "a", "1");
    MemoryLimit limit = new MemoryLimit(1, 1, EvictionPolicy.NOEVICTION);
    shard.state.apply(++shard.index, Proposal.memoryLimit(shard.stamp, limit));
    assertThat(exec(List.of(), Shard.call("DEL", "b"), Shard.call("SET", "a", "2")))
        .isEqualTo(Transaction.WITHOUT_ROOM);
    assertThat(exec(List.of(), Shard.call("GET", "a"), Shard.call("DEL", "a")))
        .isEqualTo(array(Reply.Bulk.of("1"), Reply.ONE));
  }

  @Test
  void aChangedKeyStopsAllOfIt() {
    shard.write("SET", "a", "1");
    List<Transaction.Watched> watched = watch("a", "b");
    assertThat(exec(watched, Shard.call("INCR", "n"))).isEqualTo(array(Reply.ONE));
    shard.write("SET", "a", "1");
    assertThat(exec(watched, Shard.call("INCR", "n"))).isEqualTo(Reply.NIL);
    assertThat(shard.read("GET", "n")).isEqualTo(Reply.Bulk.of("1"));
    shard.write("SET", "b", "1");
    assertThat(exec(watch("a"), Shard.call("INCR", "n"))).isEqualTo(array(new Reply.Int(2)));
  }

  /** In one batch, that is at one index of the log, with the transaction. */
  @Test
  void aChangeJustBeforeItIsNoticed() {
    List<Transaction.Watched> watched = watch("a");
    Invocation transaction =
        new Transaction(watched, List.of(Shard.call("INCR", "n"))).toInvocation();
    List<Reply> replies = shard.write(List.of(Shard.call("SET", "a", "1"), transaction));
    assertThat(replies).containsExactly(Reply.OK, Reply.NIL);
  }

  @Test
  void aKeyThatWasThereInBetweenHasChanged() {
    List<Transaction.Watched> watched = watch("a");
    shard.write("SET", "a", "1");
    shard.write("DEL", "a");
    assertThat(exec(watched, Shard.call("INCR", "n"))).isEqualTo(Reply.NIL);

    watched = watch("a");
    shard.write("SET", "a", "1", "PX", "5");
    shard.tick(10);
    assertThat(exec(watched, Shard.call("INCR", "n"))).isEqualTo(Reply.NIL);

    watched = watch("a");
    shard.write("SET", "a", "1");
    shard.write("FLUSHALL");
    assertThat(exec(watched, Shard.call("INCR", "n"))).isEqualTo(Reply.NIL);
    assertThat(exec(watch("a"), Shard.call("INCR", "n"))).isEqualTo(array(Reply.ONE));
  }

  @Test
  void aKeyThatExpiresHasChangedAndOneThatWasGoneHasNot() {
    shard.write("SET", "a", "1", "PX", "5");
    List<Transaction.Watched> watched = watch("a");
    shard.tick(10);
    assertThat(exec(watched, Shard.call("INCR", "n"))).isEqualTo(Reply.NIL);
    watched = watch("a");
    shard.tick(10);
    assertThat(exec(watched, Shard.call("INCR", "n"))).isEqualTo(array(Reply.ONE));
  }

  @Test
  void aRestoredReplicaDecidesAlike() {
    List<Transaction.Watched> absent = watch("a", "b");
    shard.write("SET", "a", "1");
    shard.write("DEL", "a");
    List<Transaction.Watched> later = watch("a", "b");
    ShardState restored = new ShardState();
    restored.installSnapshot(shard.state.takeSnapshot());
    Invocation question = ((Invocation.Ok) Transaction.question(List.of(bytes("a")))).invocation();
    assertThat(restored.read(question, 0)).isEqualTo(shard.state.read(question, 0));
    for (List<Transaction.Watched> watched : List.of(absent, later)) {
      Invocation call = new Transaction(watched, List.of(Shard.call("GET", "a"))).toInvocation();
      byte[] proposal = Shard.batch(shard.stamp, shard.sequence + 1, shard.sequence, List.of(call));
      shard.sequence++;
      Outcome outcome = shard.state.apply(++shard.index, proposal);
      assertThat(restored.apply(shard.index, proposal)).isEqualTo(outcome);
      Reply expected = watched == absent ? Reply.NIL : array(Reply.NIL);
      assertThat(ReplyCodec.decode(((Outcome.Applied) outcome).replies()).get(0))
          .isEqualTo(expected);
    }
    assertThat(restored.digest()).isEqualTo(shard.state.digest());
  }

  @Test
  void repliesBeyondTheLimitAreLeftOutTheirEffectsAreNot() {
    byte[] large = new byte[Limits.MAX_TRANSACTION_REPLY_BYTES];
    shard.write(List.of(Invocation.of(Command.SET, bytes("large"), large)));
    Reply reply =
        exec(
            List.of(),
            Shard.call("GET", "large"),
            Shard.call("INCR", "n"),
            Shard.call("SET", "small", "v"),
            Shard.call("GETDEL", "small"),
            Shard.call("SET", "after", "v"),
            Shard.call("MGET", "large", "large"),
            Shard.call("INCR", "n"));
    Reply leftOut = Failures.REPLY_LEFT_OUT;
    assertThat(reply)
        .isEqualTo(
            array(new Reply.Bulk(large), Reply.ONE, Reply.OK, leftOut, leftOut, leftOut, leftOut));
    assertThat(shard.read("EXISTS", "small")).isEqualTo(Reply.ZERO);
    assertThat(shard.read("MGET", "after", "n"))
        .isEqualTo(array(Reply.Bulk.of("v"), Reply.Bulk.of("2")));
  }

  /** A key can be named so often that its copies would end every replica, and again at replay. */
  @Test
  void valuesBeyondTheLimitAreNotEvenCopied() {
    byte[] large = new byte[Limits.MAX_VALUE_BYTES];
    shard.write(List.of(Invocation.of(Command.SET, bytes("large"), large)));
    String[] often = new String[101];
    Arrays.fill(often, "large");
    often[0] = "MGET";
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    Reply reply = exec(List.of(), Shard.call("INCR", "n"), Shard.call(often));
    Reply read = shard.read(often);
    long allocated = threads.getCurrentThreadAllocatedBytes() - before;
    assertThat(reply).isEqualTo(array(Reply.ONE, Failures.REPLY_LEFT_OUT));
    assertThat(read).isEqualTo(Failures.REPLY_TOO_LARGE);
    assertThat(allocated).isLessThan(Limits.MAX_VALUE_BYTES);
  }

  /** As above, for time: what goes through gigabytes stops every replica, and again at replay. */
  @Test
  void whatGoesThroughTooMuchIsNotExecuted() {
    byte[] large = new byte[Limits.MAX_VALUE_BYTES];
    shard.write(List.of(Invocation.of(Command.SET, bytes("large"), large)));
    int most = Limits.MAX_WALKED_BYTES / large.length;
    String[] bitop = new String[3 + most + 1];
    Arrays.fill(bitop, "large");
    bitop[0] = "BITOP";
    bitop[1] = "OR";
    bitop[2] = "all";
    assertThat(shard.write(bitop)).isEqualTo(Failures.WALKS_TOO_MUCH);
    assertThat(shard.read("EXISTS", "all")).isEqualTo(Reply.ZERO);
    Invocation[] counts = new Invocation[most + 2];
    Arrays.fill(counts, Shard.call("BITCOUNT", "large"));
    counts[most + 1] = Shard.call("INCR", "n");
    Reply.Array replies = (Reply.Array) exec(List.of(), counts);
    assertThat(replies.items().subList(0, most)).containsOnly(Reply.ZERO);
    assertThat(replies.items().subList(most, most + 2))
        .containsExactly(Failures.WALKS_TOO_MUCH, Reply.ONE);
  }

  /** An unknown or nested command halts a replica before it does anything (DESIGN 5, poison). */
  @Test
  void bytesThatAreNoneAreFoundBeforeAnythingIsExecuted() {
    Invocation fine = new Transaction(List.of(), List.of(Shard.call("INCR", "n"))).toInvocation();
    byte[] calls = fine.argument(2).clone();
    calls[1] = 127;
    List<Invocation> broken = new ArrayList<>();
    broken.add(new Invocation(Command.TRANSACTION, arguments(fine, calls)));
    broken.add(
        new Invocation(
            Command.TRANSACTION, arguments(fine, InvocationCodec.encode(List.of(fine)))));
    broken.add(
        new Invocation(
            Command.TRANSACTION,
            arguments(fine, InvocationCodec.encode(List.of(Shard.call("FLUSHALL"))))));
    for (Invocation each : broken) {
      assertThatThrownBy(() -> shard.write(List.of(Shard.call("INCR", "n"), each)))
          .isInstanceOf(MalformedBytesException.class);
    }
    assertThat(shard.read("EXISTS", "n")).isEqualTo(Reply.ZERO);
  }

  private static byte[][] arguments(Invocation of, byte[] calls) {
    return new byte[][] {of.argument(0), of.argument(1), calls};
  }
}
