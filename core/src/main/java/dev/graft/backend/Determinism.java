package dev.graft.backend;

/** What a backend promises about the bits of a kernel's results, strongest first. */
public enum Determinism {
    /** The same bits for the same operands on this kind of device, whatever the number of threads or the load. */
    ANY_THREADS,
    /** The same bits for the same operands in every run on the same device with the same settings. */
    SAME_DEVICE,
    /** Sums may be added in a different order each time, as with atomic additions. */
    NOT_PROMISED;

    /** Whether this promise is at least as strong as another. */
    public boolean includes(Determinism other) {
        return compareTo(other) <= 0;
    }
}
