package io.shardwell.jepsen.planted;

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
import net.bytebuddy.description.method.MethodDescription;
import net.bytebuddy.dynamic.ClassFileLocator;
import net.bytebuddy.dynamic.scaffold.InstrumentedType;
import net.bytebuddy.implementation.bytecode.assign.Assigner;
import net.bytebuddy.matcher.ElementMatcher;
import net.bytebuddy.matcher.ElementMatchers;
import org.jspecify.annotations.Nullable;

/**
 * Changes methods of classes that are loaded already, one bug at a time, and takes all of it back:
 * production code has no switches. The simulation has one thread, so a change is in force from one
 * event to the next and a run with it is as deterministic as one without.
 *
 * <p>Public, as are its members, because the code that is woven into the methods calls it.
 */
public final class Detours implements AutoCloseable {

  /** What a bug does to a call. */
  @FunctionalInterface
  interface Change {
    void before(Call call);
  }

  /** Returned by {@link #enter} for a call whose method does nothing. */
  public static final class Skipped {
    private final Call call;

    Skipped(Call call) {
      this.call = call;
    }
  }

  private static final Map<String, Change> CHANGES = new HashMap<>();

  /** Calls that were changed since the bug was planted. */
  private static long changedCalls;

  /** A change that did not fit the code; the run's outcome means nothing then. */
  private static @Nullable String misfit;

  private final Instrumentation instrumentation = ByteBuddyAgent.install();
  private final List<ClassDefinition> originals = new ArrayList<>();

  private Detours() {}

  /**
   * Plants a bug; closing takes it back.
   *
   * @throws Inside.Gone if a method it changes is not there, or is there more than once
   */
  static Detours plant(PlantedBug bug) {
    if (!CHANGES.isEmpty()) {
      throw new IllegalStateException("one bug at a time");
    }
    changedCalls = 0;
    misfit = null;
    Detours detours = new Detours();
    try {
      for (String type : bug.changedClasses()) {
        detours.redefine(Inside.type(type), bug);
      }
    } catch (RuntimeException | Error failed) {
      detours.close();
      throw failed;
    }
    return detours;
  }

  private void redefine(Class<?> type, PlantedBug bug) {
    ElementMatcher.Junction<MethodDescription> methods = ElementMatchers.none();
    for (PlantedBug.Site site : bug.sitesIn(type.getName())) {
      long found =
          Arrays.stream(type.getDeclaredMethods())
              .filter(method -> !method.isSynthetic() && method.getName().equals(site.method()))
              .count();
      if (found != 1) {
        throw new Inside.Gone(found + " methods " + type.getName() + "." + site.method(), null);
      }
      methods = methods.or(ElementMatchers.named(site.method()));
      CHANGES.put(type.getName() + "." + site.method(), site.change());
    }
    ClassFileLocator locator = ClassFileLocator.ForClassLoader.of(type.getClassLoader());
    try {
      byte[] original = locator.locate(type.getName()).resolve();
      byte[] changed =
          new ByteBuddy()
              .with(InstrumentedType.Factory.Default.FROZEN)
              .redefine(type, locator)
              .visit(Advice.to(Woven.class).on(methods))
              .make()
              .getBytes();
      originals.add(new ClassDefinition(type, original));
      instrumentation.redefineClasses(new ClassDefinition(type, changed));
    } catch (IOException | ClassNotFoundException | UnmodifiableClassException e) {
      throw new IllegalStateException("cannot change " + type, e);
    }
  }

  /** How many calls the bug has changed. */
  long changedCalls() {
    return changedCalls;
  }

  /** Fails if the bug did not fit the code it was planted in. */
  void check() {
    if (misfit != null) {
      throw new Inside.Gone(misfit, null);
    }
  }

  @Override
  public void close() {
    CHANGES.clear();
    try {
      instrumentation.redefineClasses(originals.toArray(ClassDefinition[]::new));
    } catch (ClassNotFoundException | UnmodifiableClassException e) {
      throw new IllegalStateException("a planted bug stays", e);
    }
  }

  /** The code at both ends of a changed method; Byte Buddy copies it there. */
  private static final class Woven {
    private Woven() {}

    // Assigning to these parameters is how an advice changes what they stand for.
    @SuppressWarnings({"UnusedVariable", "UnusedMethod"})
    @Advice.OnMethodEnter(skipOn = Skipped.class)
    static @Nullable Object enter(
        @Advice.Origin("#t.#m") String method,
        @Advice.This(optional = true) @Nullable Object self,
        @Advice.AllArguments(readOnly = false, typing = Assigner.Typing.DYNAMIC)
            @Nullable Object[] arguments) {
      @Nullable Object[] changed = arguments;
      Object entered = Detours.enter(method, self, changed);
      arguments = changed;
      return entered;
    }

    @SuppressWarnings({"UnusedVariable", "UnusedMethod"}) // As above.
    @Advice.OnMethodExit
    static void exit(
        @Advice.Enter @Nullable Object entered,
        @Advice.Return(readOnly = false, typing = Assigner.Typing.DYNAMIC)
            @Nullable Object result) {
      result = Detours.leave(entered, result);
    }
  }

  /** A changed method begins. */
  public static @Nullable Object enter(
      String method, @Nullable Object self, @Nullable Object[] arguments) {
    Change change = CHANGES.get(method);
    if (change == null) {
      return null;
    }
    Call call = new Call(self, arguments);
    try {
      change.before(call);
    } catch (Inside.Gone gone) {
      misfit = gone.getMessage();
      throw gone;
    }
    changedCalls += call.isChanged() ? 1 : 0;
    return call.isSkipped() ? new Skipped(call) : call;
  }

  /** A changed method ends. */
  public static @Nullable Object leave(@Nullable Object entered, @Nullable Object result) {
    if (entered == null) {
      return result;
    }
    Call call = entered instanceof Skipped skipped ? skipped.call : (Call) entered;
    boolean changedBefore = call.isChanged();
    Object replaced;
    try {
      replaced = call.result(result);
    } catch (Inside.Gone gone) {
      misfit = gone.getMessage();
      throw gone;
    }
    changedCalls += call.isChanged() && !changedBefore ? 1 : 0;
    return replaced;
  }
}
