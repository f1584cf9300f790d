/**
 * The languages clients speak: bytes to words, answers to bytes. No sockets here, and no state but
 * that of one stream.
 */
package io.shardwell.server.protocol;
