/**
 * How people drive it: the {@code shardwell} command line. The only owner of standard output and of
 * exit codes. Threads and sockets belong to the server module.
 */
package io.shardwell.cli;
