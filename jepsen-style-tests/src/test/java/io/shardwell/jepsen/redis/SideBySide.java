package io.shardwell.jepsen.redis;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * One connection to each of the two, in the same protocol version. Each command goes to both, and
 * the next one only after both have answered. Not thread-safe.
 */
final class SideBySide implements AutoCloseable {
  /** How far two clocks' answers may be apart: the machine may be busy. */
  private static final long TOLERANCE_MILLIS = 3000;

  private final WireConnection redis;
  private final WireConnection shardwell;
  private final KnownDifferences known;
  private long commands;
  private long tolerated;

  SideBySide(int redisPort, int shardwellPort, int protocol, KnownDifferences known)
      throws IOException {
    this.redis = new WireConnection(redisPort);
    this.shardwell = new WireConnection(shardwellPort);
    this.known = known;
    if (protocol == 3) {
      redis.call("HELLO", "3");
      shardwell.call("HELLO", "3");
    }
    clear();
  }

  /** What both answered. */
  record Answers(WireReply redis, WireReply shardwell) {}

  Answers ask(Request request) throws IOException {
    commands++;
    redis.send(request.words());
    shardwell.send(request.words());
    return new Answers(redis.read(), shardwell.read());
  }

  /** Deletes every key of both. */
  void clear() throws IOException {
    redis.call("FLUSHALL");
    shardwell.call("FLUSHALL");
  }

  /**
   * The whole sequence, then the state it left; the text of the first difference that is not known,
   * else empty. A known one may leave different states, so both begin anew after it.
   */
  String firstDifference(List<Request> requests) throws IOException {
    clear();
    for (int i = 0; i < requests.size(); i++) {
      Request request = requests.get(i);
      Answers answers = ask(request);
      if (alike(request, answers)) {
        continue;
      }
      if (known.explaining(request, answers.redis(), answers.shardwell()).isEmpty()) {
        return "command " + i + ": " + described(request, answers);
      }
      tolerated++;
      clear();
    }
    return stateDifference();
  }

  static String described(Request request, Answers answers) {
    return request + "\n  Redis:     " + answers.redis() + "\n  Shardwell: " + answers.shardwell();
  }

  long commands() {
    return commands;
  }

  long tolerated() {
    return tolerated;
  }

  private boolean alike(Request request, Answers answers) throws IOException {
    WireReply ours = answers.shardwell();
    WireReply theirs = answers.redis();
    if (ours.equals(theirs)) {
      // Scans that begin alike must also end alike.
      return !isScanPage(request, theirs)
          || scanned(redis, request).equals(scanned(shardwell, request));
    }
    return switch (request.name()) {
      case "TTL", "EXPIRETIME" -> near(ours, theirs, TOLERANCE_MILLIS / 1000);
      case "PTTL", "PEXPIRETIME" -> near(ours, theirs, TOLERANCE_MILLIS);
      case "KEYS" -> ours.sorted().equals(theirs.sorted());
      case "RANDOMKEY" ->
          ours.type() == theirs.type()
              && ours.text() != null
              && theirs.text() != null
              && redis.call("EXISTS", ours.text()).number() == 1
              && shardwell.call("EXISTS", theirs.text()).number() == 1;
      case "SCAN" ->
          isScanPage(request, ours)
              && isScanPage(request, theirs)
              && scanned(redis, request).equals(scanned(shardwell, request));
      default -> false;
    };
  }

  private static boolean near(WireReply a, WireReply b, long tolerance) {
    return a.isInteger()
        && b.isInteger()
        && a.number() > 0
        && b.number() > 0
        && Math.abs(a.number() - b.number()) <= tolerance;
  }

  private static boolean isScanPage(Request request, WireReply reply) {
    return request.name().equals("SCAN") && reply.items().size() == 2;
  }

  /** Everything a scan with these options returns, from the start to the end. */
  private static Set<String> scanned(WireConnection connection, Request request)
      throws IOException {
    Set<String> found = new TreeSet<>();
    List<String> words = new ArrayList<>(request.words());
    words.set(1, "0");
    do {
      connection.send(words);
      WireReply page = connection.read();
      page.items().get(1).items().forEach(key -> found.add(key.toString()));
      words.set(1, String.valueOf(page.items().get(0).text()));
    } while (!words.get(1).equals("0"));
    return found;
  }

  private String stateDifference() throws IOException {
    Request all = Request.of("KEYS", "*");
    Answers keys = ask(all);
    if (!alike(all, keys)) {
      return "state: " + described(all, keys);
    }
    for (WireReply key : keys.redis().items()) {
      for (String command : List.of("GET", "PTTL", "OBJECT")) {
        String name = String.valueOf(key.text());
        Request request =
            command.equals("OBJECT")
                ? Request.of("OBJECT", "ENCODING", name)
                : Request.of(command, name);
        Answers answers = ask(request);
        if (!alike(request, answers)
            && known.explaining(request, answers.redis(), answers.shardwell()).isEmpty()) {
          return "state: " + described(request, answers);
        }
      }
    }
    return "";
  }

  @Override
  public void close() throws IOException {
    redis.close();
    shardwell.close();
  }
}
