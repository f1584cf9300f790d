package io.shardwell.server.command;

import io.shardwell.server.protocol.Answer;
import io.shardwell.server.protocol.RequestDecoder;
import io.shardwell.statemachine.Limits;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** CONFIG: Redis's names for what is so here. Nothing can be set while a node runs. */
final class ConfigCommand {

  private final Map<String, String> settings = new TreeMap<>();
  private final NodeCounters counters;

  ConfigCommand(NodeFacts facts, NodeCounters counters) {
    this.counters = counters;
    boolean durable = facts.dir() != null;
    settings.put("bind", facts.bind());
    settings.put("port", Integer.toString(facts.port()));
    settings.put("tls-port", "0");
    settings.put("protected-mode", facts.insecure() ? "no" : "yes");
    settings.put("requirepass", "");
    settings.put("maxclients", Integer.toString(facts.maxClients()));
    settings.put("timeout", "0");
    settings.put("tcp-keepalive", "300");
    settings.put("databases", "1");
    settings.put("dir", durable ? String.valueOf(facts.dir()) : "");
    settings.put("logfile", "");
    settings.put("loglevel", "notice");
    settings.put("save", "");
    // Every write is in the log of a majority, synced, before it is answered.
    settings.put("appendonly", durable ? "yes" : "no");
    settings.put("appendfsync", durable ? "always" : "no");
    settings.put("maxmemory", "0");
    settings.put("maxmemory-policy", "noeviction");
    settings.put("proto-max-bulk-len", Integer.toString(Limits.MAX_VALUE_BYTES));
    settings.put("client-query-buffer-limit", Integer.toString(RequestDecoder.MAX_REQUEST_BYTES));
    settings.put("cluster-enabled", "no");
    settings.put("notify-keyspace-events", "");
    settings.put("slowlog-log-slower-than", "-1");
    settings.put("slowlog-max-len", "0");
    settings.put("latency-monitor-threshold", "0");
    settings.put("shutdown-timeout", "10");
    settings.put("shardwell-node-id", facts.nodeId());
    settings.put("shardwell-text-port", Integer.toString(facts.textPort()));
    settings.put("shardwell-peer-port", Integer.toString(facts.peerPort()));
    settings.put("shardwell-http-port", Integer.toString(facts.httpPort()));
  }

  /** One more truth, known elsewhere. */
  void put(String name, String value) {
    settings.put(name, value);
  }

  Answer answer(Call call) {
    return switch (call.upper(1)) {
      case "GET" -> get(call);
      case "SET" -> set(call);
      case "RESETSTAT" -> {
        counters.reset();
        yield Answer.OK;
      }
      case "REWRITE" -> Answer.failure("ERR The server is running without a config file");
      default -> Errors.unknownSubcommand(call, "config");
    };
  }

  private Answer get(Call call) {
    List<Answer> found = new ArrayList<>();
    settings.forEach(
        (name, value) -> {
          for (int i = 2; i < call.count(); i++) {
            if (Glob.matches(call.text(i), name)) {
              found.add(Answer.bulk(name));
              found.add(Answer.bulk(value));
              return;
            }
          }
        });
    return new Answer.Pairs(found);
  }

  private Answer set(Call call) {
    if (call.count() % 2 != 0) {
      return Errors.subcommandArity(call, "config");
    }
    for (int i = 2; i < call.count(); i += 2) {
      String name = call.text(i).toLowerCase(Locale.ROOT);
      if (!settings.containsKey(name)) {
        return Answer.failure(
            "ERR Unknown option or number of arguments for CONFIG SET - '"
                + Errors.echo(call, i)
                + "'");
      }
    }
    return Answer.failure(
        "ERR CONFIG SET failed (possibly related to argument '"
            + Errors.echo(call, 2)
            + "') - can't set immutable config");
  }
}
