/** Tests of the state machine against naive models, golden bytes and known values. */
@NullMarked
package io.shardwell.statemachine;

import org.jspecify.annotations.NullMarked;
