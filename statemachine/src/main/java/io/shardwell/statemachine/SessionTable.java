package io.shardwell.statemachine;

import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The sessions of one shard, and the tombstones of those that have ended. Decides for each batch
 * whether it may take effect, so that a retry is never a second write.
 */
final class SessionTable {
  /** A node in one of its lives; a session serves one of its boots. */
  record Owner(String nodeId, long incarnation) {
    static final Comparator<Owner> ORDER =
        Comparator.comparing(Owner::nodeId).thenComparingLong(Owner::incarnation);

    long hash() {
      return Hash.combine(Hash.of(nodeId.getBytes(StandardCharsets.UTF_8)), incarnation);
    }
  }

  private static final long TOMBSTONE_SALT = 0x746f6d6273746f6eL;

  // Sorted, so that snapshots of equal states are equal bytes.
  private final Map<Owner, Session> sessions = new TreeMap<>(Owner.ORDER);
  // Invariant: no owner is in both.
  private final TreeSet<Owner> tombstones = new TreeSet<>(Owner.ORDER);
  // Invariant: the sum of the contributions of all sessions and tombstones.
  private long digest;

  /** Why a batch must not take effect now, or null if it is its session's next one. */
  @Nullable Outcome refuse(SessionKey key, long sequence) {
    Owner owner = new Owner(key.nodeId(), key.incarnation());
    if (tombstones.contains(owner)) {
      return new Outcome.SessionRetired();
    }
    Session session = sessions.get(owner);
    if (session == null || key.boot() > session.boot()) {
      return sequence == 1 ? null : new Outcome.SessionUnknown();
    }
    if (key.boot() < session.boot()) {
      return new Outcome.BootSuperseded(session.boot());
    }
    if (sequence > session.lastSequence() + 1) {
      return new Outcome.Gap(session.lastSequence() + 1);
    }
    if (sequence <= session.lastSequence()) {
      byte[] replies = session.repliesOf(sequence);
      return replies == null ? new Outcome.RepliesGone() : new Outcome.Repeated(replies);
    }
    return null;
  }

  /** Remembers a batch that was not refused and has taken effect now. */
  void applied(SessionKey key, long sequence, long acknowledgedSequence, byte[] replies) {
    assert refuse(key, sequence) == null;
    Owner owner = new Owner(key.nodeId(), key.incarnation());
    Session session = sessions.get(owner);
    if (session != null) {
      digest -= contribution(owner, session);
    }
    if (session == null || session.boot() < key.boot()) {
      session = new Session(key.boot(), 0);
      sessions.put(owner, session);
    }
    session.applied(sequence, acknowledgedSequence, replies);
    digest += contribution(owner, session);
  }

  /** Ends the sessions of a node's life for ever. */
  void retire(String nodeId, long incarnation) {
    Owner owner = new Owner(nodeId, incarnation);
    Session session = sessions.remove(owner);
    if (session != null) {
      digest -= contribution(owner, session);
    }
    if (tombstones.add(owner)) {
      digest += Hash.combine(owner.hash(), TOMBSTONE_SALT);
    }
  }

  boolean hasRetired(String nodeId, long incarnation) {
    return tombstones.contains(new Owner(nodeId, incarnation));
  }

  int size() {
    return sessions.size();
  }

  int retiredSize() {
    return tombstones.size();
  }

  long digest() {
    return digest;
  }

  /** Sessions in the order of their owners. */
  Map<Owner, Session> sessions() {
    return sessions;
  }

  /** Owners whose sessions have ended, in order. */
  Iterable<Owner> tombstones() {
    return tombstones;
  }

  /** Takes a session of a snapshot; false if its owner is here already. */
  boolean load(Owner owner, Session session) {
    if (tombstones.contains(owner) || sessions.putIfAbsent(owner, session) != null) {
      return false;
    }
    digest += contribution(owner, session);
    return true;
  }

  private static long contribution(Owner owner, Session session) {
    return Hash.combine(owner.hash(), session.digest());
  }
}
