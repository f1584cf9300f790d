@NullMarked
package io.shardwell.storage;

import org.jspecify.annotations.NullMarked;
