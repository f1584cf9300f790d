package io.shardwell.server.command;

import io.shardwell.server.command.TransactionQueue.Queued;
import io.shardwell.server.protocol.Answer;
import io.shardwell.statemachine.Command;
import io.shardwell.statemachine.Inspection;
import io.shardwell.statemachine.Invocation;
import io.shardwell.statemachine.Limits;
import io.shardwell.statemachine.Reply;
import io.shardwell.statemachine.Transaction;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * MULTI, EXEC, DISCARD, WATCH and UNWATCH. The queue is the connection's; EXEC makes one command of
 * it, which one shard applies as one log entry ({@link Transaction}), with the versions of the
 * watched keys as its condition. So a transaction survives a change of leaders like any write: it
 * takes effect once, as a whole, or not. Loop thread only.
 */
final class TransactionCommands {

  /** What changes or executes a queue, or needs one connection for one caller. */
  private static final Set<String> OF_TRANSACTIONS =
      Set.of("multi", "exec", "discard", "watch", "unwatch");

  /** What is not queued in a transaction but executed. */
  private static final Set<String> NOT_QUEUED =
      Set.of("multi", "exec", "discard", "watch", "quit", "reset");

  /** What Redis flags no_multi. */
  private static final Set<String> NOT_IN_TRANSACTIONS =
      Set.of("shutdown", "save", "sync", "psync");

  private static final Answer NOT_ALLOWED =
      Answer.failure("ERR Command not allowed inside a transaction");

  private static final Answer QUEUED = Answer.status("QUEUED");
  private static final Answer CROSS_SLOT =
      Answer.failure("CROSSSLOT Keys in request don't hash to the same slot");
  private static final Answer TOO_LARGE =
      Answer.failure(
          "ERR transaction exceeds maximum allowed size ("
              + Limits.MAX_TRANSACTION_COMMANDS
              + " commands, "
              + Limits.MAX_TRANSACTION_ARGUMENTS
              + " arguments, "
              + Limits.MAX_TRANSACTION_BYTES
              + " bytes)");
  private static final Answer TOO_MANY_WATCHED =
      Answer.failure("ERR at most " + Limits.MAX_WATCHED_KEYS + " keys can be watched");

  private final IntSupplier shards;
  private final ClusterRouting routing;
  private final MemorySetting memory;
  private final ServerCommands commands;

  TransactionCommands(
      IntSupplier shards, ClusterRouting routing, MemorySetting memory, ServerCommands commands) {
    this.shards = shards;
    this.memory = memory;
    this.routing = routing;
    this.commands = commands;
  }

  /** Whether a command is executed at once even in a transaction; the name in lower case. */
  static boolean isNotQueued(@Nullable String name) {
    return name != null && NOT_QUEUED.contains(name);
  }

  /** Whether this is one of the commands of this class; the name in lower case. */
  static boolean isOfTransactions(@Nullable String name) {
    return name != null && OF_TRANSACTIONS.contains(name);
  }

  static Answer multi(Call call) {
    TransactionQueue transaction = call.client.transaction;
    if (transaction.isOpen()) {
      return Answer.failure("ERR MULTI calls can not be nested");
    }
    transaction.begin();
    return Answer.OK;
  }

  static Answer discard(Call call) {
    TransactionQueue transaction = call.client.transaction;
    if (!transaction.isOpen()) {
      return Answer.failure("ERR DISCARD without MULTI");
    }
    transaction.clear();
    return Answer.OK;
  }

  static Answer unwatch(Call call) {
    call.client.transaction.unwatch();
    return Answer.OK;
  }

  /**
   * How a call with the wrong words is answered, which was not to be queued: with why, and if a
   * transaction is open, it is void. A wrong EXEC ends it at once.
   */
  static Answer refused(ClientInfo client, String name, Answer why) {
    TransactionQueue transaction = client.transaction;
    if (name.equals("exec") && Answer.toReply(why) instanceof Reply.Failure failure) {
      transaction.clear();
      String reason = failure.text().replaceFirst("^ERR ", "");
      return Answer.failure("EXECABORT Transaction discarded because of: " + reason);
    }
    if (transaction.isOpen()) {
      transaction.abort();
    }
    return why;
  }

  // --- watching
  // ------------------------------------------------------------------------------------

  /**
   * Asks for the keys' versions. Until they are known the connection takes no further command:
   * pipelined ones might otherwise change a key first, and go unnoticed.
   */
  void watch(Call call) {
    TransactionQueue transaction = call.client.transaction;
    if (transaction.isOpen()) {
      call.answer(Answer.failure("ERR WATCH inside MULTI is not allowed"));
      return;
    }
    List<byte[]> keys = new ArrayList<>();
    for (int i = 1; i < call.count(); i++) {
      if (!transaction.watches(call.bytes(i))) {
        keys.add(call.bytes(i));
      }
    }
    if (keys.isEmpty()) {
      call.answer(Answer.OK);
      return;
    }
    Invocation.Parsed parsed = Transaction.question(keys);
    if (parsed instanceof Invocation.Bad bad) {
      call.answer(new Answer.Plain(bad.failure()));
      return;
    }
    Invocation question = ((Invocation.Ok) parsed).invocation();
    Answer refusal = refusalToWatch(call, question);
    if (refusal != null) {
      call.answer(refusal);
    } else {
      call.client.held = true;
      call.submit(question, reply -> watched(call, question, reply));
    }
  }

  private @Nullable Answer refusalToWatch(Call call, Invocation question) {
    TransactionQueue transaction = call.client.transaction;
    if (transaction.watchedKeys() + question.argumentCount() > Limits.MAX_WATCHED_KEYS) {
      return TOO_MANY_WATCHED;
    }
    Reply elsewhere = call.client.face == Face.CLUSTER ? routing.refusal(question) : null;
    if (elsewhere != null) {
      return new Answer.Plain(elsewhere);
    }
    return transaction.admits(question.keys(), shards.getAsInt()) ? null : CROSS_SLOT;
  }

  private static void watched(Call call, Invocation question, Reply reply) {
    call.client.held = false;
    if (reply instanceof Reply.Array seen) {
      Transaction.watched(question, seen).forEach(call.client.transaction::watch);
      call.answer(Answer.OK);
    } else {
      call.client.transaction.watchFailed();
      call.answer(new Answer.Plain(reply));
    }
  }

  // --- queueing
  // ------------------------------------------------------------------------------------

  /**
   * A command between MULTI and EXEC.
   *
   * @param own its name in lower case if the node itself answers it, else null
   */
  Answer queue(ClientInfo client, byte[][] words, @Nullable String own) {
    TransactionQueue transaction = client.transaction;
    Answer refusal = null;
    Invocation invocation = null;
    Function<Reply, Answer> shown = null;
    if (own != null) {
      Call call = new Call(client, words);
      refusal = NOT_IN_TRANSACTIONS.contains(own) ? NOT_ALLOWED : commands.refusal(own, call);
      shown = refusal == null ? ServerCommands.inspection(own, call) : null;
    }
    if (own == null || shown != null) {
      // OBJECT and MEMORY USAGE are part of the entry, too: they see what is written before them.
      Invocation.Parsed parsed =
          own == null ? Invocation.parse(words) : Inspection.question(words[2]);
      if (parsed instanceof Invocation.Ok ok) {
        invocation = ok.invocation();
        refusal = refusal(client, invocation);
      } else {
        refusal = new Answer.Plain(((Invocation.Bad) parsed).failure());
      }
    }
    if (refusal == null) {
      refusal = transaction.add(new Queued(words, own, invocation, shown)) ? null : TOO_LARGE;
    }
    if (refusal != null) {
      transaction.abort();
      if (own != null || invocation != null) {
        line(own, words, invocation).rejected();
      }
      return refusal;
    }
    return QUEUED;
  }

  private CommandStats.Line line(
      @Nullable String own, byte[][] words, @Nullable Invocation invocation) {
    CommandStats stats = commands.counters().stats();
    return own != null
        ? stats.of(commands.fullName(own, words))
        : stats.of(Objects.requireNonNull(invocation).command());
  }

  private @Nullable Answer refusal(ClientInfo client, Invocation invocation) {
    if (invocation.command().spread() == Command.Spread.ALL_SHARDS) {
      return Answer.failure(
          "ERR "
              + invocation.command().name()
              + " concerns all shards and cannot be part of a transaction");
    }
    Reply elsewhere = client.face == Face.CLUSTER ? routing.refusal(invocation) : null;
    if (elsewhere != null) {
      return new Answer.Plain(elsewhere);
    }
    if (invocation.command().mayNeedRoom() && memory.isOutOfMemory()) {
      return new Answer.Plain(Transaction.CALL_WITHOUT_ROOM);
    }
    return client.transaction.admits(invocation.keys(), shards.getAsInt()) ? null : CROSS_SLOT;
  }

  // --- executing
  // -----------------------------------------------------------------------------------

  void exec(Call call) {
    TransactionQueue transaction = call.client.transaction;
    if (!transaction.isOpen()) {
      call.answer(Answer.failure("ERR EXEC without MULTI"));
      return;
    }
    boolean aborted = transaction.isAborted();
    List<Queued> queued = transaction.queued();
    List<Transaction.Watched> watched = transaction.watched();
    transaction.clear();
    if (aborted) {
      call.answer(Answer.failure("EXECABORT Transaction discarded because of previous errors."));
      return;
    }
    List<Invocation> calls =
        queued.stream().map(Queued::invocation).filter(Objects::nonNull).toList();
    // What the node answers itself comes in its turn: nothing may overtake it.
    if (calls.isEmpty() && watched.isEmpty()) {
      call.client.held = true;
      executed(call, queued, List.of());
      return;
    }
    Transaction whole = new Transaction(watched, calls);
    if (whole.mayNeedRoom() && memory.isOutOfMemory()) {
      // Not executed in part: the shard, which may not know of a new limit yet, is not asked.
      call.answer(new Answer.Plain(Transaction.WITHOUT_ROOM));
      return;
    }
    Reply moved =
        call.client.face == Face.CLUSTER && !calls.isEmpty() ? routing.refusal(calls.get(0)) : null;
    if (moved != null) {
      call.answer(new Answer.Plain(moved));
      return;
    }
    call.client.held = calls.size() < queued.size();
    call.submit(
        whole.toInvocation(),
        reply -> {
          if (reply instanceof Reply.Array array) {
            executed(call, queued, array.items());
          } else {
            call.client.held = false;
            boolean changed = reply instanceof Reply.Nil;
            call.answer(changed ? new Answer.NoItems() : new Answer.Plain(reply));
          }
        });
  }

  /** The shard has answered; what the node itself has to answer follows, in order. */
  private void executed(Call call, List<Queued> queued, List<Reply> replies) {
    @Nullable Answer[] answers = new Answer[queued.size()];
    Iterator<Reply> ofShard = replies.iterator();
    AnswerBudget budget = AnswerBudget.ofTransaction(replies);
    int[] missing = {1};
    Runnable arrived =
        () -> {
          missing[0]--;
          if (missing[0] == 0) {
            call.client.held = false;
            call.answerAdmitted(
                new Answer.Items(Arrays.stream(answers).map(Objects::requireNonNull).toList()));
          }
        };
    for (int i = 0; i < answers.length; i++) {
      Queued each = queued.get(i);
      int at = i;
      Invocation invocation = each.invocation();
      if (invocation != null) {
        Reply reply = ofShard.next();
        Function<Reply, Answer> shown = each.shown();
        Answer answer = shown == null ? null : shown.apply(reply);
        answers[at] = answer == null ? Answer.of(invocation.command(), reply) : answer;
        CommandStats.Line line = line(each.own(), each.words(), invocation);
        commands.counters().answered(line, answer, answer == null ? reply : null, 0);
      } else {
        missing[0]++;
        String name = Objects.requireNonNull(each.own());
        Consumer<Answer> answered =
            answer -> {
              answers[at] = answer;
              CommandStats.Line line = line(name, each.words(), null);
              commands.counters().answered(line, answer, null, 0);
              arrived.run();
            };
        try {
          commands.execute(name, call.inside(each.words(), budget, answered));
        } catch (RuntimeException e) {
          // As outside of a transaction: the shard has done its part, and it is answered.
          commands.counters().failedRequest(each.words(), call.client.address, e);
          call.client.quit = true;
          if (answers[at] == null) {
            answered.accept(Answer.failure(NodeCounters.INTERNAL_ERROR));
          }
        }
      }
    }
    call.client.replyModeCounts();
    arrived.run();
  }
}
