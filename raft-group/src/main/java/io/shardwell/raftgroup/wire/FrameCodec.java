package io.shardwell.raftgroup.wire;

import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import io.microraft.model.message.RaftMessage;
import io.shardwell.raftgroup.ClientAddress;
import io.shardwell.raftgroup.cluster.MemoryDealer;
import io.shardwell.raftgroup.replica.DigestBook;
import io.shardwell.raftgroup.replica.ReplicaEndpoint;
import io.shardwell.statemachine.Outcome;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Frames as bytes: a version byte, then messages one after the other, each a kind byte and a body.
 * Not thread-safe; one per loop.
 */
public final class FrameCodec {

  /** First byte of every frame; a peer of another version is refused. */
  public static final byte VERSION = 7;

  private static final int MAX_LIST = 1 << 16;

  private final RaftCodec raft;

  public FrameCodec(RaftCodec raft) {
    this.raft = raft;
  }

  /** Appends one message. */
  public void write(Output out, PeerMessage message) {
    if (message instanceof PeerMessage.Raft m) {
      out.writeByte(Kind.RAFT);
      out.writeVarInt(m.group(), true);
      out.writeVarInt(m.senderGeneration(), true);
      out.writeLong(m.targetIncarnation());
      out.writeVarInt(m.targetGeneration(), true);
      out.writeVarLong(m.tailIndex(), true);
      out.writeVarInt(m.tailTerm(), true);
      raft.writeMessage(out, m.message());
    } else if (message instanceof PeerMessage.Batch m) {
      out.writeByte(Kind.BATCH);
      out.writeVarInt(m.shard(), true);
      out.writeVarLong(m.boot(), true);
      out.writeVarLong(m.sequence(), true);
      Text.writeBytes(out, m.batch());
    } else if (message instanceof PeerMessage.BatchAnswer m) {
      out.writeByte(Kind.BATCH_ANSWER);
      out.writeVarInt(m.shard(), true);
      out.writeVarLong(m.boot(), true);
      out.writeVarLong(m.sequence(), true);
      writeVerdict(out, m.verdict());
    } else if (message instanceof PeerMessage.Read m) {
      out.writeByte(Kind.READ);
      out.writeVarInt(m.shard(), true);
      out.writeVarLong(m.readId(), true);
      out.writeVarInt(m.claimedTerm(), true);
      out.writeVarInt(m.generation(), true);
      Text.writeBytes(out, m.invocations());
    } else if (message instanceof PeerMessage.ReadAnswer m) {
      out.writeByte(Kind.READ_ANSWER);
      out.writeVarInt(m.shard(), true);
      out.writeVarLong(m.readId(), true);
      Text.writeBytes(out, m.replies());
    } else if (message instanceof PeerMessage.ReadRefused m) {
      out.writeByte(Kind.READ_REFUSED);
      out.writeVarInt(m.shard(), true);
      out.writeVarLong(m.readId(), true);
      Text.write(out, m.leaderHint());
    } else if (message instanceof PeerMessage.ReadIndex m) {
      out.writeByte(Kind.READ_INDEX);
      out.writeVarLong(m.round(), true);
      writeTerms(out, m.terms());
    } else if (message instanceof PeerMessage.ReadIndexAnswer m) {
      out.writeByte(Kind.READ_INDEX_ANSWER);
      out.writeVarLong(m.round(), true);
      out.writeVarInt(m.confirmed().size(), true);
      for (PeerMessage.GroupGeneration confirmed : m.confirmed()) {
        out.writeVarInt(confirmed.shard(), true);
        out.writeVarInt(confirmed.generation(), true);
      }
    } else if (message instanceof PeerMessage.Hello m) {
      writeHello(out, m);
    } else if (message instanceof PeerMessage.Pulse m) {
      out.writeByte(Kind.PULSE);
      out.writeLong(m.wallClockMillis());
      out.writeVarLong(m.mapEpoch(), true);
      writeTerms(out, m.leads());
      out.writeBoolean(m.diskIsLow());
      out.writeBoolean(m.isLeaving());
      out.writeBoolean(m.isBehind());
    } else if (message instanceof PeerMessage.MapChange m) {
      out.writeByte(Kind.MAP_CHANGE);
      Text.writeBytes(out, m.change());
    } else if (message instanceof PeerMessage.MapCopy m) {
      out.writeByte(Kind.MAP_COPY);
      Text.writeBytes(out, m.map());
    } else if (message instanceof PeerMessage.Piece m) {
      out.writeByte(Kind.PIECE);
      out.writeVarInt(m.rest(), true);
      Text.writeBytes(out, m.bytes());
    } else if (message instanceof PeerMessage.Digests m) {
      writeDigests(out, m);
    } else if (message instanceof PeerMessage.MemoryUse m) {
      writeMemoryUse(out, m);
    } else {
      throw new AssertionError("no encoding for " + message.getClass());
    }
  }

  /**
   * Reads a frame's messages, in order.
   *
   * @param incarnation of the speaker, 0 as long as its Hello is not known: then only a Hello may
   *     come
   * @throws MalformedFrameException if these are not bytes of ours
   */
  public void read(
      ByteBuffer frame, String speaker, long incarnation, Consumer<PeerMessage> handler) {
    byte[] bytes = new byte[frame.remaining()];
    frame.get(bytes);
    Input in = new Input(bytes);
    if (bytes.length == 0 || in.readByte() != VERSION) {
      throw new MalformedFrameException("frame of an unknown version");
    }
    while (in.position() < in.limit()) {
      PeerMessage message;
      try {
        message = readMessage(in, speaker, incarnation);
      } catch (MalformedFrameException e) {
        throw e;
      } catch (RuntimeException e) {
        // Whatever Kryo and the models' builders find wrong with it: the bytes are to blame.
        throw new MalformedFrameException("cannot decode a frame from " + speaker, e);
      }
      handler.accept(message);
    }
  }

  private PeerMessage readMessage(Input in, String speaker, long incarnation) {
    int kind = in.readByte();
    if (incarnation == 0 && kind != Kind.HELLO) {
      throw new MalformedFrameException("a link must begin with a Hello");
    }
    return switch (kind) {
      case Kind.RAFT -> {
        int group = in.readVarInt(true);
        int senderGeneration = in.readVarInt(true);
        long targetIncarnation = in.readLong();
        int targetGeneration = in.readVarInt(true);
        long tailIndex = in.readVarLong(true);
        int tailTerm = in.readVarInt(true);
        RaftMessage message =
            raft.readMessage(
                in, group, new ReplicaEndpoint(speaker, incarnation, senderGeneration));
        yield new PeerMessage.Raft(
            group,
            senderGeneration,
            targetIncarnation,
            targetGeneration,
            tailIndex,
            tailTerm,
            message);
      }
      case Kind.BATCH ->
          new PeerMessage.Batch(
              readShard(in), in.readVarLong(true), in.readVarLong(true), Text.readBytes(in));
      case Kind.BATCH_ANSWER ->
          new PeerMessage.BatchAnswer(
              readShard(in), in.readVarLong(true), in.readVarLong(true), readVerdict(in));
      case Kind.READ ->
          new PeerMessage.Read(
              readShard(in),
              in.readVarLong(true),
              in.readVarInt(true),
              in.readVarInt(true),
              Text.readBytes(in));
      case Kind.READ_ANSWER ->
          new PeerMessage.ReadAnswer(readShard(in), in.readVarLong(true), Text.readBytes(in));
      case Kind.READ_REFUSED ->
          new PeerMessage.ReadRefused(readShard(in), in.readVarLong(true), Text.read(in));
      case Kind.READ_INDEX -> new PeerMessage.ReadIndex(in.readVarLong(true), readTerms(in));
      case Kind.READ_INDEX_ANSWER -> {
        long round = in.readVarLong(true);
        int count = readCount(in);
        List<PeerMessage.GroupGeneration> confirmed = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
          confirmed.add(new PeerMessage.GroupGeneration(readShard(in), in.readVarInt(true)));
        }
        yield new PeerMessage.ReadIndexAnswer(round, confirmed);
      }
      case Kind.HELLO -> readHello(in);
      case Kind.PULSE ->
          new PeerMessage.Pulse(
              in.readLong(),
              in.readVarLong(true),
              readTerms(in),
              in.readBoolean(),
              in.readBoolean(),
              in.readBoolean());
      case Kind.MAP_CHANGE -> new PeerMessage.MapChange(Text.readBytes(in));
      case Kind.MAP_COPY -> new PeerMessage.MapCopy(Text.readBytes(in));
      case Kind.PIECE -> new PeerMessage.Piece(in.readVarInt(true), Text.readBytes(in));
      case Kind.DIGESTS -> readDigests(in);
      case Kind.MEMORY_USE -> readMemoryUse(in);
      default -> throw new MalformedFrameException("message of unknown kind " + kind);
    };
  }

  /** There may be no such shard here, but it is none below zero. */
  private static int readShard(Input in) {
    int shard = in.readVarInt(true);
    if (shard < 0) {
      throw new MalformedFrameException("shard " + shard);
    }
    return shard;
  }

  private static void writeDigests(Output out, PeerMessage.Digests m) {
    out.writeByte(Kind.DIGESTS);
    out.writeVarInt(m.shard(), true);
    out.writeVarInt(m.generation(), true);
    out.writeVarInt(m.stride(), true);
    out.writeVarLong(m.lastPosition(), true);
    out.writeVarInt(m.digests().length, true);
    for (long digest : m.digests()) {
      out.writeLong(digest);
    }
  }

  private static PeerMessage.Digests readDigests(Input in) {
    int shard = in.readVarInt(true);
    int generation = in.readVarInt(true);
    int stride = in.readVarInt(true);
    long lastPosition = in.readVarLong(true);
    long[] digests = new long[Math.min(readCount(in), DigestBook.MOST_TOLD + 1)];
    if (digests.length > DigestBook.MOST_TOLD) {
      throw new MalformedFrameException("more than " + DigestBook.MOST_TOLD + " digests");
    }
    for (int i = 0; i < digests.length; i++) {
      digests[i] = in.readLong();
    }
    return new PeerMessage.Digests(shard, generation, stride, lastPosition, digests);
  }

  private static void writeMemoryUse(Output out, PeerMessage.MemoryUse m) {
    out.writeByte(Kind.MEMORY_USE);
    out.writeVarInt(m.uses().size(), true);
    for (MemoryDealer.Use use : m.uses()) {
      out.writeVarInt(use.shard(), true);
      out.writeVarLong(use.usedBytes(), true);
      out.writeVarLong(use.evictedKeys(), true);
    }
  }

  private static PeerMessage.MemoryUse readMemoryUse(Input in) {
    int count = readCount(in);
    List<MemoryDealer.Use> uses = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int shard = in.readVarInt(true);
      long usedBytes = in.readVarLong(true);
      long evictedKeys = in.readVarLong(true);
      if (shard < 0 || usedBytes < 0 || evictedKeys < 0) {
        throw new MalformedFrameException("shard " + shard + " uses " + usedBytes + " bytes");
      }
      uses.add(new MemoryDealer.Use(shard, usedBytes, evictedKeys));
    }
    return new PeerMessage.MemoryUse(uses);
  }

  private static void writeTerms(Output out, List<PeerMessage.GroupTerm> terms) {
    out.writeVarInt(terms.size(), true);
    for (PeerMessage.GroupTerm term : terms) {
      out.writeVarInt(term.shard(), true);
      out.writeVarInt(term.term(), true);
    }
  }

  private static List<PeerMessage.GroupTerm> readTerms(Input in) {
    int count = readCount(in);
    List<PeerMessage.GroupTerm> terms = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      terms.add(new PeerMessage.GroupTerm(readShard(in), in.readVarInt(true)));
    }
    return terms;
  }

  private static void writeHello(Output out, PeerMessage.Hello m) {
    out.writeByte(Kind.HELLO);
    Text.write(out, m.nodeId());
    out.writeLong(m.incarnation());
    out.writeVarLong(m.boot(), true);
    out.writeVarInt(m.shards(), true);
    out.writeVarInt(m.replicas(), true);
    Text.writeBytes(out, m.table());
    out.writeBoolean(m.opened());
    out.writeBoolean(m.rejoins());
    Text.writeBytes(out, m.map());
    Text.write(out, m.clientAddress().host());
    out.writeVarInt(m.clientAddress().respPort(), false);
    out.writeVarInt(m.clientAddress().textPort(), false);
    out.writeVarInt(m.clientAddress().httpPort(), false);
    out.writeVarInt(m.clientAddress().clusterPort(), false);
  }

  private static PeerMessage.Hello readHello(Input in) {
    return new PeerMessage.Hello(
        Text.read(in),
        in.readLong(),
        in.readVarLong(true),
        in.readVarInt(true),
        in.readVarInt(true),
        Text.readBytes(in),
        in.readBoolean(),
        in.readBoolean(),
        Text.readBytes(in),
        new ClientAddress(
            Text.read(in),
            in.readVarInt(false),
            in.readVarInt(false),
            in.readVarInt(false),
            in.readVarInt(false)));
  }

  private static void writeVerdict(Output out, BatchVerdict verdict) {
    if (verdict instanceof BatchVerdict.Refused refused) {
      out.writeByte(Verdict.REFUSED);
      Text.write(out, refused.leaderHint());
      return;
    }
    Outcome outcome = ((BatchVerdict.Decided) verdict).outcome();
    if (outcome instanceof Outcome.Applied applied) {
      out.writeByte(Verdict.APPLIED);
      Text.writeBytes(out, applied.replies());
    } else if (outcome instanceof Outcome.Repeated repeated) {
      out.writeByte(Verdict.REPEATED);
      Text.writeBytes(out, repeated.replies());
    } else if (outcome instanceof Outcome.RepliesGone) {
      out.writeByte(Verdict.REPLIES_GONE);
    } else if (outcome instanceof Outcome.Gap gap) {
      out.writeByte(Verdict.GAP);
      out.writeVarLong(gap.expectedSequence(), true);
    } else if (outcome instanceof Outcome.SessionUnknown) {
      out.writeByte(Verdict.SESSION_UNKNOWN);
    } else if (outcome instanceof Outcome.BootSuperseded superseded) {
      out.writeByte(Verdict.BOOT_SUPERSEDED);
      out.writeVarLong(superseded.currentBoot(), true);
    } else if (outcome instanceof Outcome.SessionRetired) {
      out.writeByte(Verdict.SESSION_RETIRED);
    } else {
      throw new AssertionError("not a batch's outcome: " + outcome);
    }
  }

  private static BatchVerdict readVerdict(Input in) {
    int kind = in.readByte();
    return switch (kind) {
      case Verdict.REFUSED -> new BatchVerdict.Refused(Text.read(in));
      case Verdict.APPLIED -> new BatchVerdict.Decided(new Outcome.Applied(Text.readBytes(in)));
      case Verdict.REPEATED -> new BatchVerdict.Decided(new Outcome.Repeated(Text.readBytes(in)));
      case Verdict.REPLIES_GONE -> new BatchVerdict.Decided(new Outcome.RepliesGone());
      case Verdict.GAP -> new BatchVerdict.Decided(new Outcome.Gap(in.readVarLong(true)));
      case Verdict.SESSION_UNKNOWN -> new BatchVerdict.Decided(new Outcome.SessionUnknown());
      case Verdict.BOOT_SUPERSEDED ->
          new BatchVerdict.Decided(new Outcome.BootSuperseded(in.readVarLong(true)));
      case Verdict.SESSION_RETIRED -> new BatchVerdict.Decided(new Outcome.SessionRetired());
      default -> throw new MalformedFrameException("verdict of unknown kind " + kind);
    };
  }

  private static int readCount(Input in) {
    int count = in.readVarInt(true);
    if (count < 0 || count > MAX_LIST) {
      throw new MalformedFrameException("count " + count + " is above " + MAX_LIST);
    }
    return count;
  }

  private static final class Kind {
    static final int HELLO = 1;
    static final int RAFT = 2;
    static final int BATCH = 3;
    static final int BATCH_ANSWER = 4;
    static final int READ = 5;
    static final int READ_ANSWER = 6;
    static final int READ_REFUSED = 7;
    static final int READ_INDEX = 8;
    static final int READ_INDEX_ANSWER = 9;
    static final int PULSE = 10;
    static final int MAP_CHANGE = 11;
    static final int MAP_COPY = 12;
    static final int PIECE = 13;
    static final int DIGESTS = 14;
    static final int MEMORY_USE = 15;
  }

  private static final class Verdict {
    static final int REFUSED = 0;
    static final int APPLIED = 1;
    static final int REPEATED = 2;
    static final int REPLIES_GONE = 3;
    static final int GAP = 4;
    static final int SESSION_UNKNOWN = 5;
    static final int BOOT_SUPERSEDED = 6;
    static final int SESSION_RETIRED = 7;
  }
}
