package io.shardwell.cli.data;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.shardwell.raftgroup.cluster.MetaState;
import io.shardwell.raftgroup.replica.Replica;
import io.shardwell.statemachine.EntryText;
import io.shardwell.storage.DataDirectory;
import io.shardwell.storage.DirectoryReport;
import java.io.IOException;
import java.io.PrintStream;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A log's records, one line each. */
final class LogLines implements DataDirectory.LogReader {
  private final PrintStream out;
  private final boolean json;
  private final @Nullable Integer onlyGroup;
  private final long fromIndex;
  private boolean anyDamage;

  LogLines(PrintStream out, boolean json, @Nullable Integer onlyGroup, long fromIndex) {
    this.out = out;
    this.json = json;
    this.onlyGroup = onlyGroup;
    this.fromIndex = fromIndex;
  }

  boolean anyDamage() {
    return anyDamage;
  }

  @Override
  public void record(
      String file,
      long offset,
      long turn,
      String type,
      int group,
      long index,
      int term,
      ByteBuffer body) {
    boolean isEntry = type.equals("ENTRY") || type.equals("MOVED");
    if ((onlyGroup != null && onlyGroup != group)
        || (fromIndex > 0 && (!isEntry || index < fromIndex))) {
      return;
    }
    int bytes = body.remaining();
    String text = isEntry ? printable(entry(group, body)) : "";
    if (json) {
      out.println(
          line(
              to -> {
                to.writeStringField("file", file);
                to.writeNumberField("offset", offset);
                to.writeNumberField("turn", turn);
                to.writeStringField("type", type);
                to.writeStringField("shard", ReportText.shard(group));
                to.writeNumberField("index", index);
                to.writeNumberField("term", term);
                to.writeNumberField("bytes", bytes);
                if (isEntry) {
                  to.writeStringField("entry", text);
                }
              }));
    } else {
      out.printf(
          "%s %d turn %d shard %s %s %d term %d, %d bytes%s%n",
          file,
          offset,
          turn,
          ReportText.shard(group),
          type,
          index,
          term,
          bytes,
          text.isEmpty() ? "" : ": " + text);
    }
  }

  private static String entry(int group, ByteBuffer body) {
    byte[] bytes = new byte[body.remaining()];
    body.get(bytes);
    if (bytes.length == 0) {
      return "empty";
    }
    if (Replica.isMembersChange(bytes)) {
      return "members change";
    }
    return group == MetaState.GROUP ? "cluster map entry" : EntryText.of(bytes);
  }

  /** Whatever clients stored, it must not steer the terminal. */
  private static String printable(String text) {
    StringBuilder safe = new StringBuilder(text.length());
    text.codePoints()
        .forEach(
            c -> {
              if (Character.isISOControl(c) || Character.getType(c) == Character.FORMAT) {
                safe.append(String.format(Locale.ROOT, "\\u%04x", c));
              } else {
                safe.appendCodePoint(c);
              }
            });
    return safe.toString();
  }

  @Override
  public void damage(DirectoryReport.Damage damage) {
    anyDamage = true;
    if (json) {
      out.println(
          line(
              to -> {
                to.writeStringField("file", damage.file());
                to.writeNumberField("offset", damage.offset());
                to.writeStringField("damage", damage.what());
              }));
    } else {
      out.println("DAMAGED " + damage.file() + " at " + damage.offset() + ": " + damage.what());
    }
  }

  private interface Fields {
    void write(JsonGenerator to) throws IOException;
  }

  private static String line(Fields fields) {
    StringWriter text = new StringWriter();
    try (JsonGenerator to = new JsonFactory().createGenerator(text)) {
      to.writeStartObject();
      fields.write(to);
      to.writeEndObject();
    } catch (IOException impossible) {
      throw new UncheckedIOException("a string cannot fail to be written", impossible);
    }
    return text.toString();
  }
}
