package io.shardwell.jepsen;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.equivalentTo;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaCall;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.properties.HasOwner;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/**
 * Shows that the modules keep to their arrows and that each owns one kind of effect, by looking at
 * every dependency of every production class. The build's module graph gives the arrows between
 * modules; this adds what a module may take from the JDK.
 */
@AnalyzeClasses(
    packages = "io.shardwell",
    importOptions = {ImportOption.DoNotIncludeTests.class})
class ArchitectureTest {
  private static final String STATE_MACHINE = "io.shardwell.statemachine..";
  private static final String STORAGE = "io.shardwell.storage..";
  private static final String RAFT_GROUP = "io.shardwell.raftgroup..";
  private static final String SERVER = "io.shardwell.server..";
  private static final String CLI = "io.shardwell.cli..";

  private static final DescribedPredicate<JavaClass> SOCKETS =
      JavaClass.Predicates.resideInAnyPackage("java.net..", "io.netty..")
          .or(named("java.nio.channels.(Server)?Socket.*", "sockets"))
          .as("sockets");

  private static final DescribedPredicate<JavaClass> THREADS =
      named(
              "java.lang.Thread.*"
                  + "|java.util.Timer.*"
                  + "|java.util.concurrent.(Executors|ThreadPool.*|Scheduled.*|ForkJoin.*)",
              "threads")
          .as("threads of their own");

  private static final DescribedPredicate<JavaClass> FILES =
      JavaClass.Predicates.resideInAnyPackage("java.nio.file..")
          .or(
              named(
                  "java.io.(File|FileInputStream|FileOutputStream|FileReader|FileWriter"
                      + "|FileDescriptor|RandomAccessFile)|java.nio.channels.File.*",
                  "files"))
          .as("files");

  private static DescribedPredicate<JavaClass> named(String pattern, String description) {
    return DescribedPredicate.describe(description, type -> type.getName().matches(pattern));
  }

  @ArchTest
  static final ArchRule THE_STATE_MACHINE_IS_PURE =
      classes()
          .that()
          .resideInAPackage(STATE_MACHINE)
          .should()
          .onlyDependOnClassesThat(
              JavaClass.Predicates.resideInAnyPackage(
                      STATE_MACHINE,
                      "java.lang..",
                      "java.math..",
                      "java.nio",
                      "java.nio.charset..",
                      "java.util",
                      "java.util.function..",
                      "java.util.stream..",
                      "java.util.zip..",
                      "org.jspecify..")
                  .and(DescribedPredicate.not(THREADS))
                  .and(
                      DescribedPredicate.not(
                          named("java.util.(Random|UUID|SplittableRandom)", "randomness")))
                  .or(JavaClass.Predicates.equivalentTo(byte[].class))
                  .or(DescribedPredicate.describe("arrays", JavaClass::isArray)))
          .because("replicas must compute the same from the same log, everywhere and always");

  @ArchTest
  static final ArchRule NO_CLOCK_BELOW_THE_SERVER =
      noClasses()
          .that()
          .resideInAnyPackage(STATE_MACHINE, STORAGE, RAFT_GROUP)
          .should()
          .callMethod(System.class, "nanoTime")
          .orShould()
          .callMethod(System.class, "currentTimeMillis")
          .orShould()
          .callMethod(java.time.Instant.class, "now")
          .orShould()
          .callMethod(java.time.Clock.class, "systemUTC")
          .orShould()
          .callMethod(Math.class, "random")
          .because("time comes in through EventLoop, so that a simulation can turn it");

  @ArchTest
  static final ArchRule NO_LOCALE_IS_TAKEN_FROM_THE_MACHINE =
      noClasses()
          .that()
          .resideInAnyPackage(STATE_MACHINE, STORAGE, RAFT_GROUP, SERVER, CLI)
          .should()
          .callMethod(String.class, "format", String.class, Object[].class)
          .orShould()
          .callMethod(String.class, "formatted", Object[].class)
          .orShould()
          .callMethod(String.class, "toLowerCase")
          .orShould()
          .callMethod(String.class, "toUpperCase")
          .because("names of files, commands and digits must be the same everywhere");

  @ArchTest
  static final ArchRule STORAGE_STANDS_ALONE =
      noClasses()
          .that()
          .resideInAPackage(STORAGE)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(STATE_MACHINE, RAFT_GROUP, SERVER, CLI)
          .orShould()
          .dependOnClassesThat(SOCKETS)
          .orShould()
          // It may interrupt the thread it is called on, but has none of its own.
          .dependOnClassesThat(THREADS.and(DescribedPredicate.not(equivalentTo(Thread.class))))
          .orShould()
          .callConstructorWhere(
              JavaCall.Predicates.target(
                  HasOwner.Predicates.With.owner(assignableTo(Thread.class))))
          .because("it knows records and disks, neither commands nor who runs it");

  @ArchTest
  static final ArchRule RAFT_GROUP_HAS_NO_EFFECTS =
      noClasses()
          .that()
          .resideInAPackage(RAFT_GROUP)
          .should()
          .dependOnClassesThat(SOCKETS)
          .orShould()
          .dependOnClassesThat(FILES)
          .orShould()
          .dependOnClassesThat(THREADS)
          .orShould()
          .dependOnClassesThat()
          .resideInAnyPackage(SERVER, CLI)
          .because("what the simulation runs must be all there is");

  @ArchTest
  static final ArchRule ONLY_STORAGE_WRITES_DATA =
      noClasses()
          .that()
          .resideOutsideOfPackages(STORAGE, CLI)
          .should()
          .dependOnClassesThat(
              named(
                  "java.io.(FileOutputStream|RandomAccessFile|FileWriter)"
                      + "|java.nio.channels.FileChannel",
                  "channels to files"))
          .because("what is durable has one owner; cli opens its standard output only");

  @ArchTest
  static final ArchRule ONLY_SERVER_AND_CLI_KNOW_SOCKETS =
      noClasses().that().resideOutsideOfPackages(SERVER, CLI).should().dependOnClassesThat(SOCKETS);

  @ArchTest
  static final ArchRule ONLY_SERVER_KNOWS_NETTY =
      noClasses()
          .that()
          .resideOutsideOfPackage(SERVER)
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.netty..");

  @ArchTest
  static final ArchRule ONLY_CLI_PRINTS_AND_EXITS =
      noClasses()
          .that()
          .resideOutsideOfPackage(CLI)
          .should()
          .accessField(System.class, "out")
          .orShould()
          .accessField(System.class, "err")
          .orShould()
          .callMethod(System.class, "exit", int.class);

  @ArchTest
  static final ArchRule SERVER_DOES_NOT_KNOW_CLI =
      noClasses()
          .that()
          .resideInAPackage(SERVER)
          .should()
          .dependOnClassesThat()
          .resideInAPackage(CLI);

  @ArchTest
  static final ArchRule MICRORAFT_STAYS_BEHIND_RAFT_GROUP =
      noClasses()
          .that()
          .resideOutsideOfPackage(RAFT_GROUP)
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.microraft..");

  @ArchTest
  static final ArchRule NAMES_SAY_WHAT_THINGS_ARE =
      noClasses()
          .should()
          .haveNameMatching(".*(Manager|Helper|Util|Utils|Impl)(\\$.*)?")
          .because("every class has a noun of its own");
}
