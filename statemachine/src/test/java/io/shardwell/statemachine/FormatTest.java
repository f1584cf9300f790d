package io.shardwell.statemachine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Pins the bytes that outlive a process: log entries, snapshots, digests and hashes. If one of
 * these must change, a new entry kind or snapshot version has to come with it.
 */
class FormatTest {
  private static final SessionKey SESSION = new SessionKey("n1", 0x1122334455667788L, 300);

  @Test
  void logEntries() {
    BatchBuilder batch = new BatchBuilder();
    batch.add(Shard.call("SET", "key", "value", "PX", "1000"));
    batch.add(Shard.call("DEL", "other"));
    assertThat(hex(Proposal.batch(1_700_000_000_000L, batch.build(SESSION, 5, 4))))
        .isEqualTo(
            "010000018bcfe56800026e311122334455667788ac020504020204036b65790576616c756502505804313030300301056f74686572");
    assertThat(hex(Proposal.batch(1, BatchBuilder.empty(SESSION, 1, 0))))
        .isEqualTo("010000000000000001026e311122334455667788ac02010000");
    assertThat(hex(Proposal.tick(1))).isEqualTo("020000000000000001");
    assertThat(hex(Proposal.newTerm(1))).isEqualTo("030000000000000001");
    assertThat(hex(Proposal.retireSession(1, "n1", 2)))
        .isEqualTo("040000000000000001026e310000000000000002");
    assertThat(hex(Proposal.memoryLimit(1, new MemoryLimit(3, 300, EvictionPolicy.VOLATILE_LRU))))
        .isEqualTo("05000000000000000103ac0202");
    TouchBuilder touches = new TouchBuilder();
    touches.add(5);
    touches.add(-1);
    touches.add(5);
    assertThat(hex(Proposal.touch(1, touches)))
        .isEqualTo("06000000000000000102ffffffffffffffff0000000000000005");
    assertThat(touches.size()).isZero();
  }

  @Test
  void replies() {
    assertThat(hex(ReplyCodec.encode(List.of(Reply.OK)))).isEqualTo("0100");
    assertThat(
            hex(
                ReplyCodec.encode(
                    List.of(
                        Reply.NIL,
                        new Reply.Int(5),
                        new Reply.Int(-5),
                        Reply.Bulk.of("b"),
                        new Reply.Status("s"),
                        new Reply.Failure("f"),
                        new Reply.Array(List.of(Reply.ONE))))))
        .isEqualTo("0701450409050162020173030166060141");
  }

  @Test
  void snapshotsAndDigests() {
    ShardState state = new ShardState();
    BatchBuilder batch = new BatchBuilder();
    batch.add(Shard.call("SET", "key", "value", "PX", "1000"));
    batch.add(Shard.call("SET", "k2", ""));
    state.apply(3, Proposal.batch(1_000, batch.build(SESSION, 1, 0)));
    state.apply(4, Proposal.retireSession(1_001, "n2", 2));
    assertThat(state.takeSnapshot()).hasSize(1);
    String none = "00".repeat(Removals.GROUPS);
    assertThat(hex(state.takeSnapshot().get(0)).replace(none, "<no removals>"))
        .isEqualTo(
            "030001e90704000000000000000000000000000002026e311122334455667788ac0201010303020000"
                + "05026e32000000000000000208<no removals>06036b65790576616c7565d00f8080c0010006"
                + "026b3200008180c001000702a01ff2efa6003e18");
    assertThat(Long.toHexString(state.digest())).isEqualTo("a01ff2efa6003e18");
  }

  @Test
  void hashesOrderKeysTheSameForEver() {
    assertThat(Long.toHexString(Hash.of(new byte[0]))).isEqualTo("ed2b5865116dd2d9");
    assertThat(Long.toHexString(Hash.of("shardwell".getBytes(StandardCharsets.UTF_8))))
        .isEqualTo("5300cbaf652a78f3");
    assertThat(Hash.combine(1, 2)).isNotEqualTo(Hash.combine(2, 1));
  }

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }
}
