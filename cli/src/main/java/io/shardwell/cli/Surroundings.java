package io.shardwell.cli;

import java.io.PrintStream;
import java.util.Map;

/**
 * What a command finds around it.
 *
 * @param terminal whether a person reads {@code out}: decides how values are written
 * @param environment the environment variables
 * @param stop how a command that runs on learns that it shall end
 */
public record Surroundings(
    PrintStream out,
    PrintStream err,
    boolean terminal,
    Map<String, String> environment,
    StopSignal stop) {}
