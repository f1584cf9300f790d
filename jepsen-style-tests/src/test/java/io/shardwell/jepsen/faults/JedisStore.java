package io.shardwell.jepsen.faults;

import io.shardwell.jepsen.checker.Answer;
import io.shardwell.jepsen.checker.KeyCommand;
import io.shardwell.jepsen.process.LostConnection;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.DefaultJedisSocketFactory;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.Protocol;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.params.SetParams;

/** Through Jedis: a lost connection is the end of this client. */
final class JedisStore implements StoreClient {
  private static final JedisClientConfig CONFIG =
      DefaultJedisClientConfig.builder()
          .connectionTimeoutMillis(1_000)
          .socketTimeoutMillis(4_000)
          .build();

  private final Jedis jedis;
  private int localPort;

  /**
   * Connects.
   *
   * @throws JedisConnectionException if nobody is there
   */
  JedisStore(HostAndPort server) {
    this.jedis =
        new Jedis(
            new DefaultJedisSocketFactory(server, CONFIG) {
              @Override
              public Socket createSocket() {
                Socket socket = super.createSocket();
                localPort = socket.getLocalPort();
                return socket;
              }
            },
            CONFIG);
    try {
      jedis.connect();
    } catch (JedisConnectionException e) {
      jedis.close();
      throw e;
    }
  }

  Jedis jedis() {
    return jedis;
  }

  int localPort() {
    return localPort;
  }

  @Override
  public Outcome ask(String key, KeyCommand command) {
    try {
      return new Outcome.Answered(answer(key, command));
    } catch (JedisConnectionException failure) {
      return LostConnection.explains(failure)
          ? new Outcome.Unknown()
          : new Outcome.Broken(failure.toString());
    } catch (JedisDataException error) {
      return StoreClient.error(String.valueOf(error.getMessage()));
    } catch (RuntimeException wrong) {
      // Whatever the library makes of an answer of another type than the command's.
      return new Outcome.Broken(wrong.toString());
    }
  }

  private Answer answer(String key, KeyCommand command) {
    if (command instanceof KeyCommand.Get) {
      String value = jedis.get(key);
      return value == null ? Answer.Word.NIL : Answer.text(value);
    } else if (command instanceof KeyCommand.Increment increment) {
      return Answer.number(jedis.incrBy(key, increment.by()));
    } else if (command instanceof KeyCommand.Append append) {
      return Answer.number(jedis.append(key, append.suffix()));
    } else if (command instanceof KeyCommand.Delete) {
      return Answer.number(jedis.del(key));
    } else if (command instanceof KeyCommand.Expire expire) {
      return Answer.number(jedis.pexpire(key, expire.ttlMillis()));
    } else if (command instanceof KeyCommand.TimeToLive) {
      return Answer.number(jedis.pttl(key));
    } else if (command instanceof KeyCommand.Swap swap) {
      Object done =
          jedis.sendCommand(Protocol.Command.SET, key, swap.value(), "IFEQ", swap.expected());
      return done == null ? Answer.Word.NIL : ok(new String((byte[]) done, StandardCharsets.UTF_8));
    } else if (command instanceof KeyCommand.Set set) {
      SetParams options = new SetParams();
      if (set.condition() == KeyCommand.Condition.IF_ABSENT) {
        options.nx();
      }
      if (set.ttlMillis() != KeyCommand.NO_TTL) {
        options.px(set.ttlMillis());
      }
      String done = jedis.set(key, set.value(), options);
      return done == null ? Answer.Word.NIL : ok(done);
    }
    throw new IllegalArgumentException(command.show());
  }

  /** Any other text is an answer that no state explains. */
  static Answer ok(String text) {
    return text.equals("OK") ? Answer.Word.DONE : Answer.text(text);
  }

  @Override
  public boolean isUsable() {
    return !jedis.isBroken();
  }

  @Override
  public boolean reconnects() {
    return false;
  }

  @Override
  public int reconnections() {
    return 0;
  }

  @Override
  public void close() {
    jedis.close();
  }
}
