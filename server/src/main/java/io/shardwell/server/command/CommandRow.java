package io.shardwell.server.command;

import io.shardwell.statemachine.Command;
import java.util.ArrayList;
import java.util.List;

/**
 * A row of the table of commands.
 *
 * @param name in lower case; {@code client|id} for a subcommand
 * @param arity how many words a call has, names included; negative: at least so many
 * @param firstKey the position of the first key, the name being 0; 0 if there are none
 * @param lastKey the position of the last one; negative: counted from the end, -1 being the last
 * @param keyStep the distance between keys
 * @param group as in COMMAND DOCS
 * @param since the version of Redis that had it first
 * @param complexity "-" if subcommands have their own
 * @param flags as in COMMAND INFO
 * @param categories those of ACL, without the at sign
 * @param tips for clients that spread commands over nodes
 * @param keySpecs position and flags of each group of keys: "1 RO access"
 * @param difference how it differs from Redis, or ""
 */
record CommandRow(
    String name,
    int arity,
    int firstKey,
    int lastKey,
    int keyStep,
    String group,
    String since,
    String complexity,
    List<String> flags,
    List<String> categories,
    List<String> tips,
    List<String> keySpecs,
    String summary,
    String difference) {

  boolean isSubcommand() {
    return name.indexOf('|') >= 0;
  }

  boolean accepts(int words) {
    return arity >= 0 ? words == arity : words >= -arity;
  }

  /** Whether a word of the call says how many keys there are; see {@link Command#countsItsKeys}. */
  boolean countsItsKeys() {
    return flags.contains("movablekeys");
  }

  /** Where the keys of a call of so many words are; the call's arity is right. */
  List<Integer> keyPositions(int words) {
    List<Integer> positions = new ArrayList<>();
    int last = lastKey < 0 ? words + lastKey : lastKey;
    for (int i = firstKey; firstKey > 0 && i <= last; i += keyStep) {
      positions.add(i);
    }
    return positions;
  }
}
