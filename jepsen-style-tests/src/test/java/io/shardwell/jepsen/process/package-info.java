/** Real server processes on loopback, killed and stopped under the load of a client library. */
@NullMarked
package io.shardwell.jepsen.process;

import org.jspecify.annotations.NullMarked;
