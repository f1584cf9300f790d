package io.shardwell.server;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.CodecException;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.netty.handler.timeout.ReadTimeoutException;
import io.netty.handler.timeout.ReadTimeoutHandler;
import io.shardwell.raftgroup.NodeStatus;
import io.shardwell.storage.FaultHandler;
import java.io.IOException;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Health over HTTP. {@code /livez}: 200 whenever the loop turns, as it must to answer at all.
 * {@code /readyz} (and {@code /healthz}): 200 if recovered, a member, every local group has a
 * leader and the disk has room; else 503 with the reason.
 */
final class HealthHandler extends SimpleChannelInboundHandler<FullHttpRequest> {

  private static final Logger LOG = LoggerFactory.getLogger(HealthHandler.class);

  static final int MAX_REQUEST_BYTES = 16 << 10;
  static final int IDLE_SECONDS = 60;

  /** Open at once: probes ask and close, or are a few that stay. */
  static final int MAX_CONNECTIONS = 256;

  private final Supplier<NodeStatus> status;
  private final FaultHandler faults;

  HealthHandler(Supplier<NodeStatus> status, FaultHandler faults) {
    this.status = status;
    this.faults = faults;
  }

  @Override
  protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
    boolean head = request.method().equals(HttpMethod.HEAD);
    if (!request.decoderResult().isSuccess()) {
      respond(context, request, HttpResponseStatus.BAD_REQUEST, "bad request");
    } else if (!head && !request.method().equals(HttpMethod.GET)) {
      respond(context, request, HttpResponseStatus.METHOD_NOT_ALLOWED, "GET or HEAD only");
    } else {
      switch (new QueryStringDecoder(request.uri()).path()) {
        case "/livez" -> respond(context, request, HttpResponseStatus.OK, "ok");
        case "/readyz", "/healthz" -> {
          NodeStatus now = status.get();
          respond(
              context,
              request,
              now.ready() ? HttpResponseStatus.OK : HttpResponseStatus.SERVICE_UNAVAILABLE,
              now.ready() ? "ok" : "not ready: " + now.notReadyReason());
        }
        default -> respond(context, request, HttpResponseStatus.NOT_FOUND, "not found");
      }
    }
  }

  private static void respond(
      ChannelHandlerContext context,
      FullHttpRequest request,
      HttpResponseStatus code,
      String text) {
    ByteBuf body = context.alloc().buffer();
    ByteBufUtil.writeUtf8(body, text + "\n");
    int length = body.readableBytes();
    if (request.method().equals(HttpMethod.HEAD)) {
      body.clear();
    }
    var response = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, code, body);
    response
        .headers()
        .set(HttpHeaderNames.CONTENT_TYPE, "text/plain; charset=utf-8")
        .set(HttpHeaderNames.CACHE_CONTROL, HttpHeaderValues.NO_STORE)
        .setInt(HttpHeaderNames.CONTENT_LENGTH, length);
    boolean keepAlive = HttpUtil.isKeepAlive(request) && request.decoderResult().isSuccess();
    HttpUtil.setKeepAlive(response, keepAlive);
    Quietly.listen(
        context.writeAndFlush(response), keepAlive ? written -> {} : ChannelFutureListener.CLOSE);
  }

  /**
   * Answers pile up that the client does not take ({@link ClientLimits#OUTPUT_HIGH_BYTES}): it asks
   * for no health. To stop reading would not do, for Netty reads on to complete a request's body.
   */
  @Override
  public void channelWritabilityChanged(ChannelHandlerContext context) {
    if (!context.channel().isWritable()) {
      Quietly.close(context.channel());
    }
  }

  /** What it asked is answered by now: without this it would be counted until the idle limit. */
  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    if (event instanceof ChannelInputShutdownEvent) {
      Quietly.closeAfterWrites(context.channel());
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    Quietly.close(context.channel());
    if (cause instanceof Error) {
      faults.fault("serving an HTTP request", cause);
    }
    // CodecException: a request that ends within its body, or is nonsense.
    boolean expected =
        cause instanceof IOException
            || cause instanceof CodecException
            || cause instanceof ReadTimeoutException
            || cause instanceof NodeFault
            || cause instanceof IllegalArgumentException;
    if (!expected) {
      // A bug, but of this request: as with clients' requests the node goes on (decisions/0035).
      LOG.error("An HTTP request could not be handled", cause);
    }
  }

  /** Ends connections that ask nothing. */
  static ReadTimeoutHandler idleLimit() {
    return new ReadTimeoutHandler(IDLE_SECONDS);
  }
}
