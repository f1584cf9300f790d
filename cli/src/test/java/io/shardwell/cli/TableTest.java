package io.shardwell.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/** Shows the layout of tables by an example. */
class TableTest {

  @Test
  void columnsAreAsWideAsTheirWidestCell() {
    Table table = new Table("NODE", ">PID", "STATE");
    table.row("n1", 7, "ready");
    table.row("node-12", 12345, "");
    assertThat(table.render())
        .isEqualTo(
            """
            NODE       PID  STATE
            n1           7  ready
            node-12  12345
            """);
  }

  @Test
  void aRowHasAsManyCellsAsTheHeader() {
    assertThatThrownBy(() -> new Table("A", "B").row("1"))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
