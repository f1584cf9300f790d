package io.shardwell.raftgroup.replica;

import io.shardwell.raftgroup.EventLoop;
import java.util.Iterator;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * What a leader has to tell its followers about nothing but its commit index.
 *
 * <p>MicroRaft says so at once: an AppendEntries without entries to each follower after each
 * commit, which the follower answers. Under load that is half of all messages between nodes, and
 * each of them wakes somebody up; yet the group's next entries say the same. So this news waits for
 * them, for {@value #GRID_MILLIS} ms at least and twice that at most, and leaves alone only if none
 * came.
 *
 * <p>It is safe because it is a delay: to the follower a late commit index is a slow link, and a
 * commit index only grows. Nobody waits for a follower to apply, either: replies and reads come
 * from the leader.
 *
 * <p>Invariant: what waits for a receiver is the newest AppendEntries made for it, so that they
 * keep their order (MICRORAFT B12). Loop thread only.
 */
final class CommitNews {

  /** News is looked at on a grid, so that all groups' news for a follower leaves in one frame. */
  static final int GRID_MILLIS = 5;

  private static final long GRID_NANOS = TimeUnit.MILLISECONDS.toNanos(GRID_MILLIS);

  private record News(long sinceNanos, Runnable send) {}

  private final EventLoop loop;
  private final Map<String, News> waiting = new TreeMap<>();
  private boolean scheduled;

  CommitNews(EventLoop loop) {
    this.loop = loop;
  }

  /** Sends later, unless {@link #outdated} comes first; takes the place of what waits. */
  void hold(String receiver, Runnable send) {
    News former = waiting.get(receiver);
    long since = former == null ? loop.nanoTime() : former.sinceNanos;
    waiting.put(receiver, new News(since, send));
    schedule();
  }

  /** Something newer leaves for this receiver, or nothing can. */
  void outdated(String receiver) {
    waiting.remove(receiver);
  }

  /** This replica leads no more. */
  void clear() {
    waiting.clear();
  }

  private void schedule() {
    if (!scheduled) {
      scheduled = true;
      long intoGrid = Math.floorMod(loop.nanoTime(), GRID_NANOS);
      EventLoop.Timer unused = loop.schedule(this::sendDue, GRID_NANOS - intoGrid);
    }
  }

  private void sendDue() {
    scheduled = false;
    long now = loop.nanoTime();
    for (Iterator<News> i = waiting.values().iterator(); i.hasNext(); ) {
      News news = i.next();
      if (now - news.sinceNanos >= GRID_NANOS) {
        i.remove();
        news.send.run();
      }
    }
    if (!waiting.isEmpty()) {
      schedule();
    }
  }
}
