package io.shardwell.server.command;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The connections of clients that are open now, oldest first. Loop thread only. */
public final class Clients {

  private final Map<Long, ClientInfo> open = new LinkedHashMap<>();
  private final int max;
  private long lastId;
  private long received;
  private long rejected;

  /** At most so many at once. */
  public Clients(int max) {
    this.max = max;
  }

  /** Counts a connection that has come; false if it is one too many. */
  public boolean admit() {
    received++;
    if (open.size() < max) {
      return true;
    }
    rejected++;
    return false;
  }

  /** For the next connection, never given twice. */
  public long nextId() {
    return ++lastId;
  }

  public void add(ClientInfo client) {
    open.put(client.id, client);
  }

  public void remove(ClientInfo client) {
    open.remove(client.id);
  }

  public int count() {
    return open.size();
  }

  int max() {
    return max;
  }

  long received() {
    return received;
  }

  long rejected() {
    return rejected;
  }

  @Nullable ClientInfo byId(long id) {
    return open.get(id);
  }

  /** A copy: closing one changes the original. */
  List<ClientInfo> all() {
    return new ArrayList<>(open.values());
  }
}
