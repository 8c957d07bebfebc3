package dev.graft.cpu.memory;

/** A holder of the CPU backend's memory: the tensors, the pool, packed weights, or scratch memory. */
public interface MemoryHolder {
    /** What memory is held for. */
    enum Use {
        TENSORS("live in tensors"),
        POOL("in the pool"),
        PACKED_WEIGHTS("in packed weights"),
        SCRATCH("in scratch memory");

        private final String words;

        Use(String words) {
            this.words = words;
        }

        @Override
        public String toString() {
            return words;
        }
    }

    Use use();

    /** The bytes that are held now. */
    long bytes();

    /**
     * Frees everything that is not in use at this moment and can be made again. Called from any thread, even while
     * kernels run.
     */
    void giveBack();
}
