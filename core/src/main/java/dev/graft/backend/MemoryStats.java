package dev.graft.backend;

/**
 * Memory that a device holds, in bytes. All but {@code live} is there only to save time, and is given up before an
 * allocation fails.
 *
 * @param live held by storages in use
 * @param peak the largest {@code live} so far
 * @param pooled kept for reuse
 * @param packed rearranged copies of weights
 * @param scratch working memory of kernels
 */
public record MemoryStats(long live, long peak, long pooled, long packed, long scratch) {

    public MemoryStats with(long packed, long scratch) {
        return new MemoryStats(live, peak, pooled, packed, scratch);
    }

    /** All of it. */
    public long total() {
        return live + pooled + packed + scratch;
    }
}
