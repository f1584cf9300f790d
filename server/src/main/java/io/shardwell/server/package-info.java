/**
 * How the world reaches a node: the only module with sockets and threads.
 *
 * <p>{@link io.shardwell.server.Node} wires everything. It has one {@link
 * io.shardwell.server.NettyEventLoop loop}, which is the I/O thread of all sockets and the thread
 * of the engine, and one thread for the disk. A turn of the loop ends with the engine's own end,
 * then the flush of the peers' links, then the flush of the clients' connections: one system call
 * for each that has something to say.
 *
 * <p>Three kinds of sockets come in. Peers: length-prefixed frames ({@link
 * io.shardwell.server.NettyPeerBus}). Clients: RESP or plain lines, both a {@code ClientConnection}
 * with another decoder and encoder; {@code protocol} holds the languages, {@code command} what a
 * node answers by itself. HTTP: health only.
 *
 * <p>Whatever goes wrong with a socket is an event of that socket. Whatever else is thrown on the
 * loop is a broken invariant and goes to the fault handler, which ends the node.
 */
package io.shardwell.server;
