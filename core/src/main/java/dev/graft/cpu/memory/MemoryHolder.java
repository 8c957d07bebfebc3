package dev.graft.cpu.memory;

/** Somebody who holds memory of the CPU backend: the tensors, the pool, packed weights, scratch memory. */
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

    /** Bytes held now. */
    long bytes();

    /**
     * Lets go of all that is not in use at this moment and could be made again. Called from any thread, also while
     * kernels run.
     */
    void giveBack();
}
