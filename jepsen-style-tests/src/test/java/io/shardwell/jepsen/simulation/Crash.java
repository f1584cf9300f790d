package io.shardwell.jepsen.simulation;

/** Words for where a crash strikes a process, and what that process was doing. */
final class Crash {

  /** Where in its life a process stood when it died. */
  enum Step {
    /** In the part of a start that blocks: at one of its steps on the disk, mostly. */
    START,
    /** After a task of a turn that took something from a peer: a frame, or news of a link. */
    PEER,
    /** After a task that took a request: a client's command, an operator's wish. */
    REQUEST,
    /** After a task that a timer had brought. */
    TIMER,
    /** After a task that took the disk's word: a sync is done, a slice of a snapshot is written. */
    DISK,
    /** After a task that the node had given to itself. */
    OWN_TASK,
    /** Before a frame leaves at the end of a turn, so between two sends too. */
    SEND,
    /** Before an answer leaves to a client. */
    REPLY,
    /** After the end of a turn, before the next. */
    END,
    /** While no turn ran: the machine lost power, somebody killed it. */
    BETWEEN_TURNS,
    /** By itself, at a write or a sync that failed, in the middle of a task. */
    OWN_HALT;

    // What a node gives to itself comes up too rarely to wait for.
    private static final Step[] OF_A_TURN = {PEER, REQUEST, TIMER, DISK, SEND, REPLY, END};

    /** Those at which a process can be told to die. */
    static Step[] ofATurn() {
      return OF_A_TURN.clone();
    }

    /** Whether it is one of those of a turn, a halt included. */
    boolean isInTurn() {
      return this != START && this != BETWEEN_TURNS;
    }
  }

  /** What was under way in a process; several at once, or {@link #IDLE}. */
  enum UnderWay {
    /** Something is appended to the log and not with the disk yet. */
    APPENDED,
    /** A turn of the log is with the disk. */
    SYNC,
    /** A replica's own snapshot is being sliced, written or synced. */
    SNAPSHOT,
    /** A foreign snapshot has replaced the state and is not durable yet. */
    INSTALL,
    /** The process has not been ready in this life. */
    RECOVERY,
    /** Nothing of this. */
    IDLE
  }

  private Crash() {}
}
