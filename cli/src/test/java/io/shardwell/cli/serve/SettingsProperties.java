package io.shardwell.cli.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Shows which layer wins, for every setting and every set of layers that name it. */
class SettingsProperties {

  @Property
  void aFlagWinsOverTheEnvironmentThatOverTheFileThatOverTheDefault(
      @ForAll Setting setting,
      @ForAll boolean inFlags,
      @ForAll boolean inEnvironment,
      @ForAll boolean inFile,
      @ForAll boolean blankInEnvironment) {
    Map<Setting, String> flags = inFlags ? Map.of(setting, "from-flag") : Map.of();
    Map<String, String> environment = new HashMap<>();
    if (inEnvironment) {
      environment.put(setting.variable(), " from-environment ");
    } else if (blankInEnvironment) {
      environment.put(setting.variable(), " ");
    }
    Properties file = new Properties();
    if (inFile) {
      file.setProperty(setting.property(), "from-file");
    }

    Settings.Found found = Settings.merge(flags, environment, file).find(setting);

    String expected =
        inFlags
            ? "from-flag"
            : inEnvironment ? "from-environment" : inFile ? "from-file" : setting.defaultValue();
    assertThat(found == null ? null : found.value()).isEqualTo(expected);
  }

  @Example
  void theThreeWaysToWriteAName() {
    assertThat(Setting.TEXT_PORT.flag()).isEqualTo("--text-port");
    assertThat(Setting.TEXT_PORT.variable()).isEqualTo("SHARDWELL_TEXT_PORT");
    assertThat(Setting.TEXT_PORT.property()).isEqualTo("text-port");
  }

  @Example
  void aMisspeltNameInTheFileIsRefused() {
    Properties file = new Properties();
    file.setProperty("prot", "6380");
    assertThatThrownBy(() -> Settings.merge(Map.of(), Map.of(), file))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("unknown setting in the file: prot");
  }

  @Example
  void complaintsNameThePlaceToMend() {
    Settings settings =
        Settings.merge(
            Map.of(), Map.of("SHARDWELL_PORT", "63x", "SHARDWELL_INSECURE", "y"), new Properties());
    assertThatThrownBy(() -> settings.number(Setting.PORT))
        .hasMessage("SHARDWELL_PORT '63x' is not a whole number");
    assertThatThrownBy(() -> settings.yes(Setting.INSECURE))
        .hasMessage("SHARDWELL_INSECURE 'y' is neither true nor false");
    assertThatThrownBy(() -> settings.text(Setting.DIR))
        .hasMessage("missing --dir (or SHARDWELL_DIR, or dir in a --config file)");
  }
}
