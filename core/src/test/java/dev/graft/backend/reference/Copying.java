package dev.graft.backend.reference;

import dev.graft.backend.View;
import java.math.BigInteger;

/** Copies and conversions. */
final class Copying {
    private Copying() {}

    /** All of {@code x} is read before any of {@code y} is written, for they may overlap. */
    static void copy(View x, View y) {
        Elements from = Elements.of(x);
        Elements to = Elements.of(y);
        Object[] values = new Object[x.numel()];
        int[] at = {0};
        from.each(i -> values[at[0]++] =
                x.dtype() == y.dtype() ? from.raw(i) : x.dtype().isFloat() ? (Object) from.get(i) : from.exact(i));
        at[0] = 0;
        to.each(i -> {
            Object value = values[at[0]++];
            if (value instanceof byte[] bytes) {
                to.setRaw(bytes, i);
            } else if (value instanceof Double number) {
                to.set(number, i);
            } else {
                to.setExact((BigInteger) value, i);
            }
        });
    }

    static void fill(View y, double value) {
        Elements to = Elements.of(y);
        // What is not converted is only ever filled with 0, which is all bytes 0.
        to.each(i -> {
            if (Numbers.isComplex(y.dtype()) || Numbers.isShortFloat(y.dtype())) {
                to.setRaw(new byte[y.dtype().bytes()], i);
            } else {
                to.set(value, i);
            }
        });
    }
}
