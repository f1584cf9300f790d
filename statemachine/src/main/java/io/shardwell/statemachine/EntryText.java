package io.shardwell.statemachine;

/** A log entry in words, for people who read a log. */
public final class EntryText {
  private static final int SHOWN_CALLS = 16;

  private EntryText() {}

  /** One line; keys and values are cut, and may hold any characters. */
  public static String of(byte[] proposal) {
    try {
      String stamp = " at " + Proposal.stampOf(proposal);
      ByteReader body = Proposal.bodyOf(proposal);
      return switch (Proposal.kindOf(proposal)) {
        case Proposal.BATCH -> text(Batch.read(body)) + stamp;
        case Proposal.TICK -> "tick" + stamp;
        case Proposal.NEW_TERM -> "new term" + stamp;
        case Proposal.RETIRE_SESSION -> "retire session of " + Batch.readNodeId(body) + stamp;
        default -> "entry of kind " + Proposal.kindOf(proposal) + stamp;
      };
    } catch (MalformedBytesException e) {
      return "no entry of a shard: " + e.getMessage();
    }
  }

  private static String text(Batch batch) {
    StringBuilder text = new StringBuilder();
    text.append("batch ")
        .append(batch.sequence())
        .append(" of ")
        .append(batch.key())
        .append(" acknowledging ")
        .append(batch.acknowledgedSequence())
        .append(':');
    for (int i = 0; i < Math.min(SHOWN_CALLS, batch.calls().size()); i++) {
      text.append(i == 0 ? " " : "; ").append(batch.calls().get(i));
    }
    int more = batch.calls().size() - SHOWN_CALLS;
    return more > 0
        ? text.append("; and ").append(more).append(" more").toString()
        : text.toString();
  }
}
