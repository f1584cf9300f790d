package io.shardwell.server.command;

import io.shardwell.raftgroup.ClientSession;
import io.shardwell.server.protocol.Answer;
import io.shardwell.statemachine.Command;
import io.shardwell.statemachine.DecimalInteger;
import io.shardwell.statemachine.Invocation;
import io.shardwell.statemachine.Reply;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** One call of a server command: who calls, with which words, and where the answer goes. */
public final class Call {

  final ClientInfo client;
  private final byte[][] words;
  private final Supplier<ClientSession> session;
  private final Consumer<Answer> answer;
  private final AnswerBudget budget;

  /**
   * The session is asked for only if data is needed; the answer is accepted exactly once, on the
   * loop, maybe before the command returns.
   */
  public Call(
      ClientInfo client, byte[][] words, Supplier<ClientSession> session, Consumer<Answer> answer) {
    this(client, words, session, answer, AnswerBudget.ofRequest());
  }

  private Call(
      ClientInfo client,
      byte[][] words,
      Supplier<ClientSession> session,
      Consumer<Answer> answer,
      AnswerBudget budget) {
    this.client = client;
    this.words = words;
    this.session = session;
    this.answer = answer;
    this.budget = budget;
  }

  /** One that is only looked at: it asks nothing and is not answered. */
  Call(ClientInfo client, byte[][] words) {
    this(
        client,
        words,
        () -> {
          throw new IllegalStateException("only looked at");
        },
        answer -> {});
  }

  /** A command of a transaction that this call executes; all of them have one budget. */
  Call inside(byte[][] otherWords, AnswerBudget ofAll, Consumer<Answer> otherAnswer) {
    return new Call(client, otherWords, session, otherAnswer, ofAll);
  }

  /** How long the request was as RESP has it: an array of bulk strings. */
  long requestBytes() {
    long bytes = 3L + digits(words.length);
    for (byte[] word : words) {
      bytes += 5L + digits(word.length) + word.length;
    }
    return bytes;
  }

  private static int digits(int number) {
    return Integer.toString(number).length();
  }

  int count() {
    return words.length;
  }

  byte[] bytes(int i) {
    return words[i];
  }

  /** The word as text: exact for ASCII, harmless for the rest. */
  String text(int i) {
    return new String(words[i], StandardCharsets.UTF_8);
  }

  /** The word in upper case, to compare with names and options. */
  String upper(int i) {
    return text(i).toUpperCase(Locale.ROOT);
  }

  /** The word as a whole number as Redis reads one; empty if it is none. */
  OptionalLong number(int i) {
    return DecimalInteger.parse(words[i]);
  }

  /** Answers, if only with an error because the answer would be too long. */
  void answer(Answer result) {
    answer.accept(budget.admit(result));
  }

  /** Answers with what has been admitted part by part. */
  void answerAdmitted(Answer result) {
    answer.accept(result);
  }

  /** How long the answer may be, in bytes; what is longer will not be sent. */
  long maxAnswerBytes() {
    return budget.left();
  }

  /** Looks for the keys in a slot, as this client. */
  void keysInSlot(int slot, int limit, Consumer<Reply> then) {
    session.get().keysInSlot(slot, limit, then);
  }

  /** Asks the data, as this client. */
  void ask(Command command, byte[] key, Consumer<Reply> then) {
    Invocation.Parsed parsed =
        Invocation.parse(
            new byte[][] {command.lowerName().getBytes(StandardCharsets.US_ASCII), key});
    if (parsed instanceof Invocation.Ok ok) {
      session.get().submit(ok.invocation(), then);
    } else {
      then.accept(((Invocation.Bad) parsed).failure());
    }
  }

  /** Has the data do something, as this client. */
  void submit(Invocation invocation, Consumer<Reply> then) {
    session.get().submit(invocation, then);
  }
}
