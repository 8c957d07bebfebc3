package dev.graft.backend;

/** Makes the exception that says which index is out of range, in the words of the function that the user called. */
@FunctionalInterface
public interface IndexRefusal {
    /**
     * The exception to throw for an index that is out of range.
     *
     * @param position of the first index that is out of range, counted from 0 in row-major order
     * @param index its value
     */
    RuntimeException of(long position, long index);
}
