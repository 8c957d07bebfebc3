package dev.graft.backend;

/**
 * Memory of a device's tensors, in bytes.
 *
 * @param live   held by storages in use
 * @param peak   the largest {@code live} so far
 * @param pooled kept for reuse
 */
public record MemoryStats(long live, long peak, long pooled) {
}
