package io.shardwell.storage;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What one group should be: the naive model, all in maps, copied as a whole. */
final class ModelReplica {
  record Install(long index, ModelReplica before) {}

  @SuppressWarnings("ArrayRecordComponent") // shared and never changed
  record Entry(long index, int term, byte[] payload) {}

  final TreeMap<Long, Entry> entries = new TreeMap<>();
  final List<Install> installs = new ArrayList<>();
  long first = 1;
  long last;
  int term;
  byte @Nullable [] vote;
  byte @Nullable [] endpoint;
  byte @Nullable [] members;
  @Nullable SnapshotManifest intent;

  ModelReplica copy() {
    ModelReplica copy = new ModelReplica();
    copy.entries.putAll(entries);
    copy.installs.addAll(installs);
    copy.first = first;
    copy.last = last;
    copy.term = term;
    copy.vote = vote;
    copy.endpoint = endpoint;
    copy.members = members;
    copy.intent = intent;
    return copy;
  }

  void append(int entryTerm, byte[] payload) {
    last++;
    entries.put(last, new Entry(last, entryTerm, payload));
  }

  void truncateFrom(long index) {
    entries.tailMap(index, true).clear();
    last = Math.min(last, index - 1);
  }

  void truncateUntil(long index) {
    entries.headMap(index, true).clear();
    first = Math.max(first, index + 1);
  }

  void discard(long index) {
    entries.clear();
    first = index + 1;
    last = index;
  }

  /** What recovery must make of this, given the newest snapshot whose files are complete. */
  ModelReplica recoveredWith(long snapshotIndex, int snapshotTerm) {
    ModelReplica result = copy();
    while (!result.installs.isEmpty()
        && result.installs.get(result.installs.size() - 1).index() > snapshotIndex) {
      ModelReplica before = result.installs.get(result.installs.size() - 1).before().copy();
      before.term = result.term;
      before.vote = result.vote;
      result = before;
    }
    Entry at = result.entries.get(snapshotIndex);
    boolean agrees = at == null || at.term() == snapshotTerm;
    if (snapshotIndex > result.last || !agrees) {
      if (result.installs.stream().noneMatch(i -> i.index() == snapshotIndex)) {
        throw new AssertionError("snapshot " + snapshotIndex + " beside a log to " + result.last);
      }
      result.discard(snapshotIndex);
    }
    result.truncateUntil(snapshotIndex);
    if (result.intent != null && result.intent.index() <= snapshotIndex) {
      result.intent = null;
    }
    result.installs.clear();
    return result;
  }

  /**
   * First difference to what was recovered; null if there is none. That the payloads are in the log
   * whoever asks looks up himself.
   */
  @Nullable String differenceTo(RecoveredReplica recovered) {
    if (term != recovered.term() || !Arrays.equals(vote, recovered.votedFor())) {
      return "term or vote: " + term + " " + recovered.term();
    }
    if (!Arrays.equals(endpoint, recovered.endpointState())) {
      return "endpoint";
    }
    if (!Arrays.equals(members, recovered.initialMembers())) {
      return "members";
    }
    SnapshotManifest found = recovered.intent();
    if ((intent == null) != (found == null)
        || (intent != null && found != null && !same(intent, found))) {
      return "intent: " + intent + " " + found;
    }
    if (entries.size() != recovered.entries().size()) {
      return "entries: " + entries.keySet() + " but " + recovered.entries().size();
    }
    int i = 0;
    for (Entry expected : entries.values()) {
      RecoveredEntry entry = recovered.entries().get(i++);
      if (entry.index() != expected.index()
          || entry.term() != expected.term()
          || entry.length() != expected.payload().length) {
        return "entry " + expected.index();
      }
    }
    return null;
  }

  private static boolean same(SnapshotManifest a, SnapshotManifest b) {
    return a.index() == b.index()
        && a.term() == b.term()
        && a.chunkCount() == b.chunkCount()
        && Arrays.equals(a.membersView(), b.membersView());
  }
}
