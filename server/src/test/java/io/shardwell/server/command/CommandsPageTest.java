package io.shardwell.server.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.shardwell.statemachine.Command;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;

/** Shows that docs/commands.md is what the table gives, and that the table lacks nothing. */
class CommandsPageTest {

  @Test
  void thePageIsWhatTheTableGives() throws Exception {
    if (Boolean.getBoolean(CommandsPage.PROPERTY)) {
      CommandsPage.write();
    }
    assertThat(Files.readString(CommandsPage.FILE, StandardCharsets.UTF_8))
        .as(
            "write docs/commands.md anew: mvn -o test -pl server -am -Dtest=CommandsPageTest"
                + " -Dsurefire.failIfNoSpecifiedTests=false -D%s=true",
            CommandsPage.PROPERTY)
        .isEqualTo(CommandsPage.text());
  }

  @Test
  void everyRowIsComplete() {
    for (CommandRow row : CommandTable.all()) {
      assertThat(row.summary()).as(row.name()).isNotEmpty();
      assertThat(row.since()).as(row.name()).matches("\\d+\\.\\d+\\.\\d+");
      assertThat(row.complexity()).as(row.name()).matches("-|O\\(.*");
      assertThat(CommandsPage.GROUPS).as(row.name()).contains(row.group());
      assertThat(row.firstKey() > 0).as(row.name()).isEqualTo(!row.keySpecs().isEmpty());
    }
  }

  @Test
  void writesAreFlaggedAsWrites() {
    for (Command command : Command.values()) {
      if (command.isInternal()) {
        continue;
      }
      CommandRow row = CommandTable.row(command.lowerName());
      assertThat(row.flags().contains("write")).as(row.name()).isEqualTo(command.isWrite());
      assertThat(row.flags().contains("denyoom")).as(row.name()).isEqualTo(command.mayNeedRoom());
      assertThat(row.flags().contains("readonly")).as(row.name()).isEqualTo(!command.isWrite());
    }
  }
}
