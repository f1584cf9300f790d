package io.shardwell.cli.data;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.shardwell.storage.DamagedStorageException;
import io.shardwell.storage.DirectoryReport;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;

/**
 * What was found in a directory, for programs: one JSON object. Fields are added over time, never
 * renamed.
 */
final class ReportJson {

  private ReportJson() {}

  static String render(DirectoryReport report) {
    StringWriter out = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(out).useDefaultPrettyPrinter()) {
      json.writeStartObject();
      json.writeBooleanField("sound", report.isSound() && !report.isNew());
      json.writeBooleanField("new", report.isNew());
      json.writeNumberField("logBytes", report.logBytes());
      json.writeNumberField("snapshotBytes", report.snapshotBytes());
      json.writeArrayFieldStart("damage");
      for (DirectoryReport.Damage damage : report.damage()) {
        write(json, damage);
      }
      json.writeEndArray();
      json.writeArrayFieldStart("notes");
      for (String note : report.notes()) {
        json.writeString(note);
      }
      json.writeEndArray();
      json.writeArrayFieldStart("shards");
      for (DirectoryReport.Group group : report.groups()) {
        json.writeStartObject();
        json.writeStringField("shard", ReportText.shard(group.group()));
        json.writeNumberField("term", group.term());
        json.writeNumberField("snapshotIndex", group.snapshotIndex());
        json.writeNumberField("firstIndex", group.firstIndex());
        json.writeNumberField("lastIndex", group.lastIndex());
        json.writeNumberField("entryBytes", group.entryBytes());
        json.writeEndObject();
      }
      json.writeEndArray();
      json.writeEndObject();
    } catch (IOException impossible) {
      throw new UncheckedIOException("a string cannot fail to be written", impossible);
    }
    return out.append('\n').toString();
  }

  static void write(JsonGenerator json, DirectoryReport.Damage damage) throws IOException {
    json.writeStartObject();
    json.writeStringField("file", damage.file());
    json.writeNumberField("offset", damage.offset());
    if (damage.group() != DamagedStorageException.NO_GROUP) {
      json.writeStringField("shard", ReportText.shard(damage.group()));
    }
    json.writeStringField("damage", damage.what());
    json.writeEndObject();
  }
}
