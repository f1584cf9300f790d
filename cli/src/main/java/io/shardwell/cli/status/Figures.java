package io.shardwell.cli.status;

import java.util.Locale;

/** Quantities as people read them. */
final class Figures {

  private static final String[] BYTE_UNITS = {"B", "KiB", "MiB", "GiB", "TiB"};

  private Figures() {}

  /** {@code 512 B}, {@code 1.5 KiB}, {@code 64.0 MiB}. */
  static String bytes(long bytes) {
    double value = bytes;
    int unit = 0;
    while (value >= 1024 && unit < BYTE_UNITS.length - 1) {
      value /= 1024;
      unit++;
    }
    return unit == 0
        ? bytes + " B"
        : String.format(Locale.ROOT, "%.1f %s", value, BYTE_UNITS[unit]);
  }

  /** {@code 45s}, {@code 12m 5s}, {@code 3h 20m}, {@code 4d 2h}. */
  static String duration(long millis) {
    long seconds = millis / 1000;
    long minutes = seconds / 60;
    long hours = minutes / 60;
    if (minutes == 0) {
      return seconds + "s";
    }
    if (hours == 0) {
      return minutes + "m " + seconds % 60 + "s";
    }
    return hours < 24 ? hours + "h " + minutes % 60 + "m" : hours / 24 + "d " + hours % 24 + "h";
  }
}
