package io.shardwell.server.command;

import io.shardwell.raftgroup.ClientAddress;
import io.shardwell.raftgroup.EventLoop;
import io.shardwell.raftgroup.NodeStatus;
import io.shardwell.raftgroup.routing.SlotOwners;
import io.shardwell.server.protocol.Answer;
import io.shardwell.statemachine.Reply;
import io.shardwell.statemachine.Slots;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/**
 * CLUSTER on the cluster face, in the shapes of Redis 7. Every node is a master of the slots it
 * leads: in CLUSTER NODES none is a replica, for in Redis a node is either, and here all are both.
 * CLUSTER SLOTS and SHARDS have an entry for each shard: its leader, and for a connection that said
 * READONLY its followers after. Loop thread only.
 */
final class ClusterCommands {

  /** Without a leader for longer, a shard's slots count as failed, and so does the cluster. */
  private static final int FAILED_AFTER_MILLIS = 1500;

  private static final long NOT_A_NUMBER = Long.MIN_VALUE;
  private static final Answer INVALID_SLOT = Answer.failure("ERR Invalid slot");
  private static final Answer BUILT_IN =
      Answer.failure(
          "ERR slots and leaders move by themselves here: see 'shardwell cluster status'");

  private static final Set<String> REDIS_ADMINISTRATION =
      Set.of(
          "ADDSLOTS",
          "ADDSLOTSRANGE",
          "BUMPEPOCH",
          "DELSLOTS",
          "DELSLOTSRANGE",
          "FAILOVER",
          "FLUSHSLOTS",
          "FORGET",
          "MEET",
          "REPLICATE",
          "RESET",
          "SAVECONFIG",
          "SET-CONFIG-EPOCH",
          "SETSLOT");

  private final SlotOwners owners;
  private final Supplier<NodeStatus> status;
  private final EventLoop clock;

  // Node names never change their meaning, so their ids may be kept.
  private final Map<String, String> ids = new HashMap<>();

  ClusterCommands(SlotOwners owners, Supplier<NodeStatus> status, EventLoop clock) {
    this.owners = owners;
    this.clock = clock;
    this.status = status;
  }

  void answer(Call call) {
    String subcommand = call.upper(1);
    switch (subcommand) {
      case "COUNTKEYSINSLOT" -> countKeys(call);
      case "GETKEYSINSLOT" -> getKeys(call);
      default -> call.answer(atOnce(call, subcommand));
    }
  }

  private Answer atOnce(Call call, String subcommand) {
    int words =
        switch (subcommand) {
          case "KEYSLOT", "REPLICAS", "SLAVES", "COUNT-FAILURE-REPORTS" -> 3;
          default -> 2;
        };
    if (REDIS_ADMINISTRATION.contains(subcommand)) {
      return BUILT_IN;
    }
    Answer answer =
        switch (subcommand) {
          case "INFO" -> info();
          case "NODES" -> new Answer.Text(nodes());
          case "SLOTS" -> slots(call.client);
          case "SHARDS" -> shards(call.client);
          case "LINKS" -> links();
          // A node is of many shards; its own id is as good a name for what it leads as any.
          case "MYID", "MYSHARDID" -> Answer.bulk(idOf(owners.self()));
          case "KEYSLOT" ->
              call.count() == words ? Answer.integer(Slots.of(call.bytes(2))) : Answer.NIL;
          case "REPLICAS", "SLAVES" -> call.count() == words ? replicas(call) : Answer.NIL;
          case "COUNT-FAILURE-REPORTS" -> Answer.integer(0);
          default -> Errors.unknownSubcommand(call, "cluster");
        };
    return call.count() == words ? answer : Errors.subcommandArity(call, "cluster");
  }

  /** 40 hex digits, as Redis has them: a digest of the node's name, so all nodes agree on it. */
  String idOf(String nodeId) {
    return ids.computeIfAbsent(
        nodeId,
        name -> {
          try {
            MessageDigest digest = MessageDigest.getInstance("SHA-1");
            return HexFormat.of().formatHex(digest.digest(name.getBytes(StandardCharsets.UTF_8)));
          } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-1", e);
          }
        });
  }

  private List<NodeStatus.PeerStatus> shownNodes(NodeStatus now) {
    return now.nodes().stream().filter(node -> owners.address(node.id()).hasClusterPort()).toList();
  }

  private Answer info() {
    NodeStatus now = status.get();
    int failing = 0;
    int failed = 0;
    long myEpoch = 0;
    long epoch = now.mapEpoch();
    Set<String> leading = new HashSet<>();
    for (int shard = 0; shard < owners.shards(); shard++) {
      int slots =
          Slots.lastSlot(shard, owners.shards()) - Slots.firstSlot(shard, owners.shards()) + 1;
      long leaderless = owners.leaderlessMillis(shard);
      if (leaderless > FAILED_AFTER_MILLIS) {
        failed += slots;
      } else if (leaderless > 0) {
        failing += slots;
      }
      String owner = owners.owner(shard);
      leading.add(owner);
      epoch = Math.max(epoch, owners.term(shard));
      myEpoch = Math.max(myEpoch, owner.equals(owners.self()) ? owners.term(shard) : 0);
    }
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("cluster_enabled", 1);
    fields.put("cluster_state", failed > 0 || now.clusterId().isEmpty() ? "fail" : "ok");
    fields.put("cluster_slots_assigned", Slots.COUNT);
    fields.put("cluster_slots_ok", Slots.COUNT - failing - failed);
    fields.put("cluster_slots_pfail", failing);
    fields.put("cluster_slots_fail", failed);
    fields.put("cluster_known_nodes", shownNodes(now).size());
    fields.put("cluster_size", leading.size());
    fields.put("cluster_current_epoch", epoch);
    fields.put("cluster_my_epoch", myEpoch);
    StringBuilder text = new StringBuilder();
    fields.forEach((name, value) -> text.append(name).append(':').append(value).append("\r\n"));
    return new Answer.Text(text.toString());
  }

  /** {@code id ip:port@cport flags master ping pong epoch link slot...}, a node a line. */
  private String nodes() {
    NodeStatus now = status.get();
    Map<String, StringBuilder> ranges = new HashMap<>();
    Map<String, Integer> epochs = new HashMap<>();
    int shards = owners.shards();
    for (int from = 0; from < shards; ) {
      String owner = owners.owner(from);
      int to = from;
      int epoch = owners.term(from);
      while (to + 1 < shards && owners.owner(to + 1).equals(owner)) {
        to++;
        epoch = Math.max(epoch, owners.term(to));
      }
      int first = Slots.firstSlot(from, shards);
      int last = Slots.lastSlot(to, shards);
      StringBuilder text = ranges.computeIfAbsent(owner, unused -> new StringBuilder());
      text.append(' ').append(first);
      if (last > first) {
        text.append('-').append(last);
      }
      epochs.merge(owner, epoch, Math::max);
      from = to + 1;
    }
    StringBuilder lines = new StringBuilder();
    for (NodeStatus.PeerStatus node : shownNodes(now)) {
      ClientAddress address = owners.address(node.id());
      boolean self = node.id().equals(owners.self());
      boolean owns = ranges.containsKey(node.id());
      lines.append(idOf(node.id())).append(' ');
      lines.append(address.host()).append(':').append(address.clusterPort());
      lines.append('@').append(node.peerPort()).append(' ');
      lines.append(self ? "myself,master" : "master");
      lines.append(node.reachable() ? "" : owns ? ",fail?" : ",fail");
      lines.append(" - 0 0 ").append(epochs.getOrDefault(node.id(), 0));
      lines.append(node.reachable() ? " connected" : " disconnected");
      lines.append(owns ? ranges.get(node.id()) : "").append('\n');
    }
    return lines.toString();
  }

  /**
   * Who of a shard is shown: clients that remember one role for each node, the one it was named in
   * last, must never see an owner as somebody's replica.
   */
  private List<String> shown(ClientInfo client, int shard) {
    List<String> ownerFirst = owners.ownerFirst(shard);
    return client.readOnly ? ownerFirst : ownerFirst.subList(0, 1);
  }

  private Answer slots(ClientInfo client) {
    List<Answer> entries = new ArrayList<>(owners.shards());
    for (int shard = 0; shard < owners.shards(); shard++) {
      List<Answer> entry = new ArrayList<>();
      entry.add(Answer.integer(Slots.firstSlot(shard, owners.shards())));
      entry.add(Answer.integer(Slots.lastSlot(shard, owners.shards())));
      for (String node : shown(client, shard)) {
        ClientAddress address = owners.address(node);
        entry.add(
            Answer.items(
                Answer.bulk(address.host()),
                Answer.integer(address.clusterPort()),
                Answer.bulk(idOf(node)),
                Answer.pairs()));
      }
      entries.add(new Answer.Items(entry));
    }
    return new Answer.Items(entries);
  }

  private Answer shards(ClientInfo client) {
    Map<Integer, NodeStatus.ReplicaStatus> local = new HashMap<>();
    status.get().replicas().forEach(replica -> local.put(replica.shard(), replica));
    List<Answer> entries = new ArrayList<>(owners.shards());
    for (int shard = 0; shard < owners.shards(); shard++) {
      NodeStatus.ReplicaStatus replica = local.get(shard);
      long offset = replica == null ? 0 : replica.appliedIndex();
      List<Answer> nodes = new ArrayList<>();
      for (String node : shown(client, shard)) {
        ClientAddress address = owners.address(node);
        nodes.add(
            Answer.pairs(
                "id",
                idOf(node),
                "port",
                address.clusterPort(),
                "ip",
                address.host(),
                "endpoint",
                address.host(),
                "role",
                nodes.isEmpty() ? "master" : "replica",
                "replication-offset",
                offset,
                "health",
                owners.reaches(node) ? "online" : "fail"));
      }
      entries.add(
          Answer.pairs(
              "slots",
              Answer.items(
                  Answer.integer(Slots.firstSlot(shard, owners.shards())),
                  Answer.integer(Slots.lastSlot(shard, owners.shards()))),
              "nodes",
              new Answer.Items(nodes)));
    }
    return new Answer.Items(entries);
  }

  /** One connection each way between two nodes, for all shards. */
  private Answer links() {
    NodeStatus now = status.get();
    List<Answer> links = new ArrayList<>();
    for (NodeStatus.PeerStatus node : shownNodes(now)) {
      if (node.id().equals(owners.self()) || !node.reachable()) {
        continue;
      }
      for (String direction : List.of("to", "from")) {
        links.add(
            Answer.pairs(
                "direction",
                direction,
                "node",
                idOf(node.id()),
                "create-time",
                clock.wallClockMillis() - node.linkMillis(),
                "events",
                direction.equals("to") ? "rw" : "r",
                "send-buffer-allocated",
                0,
                "send-buffer-used",
                0));
      }
    }
    return new Answer.Items(links);
  }

  private Answer replicas(Call call) {
    String id = call.text(2);
    boolean known = shownNodes(status.get()).stream().anyMatch(node -> idOf(node.id()).equals(id));
    return known ? Answer.NOTHING : Answer.failure("ERR Unknown node " + Errors.echo(call, 2));
  }

  private void countKeys(Call call) {
    if (call.count() != 3) {
      call.answer(Errors.subcommandArity(call, "cluster"));
      return;
    }
    long slot = number(call, 2);
    if (slot == NOT_A_NUMBER) {
      call.answer(Errors.NOT_AN_INTEGER);
    } else if (slot < 0 || slot >= Slots.COUNT) {
      call.answer(INVALID_SLOT);
    } else if (!owned((int) slot)) {
      call.answer(Answer.integer(0));
    } else {
      call.keysInSlot(
          (int) slot,
          Integer.MAX_VALUE,
          reply ->
              call.answer(
                  reply instanceof Reply.Array keys
                      ? Answer.integer(keys.items().size())
                      : new Answer.Plain(reply)));
    }
  }

  private void getKeys(Call call) {
    if (call.count() != 4) {
      call.answer(Errors.subcommandArity(call, "cluster"));
      return;
    }
    long slot = number(call, 2);
    long limit = number(call, 3);
    if (slot == NOT_A_NUMBER || limit == NOT_A_NUMBER) {
      call.answer(Errors.NOT_AN_INTEGER);
    } else if (slot < 0 || slot >= Slots.COUNT || limit < 0) {
      call.answer(Answer.failure("ERR Invalid slot or number of keys"));
    } else if (!owned((int) slot)) {
      call.answer(Answer.NOTHING);
    } else {
      call.keysInSlot(
          (int) slot,
          (int) Math.min(limit, Integer.MAX_VALUE),
          reply -> call.answer(new Answer.Plain(reply)));
    }
  }

  private boolean owned(int slot) {
    return owners.counts(Slots.shardOf(slot, owners.shards()));
  }

  private static long number(Call call, int i) {
    try {
      return Long.parseLong(call.text(i));
    } catch (NumberFormatException e) {
      return NOT_A_NUMBER;
    }
  }
}
