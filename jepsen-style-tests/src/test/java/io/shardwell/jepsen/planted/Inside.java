package io.shardwell.jepsen.planted;

import java.lang.reflect.AccessibleObject;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import org.jspecify.annotations.Nullable;

/**
 * Reaches what is private in production code, by name. Whatever is not there any more is a {@link
 * Gone}, so that a renamed field disarms no bug in silence.
 */
final class Inside {

  /** The code a bug was written for is not there any more. */
  static final class Gone extends RuntimeException {
    private static final long serialVersionUID = 1;

    Gone(String what, @Nullable Throwable cause) {
      super("planted bug no longer fits: " + what, cause);
    }
  }

  private Inside() {}

  static Class<?> type(String name) {
    try {
      return Class.forName(name);
    } catch (ClassNotFoundException e) {
      throw new Gone("no class " + name, e);
    }
  }

  /** The value of a field, which must not be null. */
  static <T> T get(Object owner, String name, Class<T> type) {
    try {
      return type.cast(notNull(field(owner, name).get(owner), owner, name));
    } catch (IllegalAccessException | ClassCastException e) {
      throw new Gone(owner.getClass() + "." + name, e);
    }
  }

  /** A field that may hold null. */
  static @Nullable Object peek(Object owner, String name) {
    try {
      return field(owner, name).get(owner);
    } catch (IllegalAccessException e) {
      throw new Gone(owner.getClass() + "." + name, e);
    }
  }

  private static Object notNull(@Nullable Object value, Object owner, String name) {
    if (value == null) {
      throw new Gone(owner.getClass() + "." + name + " is null", null);
    }
    return value;
  }

  static void set(Object owner, String name, Object value) {
    try {
      field(owner, name).set(owner, value);
    } catch (IllegalAccessException | IllegalArgumentException e) {
      throw new Gone(owner.getClass() + "." + name, e);
    }
  }

  private static Field field(Object owner, String name) {
    try {
      return open(owner.getClass().getDeclaredField(name));
    } catch (NoSuchFieldException e) {
      throw new Gone(owner.getClass() + "." + name, e);
    }
  }

  /** Calls the method of that name, of which there must be one; what it throws passes through. */
  static @Nullable Object call(Object owner, String name, Object... arguments) {
    Method found = null;
    for (Method method : owner.getClass().getDeclaredMethods()) {
      if (method.getName().equals(name) && method.getParameterCount() == arguments.length) {
        if (found != null) {
          throw new Gone(owner.getClass() + "." + name + " is ambiguous", null);
        }
        found = method;
      }
    }
    if (found == null) {
      throw new Gone(owner.getClass() + "." + name, null);
    }
    try {
      return open(found).invoke(owner, arguments);
    } catch (InvocationTargetException e) {
      throw passOn(e);
    } catch (IllegalAccessException | IllegalArgumentException e) {
      throw new Gone(found.toString(), e);
    }
  }

  /** A new object by the only constructor of its class. */
  static Object make(String type, Object... arguments) {
    Constructor<?>[] constructors = type(type).getDeclaredConstructors();
    if (constructors.length != 1) {
      throw new Gone("the one constructor of " + type, null);
    }
    try {
      return open(constructors[0]).newInstance(arguments);
    } catch (InvocationTargetException e) {
      throw passOn(e);
    } catch (ReflectiveOperationException | IllegalArgumentException e) {
      throw new Gone("the constructor of " + type, e);
    }
  }

  private static <T extends AccessibleObject> T open(T member) {
    member.setAccessible(true);
    return member;
  }

  private static RuntimeException passOn(InvocationTargetException thrown) {
    Throwable cause = thrown.getCause();
    if (cause instanceof Error error) {
      throw error;
    }
    return cause instanceof RuntimeException unchecked
        ? unchecked
        : new Gone("threw a checked exception", cause);
  }
}
