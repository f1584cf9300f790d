package io.shardwell.server.command;

import io.shardwell.statemachine.Command;
import java.util.EnumMap;
import java.util.Map;

/** One line on each data command, for COMMAND DOCS and HELP. */
final class DataCommandDocs {

  private static final Map<Command, String> SUMMARIES = new EnumMap<>(Command.class);

  static {
    put(Command.GET, "Returns the value of a key.");
    put(Command.SET, "Sets a key's value. [NX|XX] [GET] [EX s|PX ms|EXAT t|PXAT t|KEEPTTL]");
    put(Command.DEL, "Deletes keys.");
    put(Command.UNLINK, "Deletes keys.");
    put(Command.EXISTS, "Counts how many of the keys exist.");
    put(Command.TOUCH, "Counts how many of the keys exist.");
    put(Command.EXPIRE, "Sets a key's time to live in seconds. [NX|XX|GT|LT]");
    put(Command.PEXPIRE, "Sets a key's time to live in milliseconds. [NX|XX|GT|LT]");
    put(Command.EXPIREAT, "Sets a key's end as a Unix time in seconds. [NX|XX|GT|LT]");
    put(Command.PEXPIREAT, "Sets a key's end as a Unix time in milliseconds. [NX|XX|GT|LT]");
    put(Command.TTL, "Returns a key's time to live in seconds.");
    put(Command.PTTL, "Returns a key's time to live in milliseconds.");
    put(Command.EXPIRETIME, "Returns a key's end as a Unix time in seconds.");
    put(Command.PEXPIRETIME, "Returns a key's end as a Unix time in milliseconds.");
    put(Command.PERSIST, "Removes a key's time to live.");
    put(Command.INCR, "Adds one to a whole number.");
    put(Command.DECR, "Subtracts one from a whole number.");
    put(Command.INCRBY, "Adds to a whole number.");
    put(Command.DECRBY, "Subtracts from a whole number.");
    put(Command.INCRBYFLOAT, "Adds to a decimal number.");
    put(Command.APPEND, "Appends to a value.");
    put(Command.STRLEN, "Returns a value's length in bytes.");
    put(Command.MGET, "Returns the values of several keys.");
    put(Command.MSET, "Sets several keys; all or nothing per shard.");
    put(Command.DBSIZE, "Counts all keys of the cluster.");
    put(Command.FLUSHALL, "Deletes all keys of the cluster.");
    put(Command.FLUSHDB, "Deletes all keys of the cluster.");
    put(Command.TYPE, "Returns the type of a key's value.");
    put(Command.KEYS, "Returns all keys that match a pattern.");
    put(Command.SCAN, "Walks over all keys. cursor [MATCH p] [COUNT n] [TYPE t]");
    put(Command.SETNX, "Sets a key's value if it does not exist.");
    put(Command.SETEX, "Sets a key's value and time to live in seconds.");
    put(Command.PSETEX, "Sets a key's value and time to live in milliseconds.");
    put(Command.GETSET, "Sets a key's value and returns the old one.");
    put(Command.GETDEL, "Deletes a key and returns its value.");
    put(Command.GETEX, "Returns a value and sets or removes its time to live.");
    put(Command.GETRANGE, "Returns a part of a value.");
    put(Command.SUBSTR, "Returns a part of a value.");
    put(Command.SETRANGE, "Overwrites a part of a value.");
    put(Command.RANDOMKEY, "Returns some key.");
    put(Command.MSETNX, "Sets several keys if none exists.");
    put(Command.RENAME, "Renames a key; both names in one slot.");
    put(Command.RENAMENX, "Renames a key if the new name is free; both in one slot.");
  }

  private DataCommandDocs() {}

  private static void put(Command command, String summary) {
    SUMMARIES.put(command, summary);
  }

  static String summary(Command command) {
    return SUMMARIES.getOrDefault(command, "");
  }

  static String group(Command command) {
    return switch (command) {
      case DBSIZE, FLUSHALL, FLUSHDB -> "server";
      case DEL,
          UNLINK,
          EXISTS,
          TOUCH,
          EXPIRE,
          PEXPIRE,
          EXPIREAT,
          PEXPIREAT,
          TTL,
          PTTL,
          EXPIRETIME,
          PEXPIRETIME,
          PERSIST,
          TYPE,
          KEYS,
          SCAN,
          RANDOMKEY,
          RENAME,
          RENAMENX ->
          "generic";
      default -> "string";
    };
  }
}
