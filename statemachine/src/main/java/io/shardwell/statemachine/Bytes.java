package io.shardwell.statemachine;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Words in byte arrays, whatever the machine's own byte order. */
final class Bytes {
  private static final VarHandle BIG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
  private static final VarHandle LITTLE =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private Bytes() {}

  static long getLong(byte[] bytes, int at) {
    return (long) BIG.get(bytes, at);
  }

  static void putLong(byte[] bytes, int at, long value) {
    BIG.set(bytes, at, value);
  }

  static long getLongLittle(byte[] bytes, int at) {
    return (long) LITTLE.get(bytes, at);
  }
}
