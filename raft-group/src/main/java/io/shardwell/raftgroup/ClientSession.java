package io.shardwell.raftgroup;

import io.shardwell.statemachine.Invocation;
import io.shardwell.statemachine.Reply;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/** Placeholder of the contract: one node, one map, no replication. */
public final class ClientSession {
  private static final Map<String, byte[]> MAP = new HashMap<>();

  ClientSession() {}

  public void submit(Invocation invocation, Consumer<Reply> onReply) {
    onReply.accept(
        switch (invocation.command()) {
          case GET -> {
            byte[] value = MAP.get(key(invocation));
            yield value == null ? Reply.NIL : new Reply.Bulk(value);
          }
          case SET -> {
            MAP.put(key(invocation), invocation.argument(1));
            yield Reply.OK;
          }
          case MSET -> Reply.OK;
          case DEL -> new Reply.Int(MAP.remove(key(invocation)) == null ? 0 : 1);
          case INCR -> {
            byte[] value = MAP.get(key(invocation));
            long next =
                1 + (value == null ? 0 : Long.parseLong(new String(value, StandardCharsets.UTF_8)));
            MAP.put(key(invocation), Long.toString(next).getBytes(StandardCharsets.UTF_8));
            yield new Reply.Int(next);
          }
          case DBSIZE -> new Reply.Int(MAP.size());
          default -> new Reply.Failure("ERR placeholder");
        });
  }

  private static String key(Invocation invocation) {
    return new String(invocation.argument(0), StandardCharsets.ISO_8859_1);
  }

  public void close() {}
}
