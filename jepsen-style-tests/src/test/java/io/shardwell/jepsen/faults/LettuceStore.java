package io.shardwell.jepsen.faults;

import io.lettuce.core.RedisChannelHandler;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisConnectionStateListener;
import io.lettuce.core.RedisException;
import io.lettuce.core.RedisURI;
import io.lettuce.core.SetArgs;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.output.StatusOutput;
import io.lettuce.core.protocol.CommandArgs;
import io.lettuce.core.protocol.CommandType;
import io.lettuce.core.resource.ClientResources;
import io.shardwell.jepsen.checker.Answer;
import io.shardwell.jepsen.checker.KeyCommand;
import io.shardwell.jepsen.process.LostConnection;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import redis.clients.jedis.HostAndPort;

/**
 * Through Lettuce as it comes: it connects again by itself, and sends again what was not answered.
 */
final class LettuceStore implements StoreClient {
  private final RedisClient client;
  private final StatefulRedisConnection<String, String> connection;
  private final RedisCommands<String, String> commands;
  private final AtomicInteger lost = new AtomicInteger();

  /**
   * Connects.
   *
   * @param threads closed by the caller
   * @throws RedisException if nobody is there
   */
  LettuceStore(HostAndPort server, ClientResources threads) {
    this.client =
        RedisClient.create(
            threads,
            RedisURI.builder()
                .withHost(server.getHost())
                .withPort(server.getPort())
                .withTimeout(Duration.ofSeconds(4))
                .build());
    client.addListener(
        new RedisConnectionStateListener() {
          @Override
          public void onRedisDisconnected(RedisChannelHandler<?, ?> connection) {
            lost.incrementAndGet();
          }
        });
    try {
      this.connection = client.connect();
    } catch (RedisException e) {
      client.shutdown(Duration.ZERO, Duration.ofSeconds(2));
      throw e;
    }
    this.commands = connection.sync();
  }

  @Override
  public Outcome ask(String key, KeyCommand command) {
    try {
      return new Outcome.Answered(answer(key, command));
    } catch (RedisCommandExecutionException error) {
      return StoreClient.error(String.valueOf(error.getMessage()));
    } catch (RedisException failure) {
      return LostConnection.explains(failure)
          ? new Outcome.Unknown()
          : new Outcome.Broken(failure.toString());
    } catch (RuntimeException wrong) {
      // Whatever the library makes of an answer of another type than the command's.
      return new Outcome.Broken(wrong.toString());
    }
  }

  private Answer answer(String key, KeyCommand command) {
    if (command instanceof KeyCommand.Get) {
      String value = commands.get(key);
      return value == null ? Answer.Word.NIL : Answer.text(value);
    } else if (command instanceof KeyCommand.Increment increment) {
      return Answer.number(commands.incrby(key, increment.by()));
    } else if (command instanceof KeyCommand.Append append) {
      return Answer.number(commands.append(key, append.suffix()));
    } else if (command instanceof KeyCommand.Delete) {
      return Answer.number(commands.del(key));
    } else if (command instanceof KeyCommand.Expire expire) {
      return Answer.number(commands.pexpire(key, expire.ttlMillis()) ? 1 : 0);
    } else if (command instanceof KeyCommand.TimeToLive) {
      return Answer.number(commands.pttl(key));
    } else if (command instanceof KeyCommand.Swap swap) {
      String done =
          commands.dispatch(
              CommandType.SET,
              new StatusOutput<>(StringCodec.UTF8),
              new CommandArgs<>(StringCodec.UTF8)
                  .addKey(key)
                  .addValue(swap.value())
                  .add("IFEQ")
                  .addValue(swap.expected()));
      return done == null ? Answer.Word.NIL : JedisStore.ok(done);
    } else if (command instanceof KeyCommand.Set set) {
      SetArgs options = new SetArgs();
      if (set.condition() == KeyCommand.Condition.IF_ABSENT) {
        options.nx();
      }
      if (set.ttlMillis() != KeyCommand.NO_TTL) {
        options.px(set.ttlMillis());
      }
      String done = commands.set(key, set.value(), options);
      return done == null ? Answer.Word.NIL : JedisStore.ok(done);
    }
    throw new IllegalArgumentException(command.show());
  }

  @Override
  public boolean isUsable() {
    return true;
  }

  @Override
  public boolean reconnects() {
    return true;
  }

  @Override
  public int reconnections() {
    return lost.get();
  }

  @Override
  public void close() {
    connection.close();
    client.shutdown(Duration.ZERO, Duration.ofSeconds(2));
  }
}
