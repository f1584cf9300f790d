package io.shardwell.raftgroup.replica;

import java.io.IOException;
import java.lang.instrument.ClassDefinition;
import java.lang.instrument.Instrumentation;
import java.lang.instrument.UnmodifiableClassException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import net.bytebuddy.ByteBuddy;
import net.bytebuddy.agent.ByteBuddyAgent;
import net.bytebuddy.asm.Advice;
import net.bytebuddy.dynamic.ClassFileLocator;
import net.bytebuddy.dynamic.scaffold.InstrumentedType;
import net.bytebuddy.implementation.bytecode.assign.Assigner;
import net.bytebuddy.matcher.ElementMatchers;
import org.jspecify.annotations.Nullable;

/**
 * A rule of the guard that is not in force until this is closed: one method does something else.
 * Production code has no switches (decision 0014), so the bytecode of the loaded class changes.
 *
 * <p>Public, as are its members, because the code that is woven into the methods calls it.
 */
public final class RuleOff implements AutoCloseable {

  /** What a method does instead; it may change what happened, or throw. */
  @FunctionalInterface
  interface Instead {
    /**
     * Runs in place of the method.
     *
     * @param self null for a static method
     */
    @Nullable Object run(@Nullable Object self, @Nullable Object[] arguments) throws Exception;
  }

  /** Returned by {@link Instead} so that the method itself goes on. */
  static final Object PROCEED = new Object();

  /** Returned by {@link #enter} for a call whose method does nothing. */
  public record Done(@Nullable Object result) {}

  private static final Map<String, Instead> CHANGES = new HashMap<>();

  private final Instrumentation instrumentation = ByteBuddyAgent.install();
  private final List<ClassDefinition> originals = new ArrayList<>();

  /** Takes nothing away yet. */
  RuleOff() {
    if (!CHANGES.isEmpty()) {
      throw new IllegalStateException("one rule at a time");
    }
  }

  /** Changes one method, which must be there once and of a class that was not changed yet. */
  RuleOff in(Class<?> type, String method, Instead instead) {
    long found =
        Arrays.stream(type.getDeclaredMethods())
            .filter(declared -> !declared.isSynthetic() && declared.getName().equals(method))
            .count();
    if (found != 1) {
      throw new AssertionError(found + " methods " + type.getName() + "." + method);
    }
    CHANGES.put(type.getName() + "." + method, instead);
    ClassFileLocator locator = ClassFileLocator.ForClassLoader.of(type.getClassLoader());
    try {
      byte[] original = locator.locate(type.getName()).resolve();
      // All changes of the class so far, since a redefinition begins with the original.
      byte[] changed =
          new ByteBuddy()
              .with(InstrumentedType.Factory.Default.FROZEN)
              .redefine(type, locator)
              .visit(
                  Advice.to(Woven.class)
                      .on(
                          ElementMatchers.namedOneOf(
                              CHANGES.keySet().stream()
                                  .filter(name -> name.startsWith(type.getName() + "."))
                                  .map(name -> name.substring(type.getName().length() + 1))
                                  .toArray(String[]::new))))
              .make()
              .getBytes();
      originals.add(new ClassDefinition(type, original));
      instrumentation.redefineClasses(new ClassDefinition(type, changed));
    } catch (IOException | ClassNotFoundException | UnmodifiableClassException e) {
      throw new IllegalStateException("cannot change " + type, e);
    }
    return this;
  }

  @Override
  public void close() {
    CHANGES.clear();
    try {
      instrumentation.redefineClasses(originals.toArray(ClassDefinition[]::new));
    } catch (ClassNotFoundException | UnmodifiableClassException e) {
      throw new IllegalStateException("a rule stays off", e);
    }
  }

  /** The code at both ends of a changed method; Byte Buddy copies it there. */
  private static final class Woven {
    private Woven() {}

    // Byte Buddy calls it.
    @SuppressWarnings("UnusedMethod")
    @Advice.OnMethodEnter(skipOn = Advice.OnNonDefaultValue.class)
    static @Nullable Object enter(
        @Advice.Origin("#t.#m") String method,
        @Advice.This(optional = true) @Nullable Object self,
        @Advice.AllArguments(typing = Assigner.Typing.DYNAMIC) @Nullable Object[] arguments)
        throws Exception {
      return RuleOff.enter(method, self, arguments);
    }

    // As above; assigning to this parameter is how an advice changes what the method returns.
    @SuppressWarnings({"UnusedVariable", "UnusedMethod"})
    @Advice.OnMethodExit
    static void exit(
        @Advice.Enter @Nullable Object entered,
        @Advice.Return(readOnly = false, typing = Assigner.Typing.DYNAMIC)
            @Nullable Object result) {
      if (entered != null) {
        result = ((Done) entered).result();
      }
    }
  }

  /** A changed method begins; null if it is to go on. */
  public static @Nullable Object enter(
      String method, @Nullable Object self, @Nullable Object[] arguments) throws Exception {
    Instead instead = CHANGES.get(method);
    if (instead == null) {
      return null;
    }
    Object result = instead.run(self, arguments);
    return result == PROCEED ? null : new Done(result);
  }
}
