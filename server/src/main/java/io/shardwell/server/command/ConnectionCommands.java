package io.shardwell.server.command;

import io.shardwell.server.protocol.Answer;
import io.shardwell.server.protocol.RespEncoder;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;

/** What a client says about its own connection: handshake, names, farewell. */
final class ConnectionCommands {

  /** Longest name of a client or of its library, in bytes: it stays as long as the client. */
  private static final int MAX_NAME_BYTES = 4096;

  private static final Answer BAD_NAME =
      Answer.failure("ERR Client names cannot contain spaces, newlines or special characters.");

  /** Those that Redis knows; ours are all normal. */
  private static final Set<String> CLIENT_TYPES =
      Set.of("NORMAL", "MASTER", "REPLICA", "SLAVE", "PUBSUB");

  private ConnectionCommands() {}

  static Answer ping(Call call) {
    if (call.count() > 2) {
      return Errors.arity("ping");
    }
    return call.count() == 2 ? Answer.bulk(call.bytes(1)) : Answer.status("PONG");
  }

  static Answer echo(Call call) {
    return Answer.bulk(call.bytes(1));
  }

  static Answer quit(Call call) {
    call.client.quit = true;
    return Answer.OK;
  }

  static Answer reset(Call call) {
    call.client.reset();
    return Answer.status("RESET");
  }

  static Answer select(Call call) {
    OptionalLong index = call.number(1);
    if (index.isEmpty()) {
      return Errors.NOT_AN_INTEGER;
    }
    if (index.getAsLong() != (int) index.getAsLong()) {
      return Answer.failure(
          "ERR value is out of range, value must between -2147483648 and 2147483647");
    }
    if (index.getAsLong() == 0) {
      return Answer.OK;
    }
    return Answer.failure(
        call.client.face == Face.CLUSTER
            ? "ERR SELECT is not allowed in cluster mode"
            : "ERR DB index is out of range");
  }

  /** There are no passwords yet; these are Redis's answers when there are none. */
  static Answer auth(Call call) {
    if (call.count() > 3) {
      return Errors.SYNTAX;
    }
    if (call.count() == 2) {
      return Answer.failure(
          "ERR AUTH <password> called without any password configured for the default user. Are"
              + " you sure your configuration is correct?");
    }
    return authenticates(call.text(1)) ? Answer.OK : wrongPassword();
  }

  private static boolean authenticates(String user) {
    return user.equals("default");
  }

  private static Answer wrongPassword() {
    return Answer.failure("WRONGPASS invalid username-password pair or user is disabled.");
  }

  static Answer hello(Call call, NodeFacts facts) {
    RespEncoder wanted = call.client.resp;
    if (call.count() > 1) {
      try {
        int version = Integer.parseInt(call.text(1));
        if (version != 2 && version != 3) {
          return Answer.failure("NOPROTO unsupported protocol version");
        }
        wanted = version == 2 ? RespEncoder.RESP2 : RespEncoder.RESP3;
      } catch (NumberFormatException e) {
        return Answer.failure("ERR Protocol version is not an integer or out of range");
      }
    }
    String name = null;
    for (int i = 2; i < call.count(); ) {
      if (call.upper(i).equals("AUTH") && i + 2 < call.count()) {
        if (!authenticates(call.text(i + 1))) {
          return wrongPassword();
        }
        i += 3;
      } else if (call.upper(i).equals("SETNAME") && i + 1 < call.count()) {
        name = call.text(i + 1);
        if (!isName(name)) {
          return BAD_NAME;
        }
        i += 2;
      } else {
        return Answer.failure("ERR Syntax error in HELLO option '" + Errors.echo(call, i) + "'");
      }
    }
    call.client.resp = wanted;
    if (name != null) {
      call.client.name = name;
    }
    return Answer.pairs(
        "server",
        "redis",
        "version",
        NodeFacts.REDIS_VERSION,
        "proto",
        wanted.version(),
        "id",
        call.client.id,
        "mode",
        call.client.face == Face.CLUSTER ? "cluster" : "standalone",
        "role",
        "master",
        "modules",
        Answer.NOTHING);
  }

  static Answer client(Call call, Clients clients, long nowNanos) {
    ClientInfo self = call.client;
    String subcommand = call.upper(1);
    self.requestBytes = call.requestBytes();
    Answer answer = client(call, clients, nowNanos, self, subcommand);
    self.requestBytes = 0;
    return answer;
  }

  private static Answer client(
      Call call, Clients clients, long nowNanos, ClientInfo self, String subcommand) {
    return switch (subcommand) {
      case "ID" -> Answer.integer(self.id);
      case "GETNAME" -> self.name.isEmpty() ? Answer.NIL : Answer.bulk(self.name);
      case "SETNAME" -> {
        if (!isName(call.text(2))) {
          yield BAD_NAME;
        }
        self.name = call.text(2);
        yield Answer.OK;
      }
      case "SETINFO" -> setInfo(call);
      case "INFO" -> new Answer.Text(self.line(nowNanos) + "\n");
      case "LIST" -> list(call, clients, nowNanos);
      case "KILL" -> kill(call, clients);
      case "NO-EVICT", "NO-TOUCH" -> {
        String state = call.upper(2);
        if (!state.equals("ON") && !state.equals("OFF")) {
          yield Errors.SYNTAX;
        }
        if (subcommand.equals("NO-EVICT")) {
          self.noEvict = state.equals("ON");
        } else {
          self.noTouch = state.equals("ON");
        }
        yield Answer.OK;
      }
      case "REPLY" -> reply(call);
      case "CAPA" -> Answer.OK;
      case "GETREDIR" -> Answer.integer(-1);
      case "UNPAUSE" -> Answer.OK;
      default -> Errors.unknownSubcommand(call, "client");
    };
  }

  private static Answer setInfo(Call call) {
    String value = call.text(3);
    String attribute = call.upper(2);
    if (!isName(value)) {
      return Answer.failure(
          "ERR "
              + Errors.echo(call, 2)
              + " cannot contain spaces, newlines or special characters.");
    }
    switch (attribute) {
      case "LIB-NAME" -> call.client.libName = value;
      case "LIB-VER" -> call.client.libVersion = value;
      default -> {
        return Answer.failure("ERR Unrecognized option '" + Errors.echo(call, 2) + "'");
      }
    }
    return Answer.OK;
  }

  private static Answer list(Call call, Clients clients, long nowNanos) {
    List<ClientInfo> wanted = clients.all();
    if (call.count() >= 4 && call.upper(2).equals("ID")) {
      wanted.clear();
      for (int i = 3; i < call.count(); i++) {
        OptionalLong id = call.number(i);
        if (id.isEmpty()) {
          return Answer.failure("ERR Invalid client ID");
        }
        ClientInfo found = clients.byId(id.getAsLong());
        if (found != null) {
          wanted.add(found);
        }
      }
    } else if (call.count() == 4 && call.upper(2).equals("TYPE")) {
      if (!CLIENT_TYPES.contains(call.upper(3))) {
        return unknownType(call, 3);
      }
      if (!call.upper(3).equals("NORMAL")) {
        wanted.clear();
      }
    } else if (call.count() != 2) {
      return Errors.SYNTAX;
    }
    StringBuilder lines = new StringBuilder();
    for (ClientInfo client : wanted) {
      if (lines.length() > call.maxAnswerBytes()) {
        break;
      }
      lines.append(client.line(nowNanos)).append('\n');
    }
    return new Answer.Text(lines.toString());
  }

  private static Answer unknownType(Call call, int i) {
    return Answer.failure("ERR Unknown client type '" + Errors.echo(call, i) + "'");
  }

  private static Answer kill(Call call, Clients clients) {
    if (call.count() == 3) {
      for (ClientInfo client : clients.all()) {
        if (client.address.equals(call.text(2))) {
          end(client, call.client);
          return Answer.OK;
        }
      }
      return Answer.failure("ERR No such client");
    }
    if (call.count() % 2 != 0) {
      return Errors.SYNTAX;
    }
    List<ClientInfo> chosen = clients.all();
    boolean sparesCaller = true;
    String localAddress = null;
    for (int i = 2; i < call.count(); i += 2) {
      String value = call.text(i + 1);
      switch (call.upper(i)) {
        case "ID" -> {
          OptionalLong id = call.number(i + 1);
          if (id.isEmpty() || id.getAsLong() < 1) {
            return Answer.failure("ERR client-id should be greater than 0");
          }
          chosen.removeIf(client -> client.id != id.getAsLong());
        }
        case "ADDR" -> chosen.removeIf(client -> !client.address.equals(value));
        case "LADDR" -> {
          // Looked at once: a request of megabytes can say it of every client a million times.
          if (localAddress == null) {
            chosen.removeIf(client -> !client.localAddress.equals(value));
            localAddress = value;
          } else if (!localAddress.equals(value)) {
            chosen.clear();
          }
        }
        case "USER" -> {
          if (!authenticates(value)) {
            return Answer.failure("ERR No such user '" + Errors.echo(call, i + 1) + "'");
          }
        }
        case "TYPE" -> {
          if (!CLIENT_TYPES.contains(call.upper(i + 1))) {
            return unknownType(call, i + 1);
          }
          if (!value.equalsIgnoreCase("normal")) {
            chosen.clear();
          }
        }
        case "SKIPME" -> {
          sparesCaller = value.equalsIgnoreCase("yes");
          if (!sparesCaller && !value.equalsIgnoreCase("no")) {
            return Errors.SYNTAX;
          }
        }
        default -> {
          return Errors.SYNTAX;
        }
      }
    }
    if (sparesCaller) {
      chosen.remove(call.client);
    }
    chosen.forEach(client -> end(client, call.client));
    return Answer.integer(chosen.size());
  }

  /** Others at once; the caller after its answer. */
  private static void end(ClientInfo client, ClientInfo caller) {
    if (client == caller) {
      client.quit = true;
    } else {
      client.closer.run();
    }
  }

  private static Answer reply(Call call) {
    switch (call.upper(2)) {
      case "ON" -> call.client.setReplyMode(ClientInfo.ReplyMode.ON);
      case "OFF" -> call.client.setReplyMode(ClientInfo.ReplyMode.OFF);
      case "SKIP" -> call.client.skipNextReply();
      default -> {
        return Errors.SYNTAX;
      }
    }
    return Answer.OK;
  }

  /** Printable ASCII without blanks, as Redis demands, and no longer than a line can show. */
  private static boolean isName(String name) {
    return name.length() <= MAX_NAME_BYTES && name.chars().allMatch(c -> c >= '!' && c <= '~');
  }
}
