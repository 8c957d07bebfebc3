package dev.graft.cuda;

/**
 * A piece of a device's memory.
 *
 * @param bytes its size, which may exceed what was asked for
 * @param slab the larger piece of which it is a part, which is freed as a whole; 0 if it is none
 */
record Block(long address, long bytes, long slab) {
    boolean isPart() {
        return slab != 0;
    }
}
