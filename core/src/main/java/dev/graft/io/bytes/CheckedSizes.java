package dev.graft.io.bytes;

import dev.graft.io.file.WeightFileException;
import dev.graft.type.Shape;
import java.util.List;
import java.util.Optional;

/** Arithmetic on sizes that come from a file: overflow is a regular result. */
public final class CheckedSizes {
    private CheckedSizes() {}

    public static Optional<Long> multiply(long a, long b) {
        long high = Math.multiplyHigh(a, b);
        long low = a * b;
        return (high == 0 && low >= 0) || (high == -1 && low < 0) ? Optional.of(low) : Optional.empty();
    }

    public static Optional<Long> add(long a, long b) {
        long sum = a + b;
        return ((a ^ sum) & (b ^ sum)) < 0 ? Optional.empty() : Optional.of(sum);
    }

    /** {@code sizes} as a shape, if one Java array can hold that many elements. */
    public static Shape shape(FileBytes file, String name, List<Long> sizes) {
        int[] dims = new int[sizes.size()];
        for (int i = 0; i < dims.length; i++) {
            long size = sizes.get(i);
            if (size < 0) {
                throw file.damaged("tensor \"" + name + "\" has a negative size in " + sizes);
            }
            if (size > Integer.MAX_VALUE) {
                throw tooLarge(file, name, sizes);
            }
            dims[i] = (int) size;
        }
        try {
            return Shape.of(dims);
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw tooLarge(file, name, sizes);
        }
    }

    public static WeightFileException tooLarge(FileBytes file, String name, List<Long> sizes) {
        return file.refused(
                "tensor \"" + name + "\" " + sizes + " is larger than one Java array (2 GiB)",
                "split it in Python before loading it here");
    }
}
