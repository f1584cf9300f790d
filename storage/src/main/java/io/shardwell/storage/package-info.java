/**
 * How bytes survive: one shared write-ahead log per loop, snapshot files, node metadata, and the
 * two disks they live on. The only user of files in the project. Everything is called on the loop
 * thread unless a method says otherwise. The format and the crash argument of each operation are in
 * docs/storage-format.md.
 */
@NullMarked
package io.shardwell.storage;

import org.jspecify.annotations.NullMarked;
