/**
 * The other end of a client connection: what the command line needs to talk to nodes, kept here
 * because this module owns the sockets. Not for use inside a node: everything in it blocks.
 */
package io.shardwell.server.client;
