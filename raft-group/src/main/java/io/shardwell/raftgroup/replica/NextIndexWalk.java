package io.shardwell.raftgroup.replica;

import io.microraft.RaftEndpoint;
import io.microraft.model.message.AppendEntriesFailureResponse;
import io.microraft.model.message.AppendEntriesRequest;
import io.shardwell.raftgroup.EventLoop;
import java.util.Objects;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A leader looks for the place where a follower's log and its own part by one entry a round trip
 * (MICRORAFT B14); a replica that begins with nothing would cost as many round trips as the log has
 * entries. But a failure response says where the follower's log ends, and no request above that end
 * can succeed before this leader has sent it entries: those requests are answered here, for the
 * follower, until MicroRaft asks at its end or sends a snapshot. Loop thread only.
 */
final class NextIndexWalk {

  /** Steps in one turn at most, each about a microsecond. */
  static final int MAX_STEPS = 4096;

  private final EventLoop loop;
  private final Consumer<AppendEntriesFailureResponse> handle;
  private final BiFunction<RaftEndpoint, AppendEntriesRequest, AppendEntriesFailureResponse>
      refusal;

  // The walk under way; null for none. A follower's next real response begins another.
  private @Nullable AppendEntriesFailureResponse next;
  private long followersEnd;

  /** Whether a step is being taken: what MicroRaft sends now is its answer. */
  private boolean stepping;

  private @Nullable AppendEntriesRequest asked;

  /**
   * @param handle hands a response to MicroRaft
   * @param refusal what that follower would answer to the request
   */
  NextIndexWalk(
      EventLoop loop,
      Consumer<AppendEntriesFailureResponse> handle,
      BiFunction<RaftEndpoint, AppendEntriesRequest, AppendEntriesFailureResponse> refusal) {
    this.loop = loop;
    this.handle = handle;
    this.refusal = refusal;
  }

  /** A follower, whose log ends there, has refused: hands that on, and answers what follows. */
  void refused(AppendEntriesFailureResponse response, long endOfLog) {
    next = response;
    followersEnd = endOfLog;
    step();
  }

  /** Whether this request needs no sending, because it is answered here. */
  boolean answers(RaftEndpoint target, AppendEntriesRequest request) {
    if (!stepping
        || request.getPreviousLogIndex() <= followersEnd
        || !target.equals(Objects.requireNonNull(next).getSender())) {
      return false;
    }
    asked = request;
    return true;
  }

  private void step() {
    for (int i = 0; i < MAX_STEPS; i++) {
      AppendEntriesFailureResponse response = Objects.requireNonNull(next);
      asked = null;
      stepping = true;
      handle.accept(response);
      stepping = false;
      AppendEntriesRequest request = asked;
      if (request == null) {
        next = null;
        return;
      }
      next = refusal.apply(response.getSender(), request);
    }
    AppendEntriesFailureResponse rest = next;
    loop.execute(
        () -> {
          if (next == rest) {
            step();
          }
        });
  }
}
