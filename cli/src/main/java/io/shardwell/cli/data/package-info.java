/** {@code shardwell data}: the directory of a node that does not run. */
@NullMarked
package io.shardwell.cli.data;

import org.jspecify.annotations.NullMarked;
