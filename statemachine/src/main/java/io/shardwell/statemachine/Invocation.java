package io.shardwell.statemachine;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A command and its arguments without the name. Immutable by convention. */
public final class Invocation {
  private static final int MAX_ERROR_ECHO_BYTES = 128;

  private final Command command;
  private final byte[][] arguments;
  private final int encodedBytes;

  /** What {@link #parse} found. */
  public sealed interface Parsed {}

  /** A call that a shard can execute. */
  public record Ok(Invocation invocation) implements Parsed {}

  /** Not a call; the failure is the answer. */
  public record Bad(Reply.Failure failure) implements Parsed {}

  private static final Set<String> SCRIPT_COMMANDS =
      Set.of("EVAL", "EVAL_RO", "EVALSHA", "EVALSHA_RO", "FCALL", "FCALL_RO");

  /**
   * The answer to whoever wants a script run or loaded. Not "unknown command": Redisson takes that
   * for a server without read-only scripts, whatever it has asked for, and asks again at once and
   * for ever (CommandAsyncService).
   */
  public static final Reply.Failure NO_SCRIPTS =
      new Reply.Failure("ERR scripts and functions are not supported");

  /** Unchecked: bytes from a log must be executed as they are, see {@link InvocationCodec}. */
  Invocation(Command command, byte[][] arguments) {
    this.command = command;
    this.arguments = arguments;
    this.encodedBytes = countEncodedBytes(command, arguments);
  }

  /**
   * Makes a call of the words a client sent, the name first; the words become the call's own.
   * Checks name, arity and sizes, but not what the arguments mean.
   */
  public static Parsed parse(byte[][] words) {
    if (words.length == 0) {
      return new Bad(unknownCommand(new byte[][] {new byte[0]}));
    }
    Command command = Command.byName(words[0]);
    if (command == null) {
      return new Bad(isOfScripts(words[0]) ? NO_SCRIPTS : unknownCommand(words));
    }
    if (!command.acceptsWords(words.length)) {
      return new Bad(Failures.wrongArity(command));
    }
    Invocation invocation = new Invocation(command, Arrays.copyOfRange(words, 1, words.length));
    Reply.Failure tooLarge = invocation.sizeFailure();
    return tooLarge == null ? new Ok(invocation) : new Bad(tooLarge);
  }

  /**
   * A call made by code.
   *
   * @throws IllegalArgumentException if the arity is wrong or a size limit is exceeded
   */
  public static Invocation of(Command command, byte[]... arguments) {
    if (!command.acceptsWords(arguments.length + 1)) {
      throw new IllegalArgumentException(Failures.wrongArity(command).text());
    }
    Invocation invocation = new Invocation(command, arguments);
    Reply.Failure tooLarge = invocation.sizeFailure();
    if (tooLarge != null) {
      throw new IllegalArgumentException(tooLarge.text());
    }
    return invocation;
  }

  /** What is called. */
  public Command command() {
    return command;
  }

  /** How many arguments there are, the name not counted. */
  public int argumentCount() {
    return arguments.length;
  }

  /** The argument at a position from 0, the name not counted. Not to be changed. */
  public byte[] argument(int i) {
    return arguments[i];
  }

  /** All arguments, the name not counted. */
  List<byte[]> arguments() {
    return Arrays.asList(arguments);
  }

  /** How many bytes the call takes in a batch. */
  public int encodedBytes() {
    return encodedBytes;
  }

  /** The keys, in order, repeated ones included; empty for a keyless command. */
  public List<byte[]> keys() {
    if (command.firstKey() == 0) {
      return List.of();
    }
    if (command.spread() == Command.Spread.ONE_KEY) {
      return List.of(arguments[command.firstKey() - 1]);
    }
    int last = lastKeyArgument();
    List<byte[]> keys = new ArrayList<>((last + command.keyStep()) / command.keyStep());
    for (int i = command.firstKey() - 1; i <= last; i += command.keyStep()) {
      keys.add(arguments[i]);
    }
    return keys;
  }

  /** Name and arguments, for logs; long ones are cut. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(command.name());
    for (int i = 0; i < Math.min(arguments.length, 8); i++) {
      text.append(' ').append(echo(arguments[i], 32));
    }
    return arguments.length > 8 ? text.append(" ...").toString() : text.toString();
  }

  /** Whether the arguments are a call of the command: always true but for decoded ones. */
  boolean hasValidArity() {
    return command.acceptsWords(arguments.length + 1);
  }

  /** The answer to a call that is too large to be executed, or null. */
  Reply.@Nullable Failure sizeFailure() {
    if (arguments.length > Limits.MAX_ARGUMENTS || encodedBytes > Limits.MAX_COMMAND_BYTES) {
      return Failures.COMMAND_TOO_LARGE;
    }
    if (command.firstKey() > 0) {
      int last = lastKeyArgument();
      for (int i = command.firstKey() - 1; i <= last; i += command.keyStep()) {
        if (arguments[i].length > Limits.MAX_KEY_BYTES) {
          return Failures.KEY_TOO_LARGE;
        }
      }
    }
    for (byte[] argument : arguments) {
      if (argument.length > Limits.MAX_VALUE_BYTES) {
        return Failures.STRING_TOO_LARGE;
      }
    }
    return null;
  }

  /** Whether this is a SET that looks at the value it replaces: with GET, or with IF and more. */
  public boolean readsOldValue() {
    boolean reads = false;
    for (int i = 2; command == Command.SET && i < arguments.length; i++) {
      byte[] word = arguments[i];
      boolean begins = word.length >= 4 && (word[0] | 0x20) == 'i' && (word[1] | 0x20) == 'f';
      reads |= begins || Command.equalsIgnoreCase(word, "GET");
    }
    return reads;
  }

  /** Below the first one's position if there are no keys. */
  private int lastKeyArgument() {
    if (command.countsItsKeys()) {
      int keys = countedKeys();
      return command.firstKey() - 1 + (keys - 1) * command.keyStep();
    }
    return command.lastKey() > 0
        ? Math.min(command.lastKey(), arguments.length) - 1
        : arguments.length + command.lastKey();
  }

  /**
   * How many keys the call says it has, of a command that counts them; 0 if it says nothing that
   * can be: the command refuses such a call, wherever it is executed.
   */
  int countedKeys() {
    int before = command.firstKey() - 1;
    int most = (arguments.length - before) / command.keyStep();
    OptionalLong count = DecimalInteger.parse(arguments[before - 1]);
    boolean possible = count.isPresent() && count.getAsLong() > 0 && count.getAsLong() <= most;
    return possible ? (int) count.getAsLong() : 0;
  }

  private static int countEncodedBytes(Command command, byte[][] arguments) {
    long bytes =
        (long) ByteWriter.varintBytes(command.wireId()) + ByteWriter.varintBytes(arguments.length);
    for (byte[] argument : arguments) {
      bytes += ByteWriter.varintBytes(argument.length) + (long) argument.length;
    }
    return (int) Math.min(bytes, Integer.MAX_VALUE);
  }

  private static boolean isOfScripts(byte[] name) {
    return name.length <= 10
        && SCRIPT_COMMANDS.contains(
            new String(name, StandardCharsets.ISO_8859_1).toUpperCase(Locale.ROOT));
  }

  /** Redis's words: the name and the first arguments, all cut at 128 bytes. */
  private static Reply.Failure unknownCommand(byte[][] words) {
    StringBuilder text = new StringBuilder("ERR unknown command '");
    text.append(echo(words[0], MAX_ERROR_ECHO_BYTES)).append("', with args beginning with: ");
    int echoed = 0;
    for (int i = 1; i < words.length && echoed < MAX_ERROR_ECHO_BYTES; i++) {
      int most = MAX_ERROR_ECHO_BYTES - echoed;
      text.append('\'').append(echo(words[i], most)).append("' ");
      echoed += echoLength(words[i], most) + 3;
    }
    return new Reply.Failure(text.toString());
  }

  /**
   * A word as text that fits into an error line: cut at a zero byte, line ends made spaces; each
   * byte a character, so that the encoder gives back what came in, UTF-8 or not.
   */
  static String echo(byte[] word, int maxBytes) {
    return new String(word, 0, echoLength(word, maxBytes), StandardCharsets.ISO_8859_1)
        .replace('\r', ' ')
        .replace('\n', ' ');
  }

  private static int echoLength(byte[] word, int maxBytes) {
    int length = 0;
    while (length < Math.min(word.length, maxBytes) && word[length] != 0) {
      length++;
    }
    return length;
  }
}
