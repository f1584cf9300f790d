package io.shardwell.cli.serve;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/**
 * The settings of one node, merged from their layers: a flag wins over the environment, that over
 * the file, that over the default. An empty value counts as none, so that a variable can be
 * switched off without being unset.
 */
final class Settings {

  /** A value and where it was found, so that a complaint can name the place to mend. */
  record Found(String value, String place) {}

  private final Map<Setting, Found> found;

  private Settings(Map<Setting, Found> found) {
    this.found = found;
  }

  /**
   * Merges the layers.
   *
   * @param file the properties of the {@code --config} file, empty without one
   * @throws IllegalArgumentException when the file names a setting that does not exist
   */
  static Settings merge(
      Map<Setting, String> flags, Map<String, String> environment, Properties file) {
    List<String> unknown = new ArrayList<>(file.stringPropertyNames());
    Map<Setting, Found> found = new EnumMap<>(Setting.class);
    for (Setting setting : Setting.values()) {
      unknown.remove(setting.property());
      Found first =
          firstOf(
              layer(flags.get(setting), setting.flag()),
              layer(environment.get(setting.variable()), setting.variable()),
              layer(file.getProperty(setting.property()), setting.property() + " in the file"),
              layer(setting.defaultValue(), "the default of " + setting.flag()));
      if (first != null) {
        found.put(setting, first);
      }
    }
    if (!unknown.isEmpty()) {
      unknown.sort(null);
      throw new IllegalArgumentException(
          "unknown setting in the file: " + String.join(", ", unknown));
    }
    return new Settings(found);
  }

  /** Where it was set, or null where it was not. */
  @Nullable Found find(Setting setting) {
    return found.get(setting);
  }

  /**
   * The value of a setting that must be there.
   *
   * @throws IllegalArgumentException when it is not, naming the three ways to give it
   */
  String text(Setting setting) {
    Found value = found.get(setting);
    if (value == null) {
      throw new IllegalArgumentException(
          "missing "
              + setting.flag()
              + " (or "
              + setting.variable()
              + ", or "
              + setting.property()
              + " in a --config file)");
    }
    return value.value();
  }

  /**
   * The value as a whole number.
   *
   * @throws IllegalArgumentException when it is none
   */
  int number(Setting setting) {
    try {
      return Integer.parseInt(text(setting));
    } catch (NumberFormatException notANumber) {
      throw wrong(setting, "is not a whole number");
    }
  }

  /**
   * The value as a number of bytes.
   *
   * @throws IllegalArgumentException when it is none
   */
  long bytes(Setting setting) {
    try {
      return Long.parseLong(text(setting));
    } catch (NumberFormatException notANumber) {
      throw wrong(setting, "is not a whole number of bytes");
    }
  }

  /**
   * The value as true or false.
   *
   * @throws IllegalArgumentException when it is neither
   */
  boolean yes(Setting setting) {
    return switch (text(setting)) {
      case "true" -> true;
      case "false" -> false;
      default -> throw wrong(setting, "is neither true nor false");
    };
  }

  /** The complaint about a value, naming where it came from. */
  IllegalArgumentException wrong(Setting setting, String complaint) {
    Found value = found.get(setting);
    String what = value == null ? setting.flag() : value.place() + " '" + value.value() + "'";
    return new IllegalArgumentException(what + " " + complaint);
  }

  private static @Nullable Found layer(@Nullable String value, String place) {
    return value == null || value.isBlank() ? null : new Found(value.strip(), place);
  }

  private static @Nullable Found firstOf(@Nullable Found... layers) {
    for (Found layer : layers) {
      if (layer != null) {
        return layer;
      }
    }
    return null;
  }
}
