package io.shardwell.cli.data;

import io.shardwell.cli.Surroundings;
import io.shardwell.raftgroup.cluster.MetaState;
import io.shardwell.storage.DataDirectory;
import io.shardwell.storage.DirectoryInUseException;
import io.shardwell.storage.DirectoryReport;
import io.shardwell.storage.NotADataDirectoryException;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code shardwell data}: what is in the directory of a node that does not run. */
@Command(
    name = "data",
    description = "Checks, reads or gives up the data directory of a node that does not run.",
    synopsisSubcommandLabel = "COMMAND")
public final class DataCommand {

  /** Neither sound nor damaged: there is nothing of a node, or one runs on it. */
  private static final int CANNOT_LOOK = ExitCode.USAGE;

  private final Surroundings surroundings;

  /** With its output going where {@code surroundings} says. */
  public DataCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Option(names = "--help", usageHelp = true, description = "Shows this help.")
  boolean help;

  /** What is done with a directory that could be taken. */
  private interface Work {
    int on(DataDirectory directory) throws IOException;
  }

  /** How the directory is taken. */
  private interface Opening {
    DataDirectory of(Path path) throws IOException;
  }

  private int with(Path path, Work work) {
    return with(path, DataDirectory::open, work);
  }

  private int with(Path path, Opening opening, Work work) {
    try (DataDirectory directory = opening.of(path)) {
      return work.on(directory);
    } catch (NoSuchFileException absent) {
      surroundings.err().println(path + ": there is no such directory");
    } catch (DirectoryInUseException | NotADataDirectoryException notToBeTaken) {
      surroundings.err().println(notToBeTaken.getMessage());
    } catch (IOException failure) {
      surroundings.err().println(path + " cannot be read: " + failure.getMessage());
    }
    return CANNOT_LOOK;
  }

  @Command(
      name = "verify",
      sortOptions = false,
      description = {
        "Reads every record of the log and every byte of the snapshots, and says what is damaged.",
        "Changes nothing. Exit code 0: sound; 1: damaged; 2: it could not be looked at, or is empty."
      })
  int verify(
      @Parameters(paramLabel = "DIR", description = "The node's data directory.") Path path,
      @Option(names = "--json", description = "One JSON object instead of text.") boolean json,
      @Option(names = "--help", usageHelp = true, description = "Shows this help.")
          boolean showHelp) {
    return with(
        path,
        directory -> {
          DirectoryReport report = directory.verify();
          surroundings
              .out()
              .print(json ? ReportJson.render(report) : ReportText.render(path, report));
          if (report.isNew()) {
            // Not sound: whoever asks expects data, and a lost disk looks just so.
            return CANNOT_LOOK;
          }
          return report.isSound() ? ExitCode.OK : ExitCode.SOFTWARE;
        });
  }

  @Command(
      name = "dump",
      sortOptions = false,
      description = {
        "Shows the log's records in their order, one line each; of a damaged log what can be read.",
        "Exit code 0: all could be read; 1: some could not; 2: it could not be looked at."
      })
  int dump(
      @Parameters(paramLabel = "DIR", description = "The node's data directory.") Path path,
      @Option(
              names = "--shard",
              paramLabel = "N|meta",
              description = "Only the records of this shard.")
          @Nullable String shard,
      @Option(
              names = "--from",
              paramLabel = "INDEX",
              description = "Only entries from this index on.")
          @Nullable Long from,
      @Option(names = "--json", description = "One JSON object a line.") boolean json,
      @Option(names = "--help", usageHelp = true, description = "Shows this help.")
          boolean showHelp) {
    Integer group = shard == null ? null : group(shard);
    if (shard != null && group == null) {
      surroundings.err().println("--shard must be a number or meta, not '" + shard + "'");
      return ExitCode.USAGE;
    }
    return with(
        path,
        directory -> {
          LogLines lines = new LogLines(surroundings.out(), json, group, from == null ? 0 : from);
          directory.readLog(lines);
          return lines.anyDamage() ? ExitCode.SOFTWARE : ExitCode.OK;
        });
  }

  @Command(
      name = "repair",
      sortOptions = false,
      description = {
        "Gives up a damaged directory: moves what is in it into a folder damaged-<time> inside, and"
            + " marks it. When its node starts again, the others take it in under a new"
            + " incarnation, and it fetches everything from them. Every shard must have a leader"
            + " without this node: see cluster status.",
        "Exit code 0: done, or nothing to repair; 1: refused; 2: it could not be looked at."
      })
  int repair(
      @Parameters(paramLabel = "DIR", description = "The node's data directory.") Path path,
      @Option(
              names = "--lost",
              description =
                  "The directory is empty or absent, because the node lost its disk; or its node"
                      + " has begun with an empty one since, and was refused.")
          boolean lost,
      @Option(
              names = "--force",
              description =
                  "Gives up a sound directory too, or one that does not tell any more how many"
                      + " nodes and replicas there are.")
          boolean force,
      @Option(names = "--help", usageHelp = true, description = "Shows this help.")
          boolean showHelp) {
    Opening opening = lost ? DataDirectory::openOrCreate : DataDirectory::open;
    return with(path, opening, new Repair(surroundings, path, lost, force)::run);
  }

  private static @Nullable Integer group(String shard) {
    if (shard.equals("meta")) {
      return MetaState.GROUP;
    }
    return shard.matches("[0-9]{1,5}") ? Integer.valueOf(shard) : null;
  }
}
