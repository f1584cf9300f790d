package io.shardwell.raftgroup;

/** Of a test that plays the other nodes: all of them are reached. */
public interface ReachingPost extends Post {

  @Override
  default boolean reaches(String nodeId) {
    return true;
  }
}
