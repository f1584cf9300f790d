/** Libraries that Java shops use already, unmodified, against a cluster. */
package io.shardwell.jepsen.clients;
