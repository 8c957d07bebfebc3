package dev.graft.backend.reference;

import dev.graft.backend.ImageLayout;
import dev.graft.backend.View;
import dev.graft.type.DType;
import java.util.Arrays;
import java.util.List;

/** What a caller of a kernel owes it, checked when it calls: the words are those of the contract. */
final class Caller {
    private final ReferenceBackend backend;
    private final String kernel;

    Caller(ReferenceBackend backend, String kernel) {
        this.backend = backend;
        this.kernel = kernel;
    }

    private void require(boolean kept, String promise, View... views) {
        if (!kept) {
            StringBuilder text = new StringBuilder("reference: " + kernel + ": the caller must see that " + promise);
            for (View v : views) {
                text.append("; ")
                        .append(v.dtype())
                        .append(' ')
                        .append(v.shape())
                        .append(" strides ");
                text.append(Arrays.toString(v.strides())).append(" from ").append(v.offset());
            }
            throw new IllegalStateException(text.toString());
        }
    }

    Caller reads(View... views) {
        for (View v : views) {
            if (!(v.storage() instanceof ReferenceStorage storage) || storage.device() != backend) {
                throw new IllegalStateException("reference: " + kernel + ": a tensor lies on "
                        + v.storage().backend().name() + ", not on " + backend.name()
                        + ". Hint: move it with to(Device).");
            }
            storage.checkOpen();
            long last = v.offset();
            for (int axis = 0; axis < v.rank(); axis++) {
                last += (v.dim(axis) - 1L) * v.strides()[axis];
                require(v.strides()[axis] >= 0, "strides are not negative", v);
            }
            require(
                    v.numel() == 0 || (v.offset() >= 0 && last < storage.length()),
                    "views lie inside their storage",
                    v);
        }
        return this;
    }

    Caller writes(View... views) {
        reads(views);
        for (View v : views) {
            require(!v.repeatsElements(), "results do not repeat elements", v);
        }
        return this;
    }

    Caller dtype(DType type, View... views) {
        for (View v : views) {
            require(v.dtype() == type, "operands have the kernel's type " + type, v);
        }
        return this;
    }

    Caller oneOf(List<DType> types, View... views) {
        for (View v : views) {
            require(types.contains(v.dtype()), "operands have one of the kernel's types " + types, v);
        }
        return this;
    }

    /** The shapes are equal but for one dimension. */
    Caller alongAxis(int axis, View x, View y) {
        require(x.shape().with(axis, 1).equals(y.shape().with(axis, 1)), "shapes differ along the axis alone", x, y);
        return this;
    }

    Caller floats(View... views) {
        return dtype(DType.F32, views);
    }

    Caller sameShape(View first, View... others) {
        for (View v : others) {
            require(v.shape().equals(first.shape()), "shapes are equal", first, v);
        }
        return this;
    }

    Caller sameLayout(View first, View... others) {
        sameShape(first, others);
        require(first.isDense(), "views are dense", first);
        for (View v : others) {
            require(first.numel() == 0 || v.sameLayout(first), "views have the same layout", first, v);
        }
        return this;
    }

    Caller contiguous(View... views) {
        for (View v : views) {
            require(v.isContiguous(), "views are contiguous", v);
        }
        return this;
    }

    Caller images(View... views) {
        for (View v : views) {
            ImageLayout layout = backend.imageLayout(v.dtype());
            require(layout.isOf(v), "images are laid out as the backend wants them, " + layout, v);
        }
        return this;
    }

    /** {@code y} has {@code x}'s rank, and size 1 or {@code x}'s in every dimension. */
    Caller folded(View x, View y) {
        require(x.rank() == y.rank(), "ranks are equal", x, y);
        for (int axis = 0; axis < x.rank(); axis++) {
            require(y.dim(axis) == x.dim(axis) || y.dim(axis) == 1, "results have size 1 or the operand's", x, y);
        }
        return this;
    }

    Caller product(View p, View q, View y) {
        int rank = y.rank();
        boolean fits = p.rank() == rank && q.rank() == rank;
        for (int axis = 0; fits && axis < rank - 2; axis++) {
            fits = p.dim(axis) == y.dim(axis) && q.dim(axis) == y.dim(axis);
        }
        fits = fits
                && p.dim(rank - 2) == y.dim(rank - 2)
                && q.dim(rank - 1) == y.dim(rank - 1)
                && p.dim(rank - 1) == q.dim(rank - 2);
        require(fits, "matrices fit", p, q, y);
        return this;
    }

    Caller apart(View result, View... others) {
        for (View v : others) {
            require(!result.overlaps(v), "results do not overlap operands", result, v);
        }
        return this;
    }

    Caller apartUnlessSame(View result, View... others) {
        for (View v : others) {
            require(!result.overlaps(v) || result.sameElements(v), "results do not overlap others", result, v);
        }
        return this;
    }

    /** @throws IllegalArgumentException for what no device converts */
    Caller convertible(View x, View y) {
        boolean same = x.dtype() == y.dtype() && !kernel.equals("fill");
        if (!same
                && (Numbers.isComplex(x.dtype()) || Numbers.isComplex(y.dtype()) || Numbers.isShortFloat(y.dtype()))) {
            throw new IllegalArgumentException("copy: "
                    + (Numbers.isComplex(x.dtype()) ? x.dtype() : y.dtype())
                    + " cannot be converted to or from here. Hint: 8-bit floats can be read as F32, complex numbers only be stored and"
                    + " saved as they are.");
        }
        return this;
    }
}
