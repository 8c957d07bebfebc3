package dev.graft.backend.reference;

import dev.graft.backend.View;
import dev.graft.type.DType;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/** The elements of a view, one by one, each index checked. */
final class Elements {
    private final View view;
    private final ReferenceStorage storage;

    private Elements(View view) {
        this.view = view;
        this.storage = (ReferenceStorage) view.storage();
    }

    static Elements of(View view) {
        return new Elements(view);
    }

    /** Calls {@code body} with every index of a shape in row-major order; the array is the same each time. */
    static void each(int[] dims, Consumer<int[]> body) {
        int count = 1;
        for (int d : dims) {
            count *= d;
        }
        int[] index = new int[dims.length];
        for (int i = 0; i < count; i++) {
            body.accept(index);
            for (int axis = dims.length - 1; axis >= 0 && ++index[axis] == dims[axis]; axis--) {
                index[axis] = 0;
            }
        }
    }

    void each(Consumer<int[]> body) {
        each(view.shape().toArray(), body);
    }

    /** Whether the elements are BOOL. */
    boolean isTruth() {
        return view.dtype() == DType.BOOL;
    }

    int dim(int axis) {
        return view.dim(axis);
    }

    int numel() {
        return view.numel();
    }

    private ByteBuffer at(int... index) {
        if (index.length != view.rank()) {
            throw new IndexOutOfBoundsException(index.length + " indices for " + view.shape());
        }
        long place = view.offset();
        for (int axis = 0; axis < index.length; axis++) {
            if (index[axis] < 0 || index[axis] >= view.dim(axis)) {
                throw new IndexOutOfBoundsException(
                        "index " + index[axis] + " of axis " + axis + " of " + view.shape());
            }
            place += (long) index[axis] * view.strides()[axis];
        }
        return storage.at(place);
    }

    /** @throws IllegalStateException where the view does not hold floats or small integers */
    double get(int... index) {
        return Numbers.toDouble(view.dtype(), at(index));
    }

    long getLong(int... index) {
        return Numbers.toLong(view.dtype(), at(index));
    }

    /** Rounds to the view's type. */
    void set(double value, int... index) {
        Numbers.put(view.dtype(), at(index), value);
    }

    BigInteger exact(int... index) {
        return Numbers.exact(view.dtype(), at(index));
    }

    void setExact(BigInteger value, int... index) {
        Numbers.putExact(view.dtype(), at(index), value);
    }

    void setLong(long value, int... index) {
        Numbers.putLong(view.dtype(), at(index), value);
    }

    /** The element's bytes. */
    byte[] raw(int... index) {
        byte[] bytes = new byte[view.dtype().bytes()];
        at(index).get(bytes);
        return bytes;
    }

    void setRaw(byte[] bytes, int... index) {
        at(index).put(bytes);
    }
}
