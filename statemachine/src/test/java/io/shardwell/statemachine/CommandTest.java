package io.shardwell.statemachine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Shows the table of commands by a golden list, and the errors of calls by Redis's own texts. */
class CommandTest {
  @Test
  void wireIdsNeverChange() {
    String table =
        Arrays.stream(Command.values())
            .map(c -> c.wireId() + "=" + c.name())
            .collect(Collectors.joining(" "));
    assertThat(table)
        .isEqualTo(
            "1=GET 2=SET 3=DEL 4=UNLINK 5=EXISTS 6=TOUCH 7=EXPIRE 8=PEXPIRE 9=EXPIREAT"
                + " 10=PEXPIREAT 11=TTL 12=PTTL 13=EXPIRETIME 14=PEXPIRETIME 15=PERSIST 16=INCR"
                + " 17=DECR 18=INCRBY 19=DECRBY 20=INCRBYFLOAT 21=APPEND 22=STRLEN 23=MGET 24=MSET"
                + " 25=DBSIZE 26=FLUSHALL 27=FLUSHDB 28=TYPE 29=KEYS 30=SCAN 31=SETNX 32=SETEX"
                + " 33=PSETEX 34=GETSET 35=GETDEL 36=GETEX 37=GETRANGE 38=SETRANGE 39=RANDOMKEY"
                + " 40=MSETNX 41=SUBSTR 42=RENAME 43=RENAMENX 44=GETVER"
                + " 45=TRANSACTION 46=WATCHED 47=DELEX 48=DELIFEQ 49=DIGEST 50=SETBIT 51=GETBIT"
                + " 52=BITCOUNT 53=BITPOS 54=BITOP 55=BITFIELD 56=BITFIELD_RO 57=COPY 58=LCS"
                + " 59=MSETEX");
  }

  @Test
  void namesAreFoundInAnyMixOfCases() {
    for (Command command : Command.values()) {
      if (command.isInternal()) {
        assertThat(Command.byName(bytes(command.name()))).isNull();
        continue;
      }
      assertThat(Command.byName(bytes(command.name()))).isEqualTo(command);
      assertThat(Command.byName(bytes(command.lowerName()))).isEqualTo(command);
      String mixed = command.name().charAt(0) + command.lowerName().substring(1);
      assertThat(Command.byName(bytes(mixed))).isEqualTo(command);
      assertThat(Command.byName(bytes(command.name() + "X"))).isNull();
      assertThat(Command.byWireId(command.wireId())).isEqualTo(command);
      assertThat(command.lowerName()).isEqualTo(command.name().toLowerCase(Locale.ROOT));
    }
    assertThat(Command.byName(bytes(""))).isNull();
    assertThat(Command.byName(new byte[10_000])).isNull();
    assertThat(Command.byWireId(0)).isNull();
    assertThat(Command.byWireId(-1)).isNull();
    assertThat(Command.byWireId(1000)).isNull();
  }

  @Test
  void errorsOfCallsAreThoseOfRedis() {
    assertThat(failure("GET")).isEqualTo("ERR wrong number of arguments for 'get' command");
    assertThat(failure("mSet", "a", "1", "b"))
        .isEqualTo("ERR wrong number of arguments for 'mset' command");
    assertThat(failure("MSETNX", "a", "1", "b"))
        .isEqualTo("ERR wrong number of arguments for 'msetnx' command");
    assertThat(failure("DBSIZE", "x"))
        .isEqualTo("ERR wrong number of arguments for 'dbsize' command");
    assertThat(failure("NoSuch", "a", "b\r\nc"))
        .isEqualTo("ERR unknown command 'NoSuch', with args beginning with: 'a' 'b  c' ");
    assertThat(failure("EvalSha", "0", "1", "k"))
        .as("Redisson repeats what is unknown for ever")
        .isEqualTo("ERR scripts and functions are not supported");
    assertThat(failure("WAIT")).isEqualTo("ERR unknown command 'WAIT', with args beginning with: ");
    String hundred = "x".repeat(100);
    assertThat(failure("Q", hundred, hundred, "never shown"))
        .isEqualTo(
            "ERR unknown command 'Q', with args beginning with: '"
                + hundred
                + "' '"
                + "x".repeat(25)
                + "' ");
  }

  @Test
  void oversizedCallsAreRefused() {
    byte[] key = new byte[Limits.MAX_KEY_BYTES + 1];
    String tooLong = "ERR key exceeds maximum allowed size (max-key-bytes 32768)";
    assertThat(failure(bytes("GET"), key)).isEqualTo(tooLong);
    assertThat(failure(bytes("MSET"), bytes("a"), key, key, bytes("v"))).isEqualTo(tooLong);
    assertThat(failure(bytes("RENAME"), bytes("a"), key)).isEqualTo(tooLong);
    assertThat(failure(bytes("SET"), bytes("a"), new byte[Limits.MAX_VALUE_BYTES + 1]))
        .isEqualTo("ERR string exceeds maximum allowed size (proto-max-bulk-len)");
    byte[] half = new byte[Limits.MAX_VALUE_BYTES / 2 + 1024 * 1024];
    assertThat(failure(bytes("MSET"), bytes("a"), half, bytes("b"), half))
        .isEqualTo("ERR command exceeds maximum allowed size (max-command-bytes 17825792)");
    assertThatThrownBy(() -> Invocation.of(Command.GET, key)).hasMessage(tooLong);
    assertThatThrownBy(() -> Invocation.of(Command.GET))
        .hasMessage("ERR wrong number of arguments for 'get' command");
    // The largest ones are taken.
    byte[] longest = new byte[Limits.MAX_KEY_BYTES];
    Invocation.of(Command.SET, longest, new byte[Limits.MAX_VALUE_BYTES], bytes("KEEPTTL"));
  }

  @Test
  void keysStandWhereTheTableSays() {
    assertThat(keys("GET", "a")).containsExactly("a");
    assertThat(keys("SET", "a", "1", "NX")).containsExactly("a");
    assertThat(keys("DEL", "a", "b", "a")).containsExactly("a", "b", "a");
    assertThat(keys("MSET", "a", "1", "b", "2")).containsExactly("a", "b");
    assertThat(keys("RENAME", "a", "b")).containsExactly("a", "b");
    assertThat(keys("SCAN", "0", "MATCH", "x")).isEmpty();
  }

  @Test
  void encodedBytesAreTheBytesOfTheEncoding() {
    Invocation call = Shard.call("SET", "key", "v".repeat(300), "PX", "1");
    // One byte more than the call: the number of calls.
    assertThat(InvocationCodec.encode(List.of(call))).hasSize(call.encodedBytes() + 1);
  }

  private static List<String> keys(String... words) {
    return Shard.call(words).keys().stream()
        .map(k -> new String(k, StandardCharsets.UTF_8))
        .toList();
  }

  private static String failure(String... words) {
    return failure(Arrays.stream(words).map(CommandTest::bytes).toArray(byte[][]::new));
  }

  private static String failure(byte[]... words) {
    return ((Invocation.Bad) Invocation.parse(words)).failure().text();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
