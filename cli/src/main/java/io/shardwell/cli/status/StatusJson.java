package io.shardwell.cli.status;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.shardwell.cli.status.NodeReport.Replica;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.Map;

/** A cluster's status for programs: one JSON object. Fields are added over time, never renamed. */
final class StatusJson {

  private StatusJson() {}

  static String render(ClusterView view) {
    StringWriter out = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(out).useDefaultPrettyPrinter()) {
      json.writeStartObject();
      json.writeStringField("clusterId", view.clusterId());
      json.writeBooleanField("serving", view.serving());
      json.writeArrayFieldStart("nodes");
      for (ClusterView.Node node : view.nodes()) {
        write(json, node);
      }
      json.writeEndArray();
      json.writeArrayFieldStart("shards");
      for (ClusterView.Shard shard : view.shards()) {
        write(json, shard);
      }
      json.writeEndArray();
      json.writeArrayFieldStart("problems");
      for (String problem : view.problems()) {
        json.writeString(problem);
      }
      json.writeEndArray();
      json.writeEndObject();
    } catch (IOException impossible) {
      throw new UncheckedIOException("a string cannot fail to be written", impossible);
    }
    return out.append('\n').toString();
  }

  private static void write(JsonGenerator json, ClusterView.Node node) throws IOException {
    NodeReport.Peer address = node.address();
    NodeReport report = node.report();
    json.writeStartObject();
    json.writeStringField("id", address.id());
    json.writeStringField("host", address.host());
    json.writeNumberField("peerPort", address.peerPort());
    json.writeStringField("clientHost", address.clientHost());
    json.writeNumberField("port", address.respPort());
    json.writeNumberField("textPort", address.textPort());
    json.writeNumberField("httpPort", address.httpPort());
    json.writeBooleanField("answers", report != null);
    if (report == null) {
      json.writeStringField("reason", node.silence());
    } else {
      json.writeBooleanField("ready", report.ready());
      json.writeStringField("reason", report.notReadyReason());
      json.writeNumberField("uptimeMillis", report.uptimeMillis());
      json.writeNumberField("leads", node.leads());
      json.writeNumberField("logBytes", report.logBytes());
      json.writeNumberField("freeBytes", report.freeBytes());
      json.writeNumberField("minFreeBytes", report.minFreeBytes());
    }
    json.writeEndObject();
  }

  private static void write(JsonGenerator json, ClusterView.Shard shard) throws IOException {
    json.writeStartObject();
    json.writeStringField("shard", shard.name());
    json.writeNumberField("firstSlot", shard.firstSlot());
    json.writeNumberField("lastSlot", shard.lastSlot());
    json.writeStringField("leader", shard.leaderId());
    json.writeNumberField("term", shard.term());
    json.writeNumberField("commitIndex", shard.commitIndex());
    json.writeArrayFieldStart("replicas");
    for (Map.Entry<String, Replica> entry : shard.replicas().entrySet()) {
      Replica replica = entry.getValue();
      json.writeStartObject();
      json.writeStringField("node", entry.getKey());
      json.writeStringField("role", replica.role());
      json.writeNumberField("term", replica.term());
      json.writeNumberField("commitIndex", replica.commitIndex());
      json.writeNumberField("appliedIndex", replica.appliedIndex());
      json.writeNumberField("lastLogIndex", replica.lastLogIndex());
      json.writeNumberField("snapshotIndex", replica.snapshotIndex());
      json.writeNumberField("lag", shard.lag(replica));
      json.writeNumberField("keys", replica.keys());
      json.writeNumberField("logicalBytes", replica.logicalBytes());
      json.writeStringField("digest", replica.digest());
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeEndObject();
  }
}
