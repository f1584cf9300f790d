/**
 * The commands a node answers by itself: handshakes, introspection, settings. Data commands belong
 * to the state machine; their rows are only listed here. No sockets; all on the loop's thread.
 */
package io.shardwell.server.command;
