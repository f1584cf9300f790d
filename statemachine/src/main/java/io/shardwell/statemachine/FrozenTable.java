package io.shardwell.statemachine;

import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The entries of a {@link KeyTable} as they were at one moment, to be visited once, in the order of
 * their hashes, while the table goes on changing.
 *
 * <p>Nothing is copied when it begins. Each page knows the freeze it was last changed after; before
 * its first change since, the table hands it in ({@link #keep}), and it is copied, unless the visit
 * is past it already. A copied page is dropped as soon as it has been visited. So the memory on top
 * is that of the pages changed ahead of the visit, with their records.
 *
 * <p>Splitting and merging change pages, so they keep what they change. Hence a page that was not
 * changed since the freeze covers the same prefix as then, and the prefixes of pages that were lie
 * within those of the kept ones.
 */
final class FrozenTable {
  private final KeyTable table;
  // Pages as they were, by the first hash of their prefix.
  private final TreeMap<Long, Page> kept = new TreeMap<>(Long::compareUnsigned);

  // The page being visited, shared with the table until that changes it.
  private @Nullable Page page;
  private int at;
  // Invariant: all prefixes below have been visited or are the page's; `complete` if all have.
  private long nextPrefix;
  private boolean complete;

  FrozenTable(KeyTable table) {
    this.table = table;
  }

  /** Moves to the next entry; false if there are no more. Work: one page or entry, O(1). */
  boolean next() {
    at++;
    while (page == null || at >= page.size) {
      if (complete) {
        page = null;
        return false;
      }
      Page image = kept.remove(nextPrefix);
      Page here = image == null ? table.pageOf(nextPrefix) : image;
      assert image != null || table.isUnchanged(here) : "a page that was changed was not kept";
      page = here;
      at = 0;
      nextPrefix += here.span();
      complete = nextPrefix == 0;
    }
    return true;
  }

  /** The array that holds the record here, until the next change of the table. */
  byte[] array() {
    assert page != null;
    return page.records.array(at);
  }

  /** Where in the array the record here begins. */
  int from() {
    assert page != null;
    return page.records.from(at);
  }

  /** How long the record here is, in bytes. */
  int length() {
    assert page != null;
    return page.records.length(at);
  }

  long deadline() {
    assert page != null;
    return page.deadlines[at];
  }

  long version() {
    assert page != null;
    return page.versions[at];
  }

  long recency() {
    assert page != null;
    return page.recencies[at];
  }

  /** The table is about to change a page for the first time since the freeze. */
  void keep(Page changing, long firstHash) {
    if (changing == page) {
      page = changing.copy();
    } else if (!complete && Long.compareUnsigned(firstHash, nextPrefix) >= 0) {
      kept.put(firstHash, changing.copy());
    }
  }

  /** The view will not be used any more: the table need not keep pages for it. */
  void letGo() {
    table.letGo(this);
    kept.clear();
    page = null;
    complete = true;
  }

  /** How many pages are held on top of the table's own. */
  int keptPages() {
    return kept.size();
  }
}
