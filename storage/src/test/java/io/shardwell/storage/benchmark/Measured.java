package io.shardwell.storage.benchmark;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;

/**
 * What the log did in one round.
 *
 * @param syncs turns made durable, per second
 * @param appends records made durable, per second
 * @param bytes handed to the disk in turns, per second
 * @param allocatedPerTurn bytes of garbage and of index that the loop's and the disk's thread
 *     allocated for a turn
 */
record Measured(double syncs, double appends, double bytes, double allocatedPerTurn) {

  static double perSecond(long count, long nanos) {
    return (double) count * TimeUnit.SECONDS.toNanos(1) / nanos;
  }

  static <T> double median(List<T> rounds, ToDoubleFunction<T> figure) {
    double[] sorted = rounds.stream().mapToDouble(figure).sorted().toArray();
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  /** From the lowest to the highest round, as a share of the median: how quiet the machine was. */
  static double spread(List<Double> rounds) {
    double[] sorted = rounds.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    double median = median(rounds, Double::doubleValue);
    return Arrays.stream(sorted).map(d -> Math.abs(d - median)).max().orElse(0) / median;
  }
}
