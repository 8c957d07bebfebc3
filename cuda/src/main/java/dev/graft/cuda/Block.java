package dev.graft.cuda;

/**
 * A piece of a device's memory.
 *
 * @param bytes its size, which may exceed what was asked for
 * @param isPart whether it is a part of a slab, which is freed as a whole
 */
record Block(long address, long bytes, boolean isPart) {}
