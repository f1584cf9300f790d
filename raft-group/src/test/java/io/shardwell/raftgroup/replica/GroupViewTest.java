package io.shardwell.raftgroup.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.microraft.RaftEndpoint;
import io.microraft.RaftNode;
import io.microraft.RaftNodeStatus;
import io.microraft.report.RaftTerm;
import java.lang.reflect.Proxy;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Shows what a replica takes from MicroRaft about its leader, in every state MicroRaft can have.
 */
class GroupViewTest {

  private static final ReplicaEndpoint SELF = new ReplicaEndpoint("me", 7, 0);
  private static final ReplicaEndpoint OTHER = new ReplicaEndpoint("a", 7, 0);

  private final Standstill standstill = new Standstill();

  private GroupView view(RaftNodeStatus status, @Nullable RaftEndpoint leader) {
    RaftTerm term =
        (RaftTerm)
            Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {RaftTerm.class},
                (self, method, arguments) ->
                    method.getName().equals("getLeaderEndpoint") ? leader : null);
    Map<String, Object> answers = Map.of("getStatus", status, "getTerm", term);
    RaftNode raft =
        (RaftNode)
            Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {RaftNode.class},
                (self, method, arguments) -> answers.get(method.getName()));
    return new GroupView(SELF, standstill, () -> raft);
  }

  /** A change of members under way keeps nobody from an election: the last leader may be dead. */
  @ParameterizedTest
  @EnumSource
  void aReplicaThatRunsLacksALeaderItDoesNotKnow(RaftNodeStatus status) {
    boolean runs = status != RaftNodeStatus.INITIAL && status != RaftNodeStatus.TERMINATED;
    assertThat(view(status, null).lacksLeader()).isEqualTo(runs);
    assertThat(view(status, OTHER).lacksLeader()).isFalse();
    assertThat(view(status, SELF).lacksLeader()).isFalse();
  }

  /** It tells nobody of a leader, but MicroRaft knows one and holds no election. */
  @Test
  void aStandstillHidesTheLeaderAndDoesNotMakeItLacking() {
    GroupView view = view(RaftNodeStatus.ACTIVE, SELF);
    assertThat(view.isLeader()).isTrue();
    standstill.begin();
    assertThat(view.isLeader()).isFalse();
    assertThat(view.leaderNodeId()).isNull();
    assertThat(view.lacksLeader()).isFalse();
    standstill.end();
    assertThat(view.leaderNodeId()).isEqualTo("me");
  }
}
