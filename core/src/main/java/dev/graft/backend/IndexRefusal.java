package dev.graft.backend;

/** Makes the exception that says which index does not fit, in the words of the function that the user called. */
@FunctionalInterface
public interface IndexRefusal {
    /**
     * @param position of the first index that does not fit, counted from 0 in row-major order
     * @param index its value
     */
    RuntimeException of(long position, long index);
}
