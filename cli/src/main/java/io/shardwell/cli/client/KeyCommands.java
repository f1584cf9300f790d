package io.shardwell.cli.client;

import io.shardwell.cli.Surroundings;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** The commands on keys, each named as in Redis. */
public final class KeyCommands {

  private KeyCommands() {}

  /** Adds them all to the command line. */
  public static void addTo(CommandLine parent, Surroundings surroundings) {
    List<KeyCommand> commands =
        List.of(
            new Get(surroundings),
            new Set(surroundings),
            new Del(surroundings),
            new Incr(surroundings),
            new Expire(surroundings),
            new Ttl(surroundings),
            new Ping(surroundings),
            new Exec(surroundings));
    for (KeyCommand command : commands) {
      // Values may start with a dash (-5), and options may follow them (get KEY --port 6380).
      parent.addSubcommand(
          new CommandLine(command)
              .setUnmatchedOptionsArePositionalParams(true)
              .setPosixClusteredShortOptionsAllowed(false));
    }
  }

  @Command(name = "get", description = "Shows the value of a key.", sortOptions = false)
  static final class Get extends KeyCommand {
    @Parameters(paramLabel = "KEY")
    String key;

    Get(Surroundings surroundings) {
      super(surroundings);
    }

    @Override
    List<String> redisCommand() {
      return List.of("GET", key);
    }
  }

  @Command(
      name = "set",
      description = "Sets a key to a value. Options as in Redis: EX 10, PX 500, NX, XX, GET ...",
      sortOptions = false)
  static final class Set extends KeyCommand {
    @Parameters(index = "0", paramLabel = "KEY")
    String key;

    @Parameters(index = "1", paramLabel = "VALUE")
    String value;

    @Parameters(index = "2..*", paramLabel = "OPTION")
    List<String> options = new ArrayList<>();

    Set(Surroundings surroundings) {
      super(surroundings);
    }

    @Override
    List<String> redisCommand() {
      return command(options, "SET", key, value);
    }
  }

  @Command(
      name = "del",
      description = "Deletes keys; answers how many there were.",
      sortOptions = false)
  static final class Del extends KeyCommand {
    @Parameters(arity = "1..*", paramLabel = "KEY")
    List<String> keys = new ArrayList<>();

    Del(Surroundings surroundings) {
      super(surroundings);
    }

    @Override
    List<String> redisCommand() {
      return command(keys, "DEL");
    }
  }

  @Command(name = "incr", description = "Adds one to the number in a key.", sortOptions = false)
  static final class Incr extends KeyCommand {
    @Parameters(paramLabel = "KEY")
    String key;

    Incr(Surroundings surroundings) {
      super(surroundings);
    }

    @Override
    List<String> redisCommand() {
      return List.of("INCR", key);
    }
  }

  @Command(
      name = "expire",
      description = "Lets a key vanish after so many seconds. Options as in Redis: NX XX GT LT.",
      sortOptions = false)
  static final class Expire extends KeyCommand {
    @Parameters(index = "0", paramLabel = "KEY")
    String key;

    @Parameters(index = "1", paramLabel = "SECONDS")
    String seconds;

    @Parameters(index = "2..*", paramLabel = "OPTION")
    List<String> options = new ArrayList<>();

    Expire(Surroundings surroundings) {
      super(surroundings);
    }

    @Override
    List<String> redisCommand() {
      return command(options, "EXPIRE", key, seconds);
    }
  }

  @Command(
      name = "ttl",
      description = "Shows the seconds a key has left; -1: for ever, -2: no such key.",
      sortOptions = false)
  static final class Ttl extends KeyCommand {
    @Parameters(paramLabel = "KEY")
    String key;

    Ttl(Surroundings surroundings) {
      super(surroundings);
    }

    @Override
    List<String> redisCommand() {
      return List.of("TTL", key);
    }
  }

  @Command(name = "ping", description = "Asks a node for a sign of life.", sortOptions = false)
  static final class Ping extends KeyCommand {
    @Parameters(arity = "0..1", paramLabel = "MESSAGE")
    @Nullable String message;

    Ping(Surroundings surroundings) {
      super(surroundings);
    }

    @Override
    List<String> redisCommand() {
      return message == null ? List.of("PING") : List.of("PING", message);
    }
  }

  @Command(
      name = "exec",
      description = "Sends any other command as it is: shardwell exec MSET a 1 b 2",
      sortOptions = false)
  static final class Exec extends KeyCommand {
    @Parameters(arity = "1..*", paramLabel = "ARGUMENT")
    List<String> arguments = new ArrayList<>();

    Exec(Surroundings surroundings) {
      super(surroundings);
    }

    @Override
    List<String> redisCommand() {
      return List.copyOf(arguments);
    }
  }

  private static List<String> command(List<String> rest, String... first) {
    List<String> command = new ArrayList<>(List.of(first));
    command.addAll(rest);
    return command;
  }
}
