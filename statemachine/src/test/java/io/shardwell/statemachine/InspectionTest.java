package io.shardwell.statemachine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Shows what OBJECT and MEMORY USAGE are told of values, and that looking is no use of a key. */
class InspectionTest {
  private final Shard shard = new Shard();

  private @Nullable Inspection inspect(String key) {
    return Inspection.of(shard.state.read(question(key), shard.stamp));
  }

  private static Invocation question(String key) {
    byte[] bytes = key.getBytes(StandardCharsets.ISO_8859_1);
    return ((Invocation.Ok) Inspection.question(bytes)).invocation();
  }

  @Test
  void tellsLengthsAndNumbersApart() {
    for (String number : new String[] {"0", "-7", "9223372036854775807", "-9223372036854775808"}) {
      shard.write("SET", "k", number);
      Inspection value = Objects.requireNonNull(inspect("k"));
      assertThat(value.isWholeNumber()).as(number).isTrue();
      assertThat(value.valueBytes()).isEqualTo(number.length());
    }
    String longest = "-9223372036854775808";
    for (String text : new String[] {"", "07", "-0", "1.5", "9223372036854775808", longest + "0"}) {
      shard.write("SET", "k", text);
      assertThat(Objects.requireNonNull(inspect("k")).isWholeNumber()).as(text).isFalse();
    }
    shard.write("SET", "k", "7".repeat(5000));
    Inspection value = Objects.requireNonNull(inspect("k"));
    assertThat(value.isWholeNumber()).isFalse();
    assertThat(value.valueBytes()).isEqualTo(5000);
    assertThat(value.head()).hasSize(Inspection.HEAD_BYTES);
  }

  @Test
  void whatIsGoneIsNotThere() {
    assertThat(inspect("k")).isNull();
    shard.write("SET", "k", "v", "PX", "10");
    assertThat(inspect("k")).isNotNull();
    shard.tick(10);
    assertThat(inspect("k")).isNull();
    assertThat(Inspection.of(Failures.OUT_OF_MEMORY)).isNull();
  }

  /** GET asked before: a look at a key kept it from being evicted. */
  @Test
  void lookingIsNoUse() {
    shard.write("SET", "k", "v");
    TouchBuilder touches = new TouchBuilder();
    shard.state.recordUse(question("k"), touches);
    assertThat(touches.size()).isZero();
    shard.state.recordUse(Shard.call("GET", "k"), touches);
    assertThat(touches.size()).isEqualTo(1);
  }

  @Test
  void aKeyThatIsTooLongIsRefused() {
    assertThat(Inspection.question(new byte[Limits.MAX_KEY_BYTES + 1]))
        .isEqualTo(new Invocation.Bad(Failures.KEY_TOO_LARGE));
  }
}
