package io.shardwell.jepsen.redis;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Shows that INFO counts keyspace hits and misses as redis-server does: each command goes to both,
 * on keys that are there (a, b, a number, an empty one) and one that is not.
 */
class KeyspaceHitsTest {
  private static final BesideRedis SERVERS = new BesideRedis(1, 4);

  @AfterAll
  static void stop() throws Exception {
    SERVERS.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET {k}a",
        "GET {k}x",
        "MGET {k}a {k}x 1 2 {k}a",
        "EXISTS {k}a {k}x 1 2 {k}a",
        "TOUCH {k}a {k}x",
        "STRLEN {k}empty",
        "STRLEN {k}x",
        "GETRANGE {k}a 0 3",
        "GETRANGE {k}a 5 1",
        "GETRANGE {k}x 0 3",
        "GETRANGE {k}a no number",
        "SUBSTR {k}empty 0 1",
        "TTL {k}a",
        "TTL {k}x",
        "PTTL {k}a",
        "PTTL {k}x",
        "EXPIRETIME {k}a",
        "EXPIRETIME {k}x",
        "PEXPIRETIME {k}a",
        "PEXPIRETIME {k}x",
        "TYPE {k}a",
        "TYPE {k}x",
        "GETBIT {k}a 1",
        "GETBIT {k}empty 1",
        "GETBIT {k}x 1",
        "GETBIT {k}a -1",
        "BITCOUNT {k}a",
        "BITCOUNT {k}empty",
        "BITCOUNT {k}x",
        "BITPOS {k}empty 1",
        "BITPOS {k}x 0",
        "BITFIELD_RO {k}empty GET u8 0",
        "BITFIELD_RO {k}x GET u8 0",
        "BITFIELD {k}a GET u8 0 GET u8 8",
        "BITFIELD {k}x GET u8 0",
        "BITFIELD {k}a GET u8 0 SET u8 0 1",
        "BITFIELD {k}x INCRBY u8 0 1",
        "LCS {k}a {k}b",
        "LCS {k}a {k}x LEN",
        "LCS {k}x {k}y",
        "GETEX {k}a",
        "GETEX {k}a EX 100",
        "GETEX {k}x",
        "GETDEL {k}a",
        "GETDEL {k}x",
        "GETSET {k}a 1",
        "GETSET {k}x 1",
        "SET {k}a 1",
        "SET {k}a 1 NX",
        "SET {k}x 1 XX",
        "SET {k}a 1 GET",
        "SET {k}x 1 GET",
        "SET {k}a 1 NX GET",
        "SET {k}x 1 XX GET",
        "SETNX {k}a 1",
        "SETEX {k}a 10 1",
        "APPEND {k}a 1",
        "INCR {k}number",
        "INCRBYFLOAT {k}x 1.5",
        "SETRANGE {k}a 1 y",
        "SETBIT {k}x 1 1",
        "BITOP AND {k}to {k}a {k}b",
        "BITOP OR {k}a {k}a {k}x",
        "BITOP NOT {k}x {k}x",
        "COPY {k}a {k}to",
        "COPY {k}a {k}b",
        "COPY {k}a {k}b REPLACE",
        "COPY {k}x {k}to",
        "COPY {k}a {k}a",
        "RENAME {k}a {k}to",
        "RENAMENX {k}a {k}b",
        "DEL {k}a {k}x",
        "UNLINK {k}a",
        "EXPIRE {k}a 100",
        "EXPIRE {k}x 100",
        "PERSIST {k}a",
        "MSET {k}a 1 {k}x 2",
        "MSETNX {k}a 1 {k}x 2",
        "DBSIZE",
        "KEYS *",
        "SCAN 0",
        "RANDOMKEY",
        "WATCH {k}a {k}x",
        "MEMORY USAGE {k}a",
        "GET",
      })
  void countsAsRedisDoes(String line) throws Exception {
    try (WireConnection theirs = new WireConnection(SERVERS.redisPort());
        WireConnection ours = new WireConnection(SERVERS.port(0))) {
      List<String> words = List.of(line.split(" "));
      assertThat(counts(ours, words)).isEqualTo(counts(theirs, words));
    }
  }

  private static List<String> counts(WireConnection connection, List<String> words)
      throws IOException {
    connection.call("FLUSHALL");
    connection.call("SET", "{k}a", "ohmytext");
    connection.call("SET", "{k}b", "mynewtext");
    connection.call("SET", "{k}number", "5");
    connection.call("SET", "{k}empty", "");
    connection.call("SET", "1", "in another shard");
    connection.call("CONFIG", "RESETSTAT");
    connection.send(words);
    WireReply unused = connection.read();
    return String.valueOf(connection.call("INFO", "stats").text())
        .lines()
        .filter(field -> field.startsWith("keyspace_"))
        .toList();
  }
}
