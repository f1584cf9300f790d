package io.shardwell.statemachine.benchmark;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.openjdk.jmh.infra.Blackhole;

/** What any Java program has: no log, no deadlines, no recency, no digest. */
final class HashMapTable implements Table {
  private final Map<ByteBuffer, byte[]> map = new HashMap<>();
  private Operation operation = Operation.GET;
  private byte[][] keys = {};
  private byte[][] values = {};

  @Override
  public void load(Operation unused, byte[] key, byte[] value) {
    map.put(ByteBuffer.wrap(key), value);
  }

  @Override
  public void prepare(Operation newOperation, byte[][] newKeys, byte[][] newValues) {
    operation = newOperation;
    keys = newKeys;
    values = newValues;
  }

  @Override
  public void run(Blackhole sink) {
    for (int i = 0; i < keys.length; i++) {
      ByteBuffer key = ByteBuffer.wrap(keys[i]);
      switch (operation) {
        case GET -> sink.consume(map.get(key));
        case SET_OVERWRITE, SET_NEW -> sink.consume(map.put(key, values[i]));
        case INCR -> sink.consume(map.computeIfPresent(key, (k, number) -> increment(number)));
        case EXPIRE -> throw new UnsupportedOperationException("no deadlines");
      }
    }
  }

  @Override
  public void remove(byte[][] added) {
    for (byte[] key : added) {
      map.remove(ByteBuffer.wrap(key));
    }
  }

  static byte[] increment(byte[] number) {
    long sum = Math.addExact(Long.parseLong(new String(number, StandardCharsets.US_ASCII)), 1);
    return Long.toString(sum).getBytes(StandardCharsets.US_ASCII);
  }
}
