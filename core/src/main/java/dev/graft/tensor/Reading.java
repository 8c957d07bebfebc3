package dev.graft.tensor;

import dev.graft.type.DType;
import java.util.Arrays;
import java.util.function.Function;

/** How {@link Tensor} gives its elements to the host. Errors have the name of the function that was called. */
final class Reading {
    private Reading() {}

    static float item(Tensor t) {
        requireSingle("item", t);
        return floats("item", t)[0];
    }

    static long itemLong(Tensor t) {
        requireSingle("itemLong", t);
        return longs("itemLong", t)[0];
    }

    private static void requireSingle(String op, Tensor t) {
        t.checkOpen(op);
        if (t.numel() != 1) {
            throw new IllegalArgumentException(op + ": the tensor has " + t.numel() + " elements, shape " + t.shape()
                    + ". Hint: use to" + (op.equals("item") ? "Float" : "Long") + "Array().");
        }
    }

    static float get(Tensor tensor, int... index) {
        tensor.checkOpen("get");
        if (index.length != tensor.rank()) {
            throw new IllegalArgumentException("get: " + index.length + " indices for shape " + tensor.shape());
        }
        for (int i = 0; i < index.length; i++) {
            if (index[i] < -tensor.dim(i) || index[i] >= tensor.dim(i)) {
                throw new IllegalArgumentException(
                        "get: index " + Arrays.toString(index) + " is outside shape " + tensor.shape());
            }
        }
        try (Scope s = Scope.open()) {
            Tensor t = tensor.detach();
            for (int i : index) {
                t = t.select(0, i);
            }
            return floats("get", t)[0];
        }
    }

    static float[] floats(String op, Tensor tensor) {
        return read(op, tensor, DType.F32, t -> {
            float[] out = new float[t.numel()];
            t.storage().read(t.offset(), out, 0, out.length);
            return out;
        });
    }

    static long[] longs(String op, Tensor tensor) {
        return read(op, tensor, DType.I64, t -> {
            long[] out = new long[t.numel()];
            t.storage().read(t.offset(), out, 0, out.length);
            return out;
        });
    }

    static int[] ints(Tensor tensor) {
        return read("toIntArray", tensor, DType.I32, t -> {
            int[] out = new int[t.numel()];
            t.storage().read(t.offset(), out, 0, out.length);
            return out;
        });
    }

    private static <T> T read(String op, Tensor tensor, DType type, Function<Tensor, T> reader) {
        tensor.checkOpen(op);
        return Refusal.under(op, () -> {
            try (Scope s = Scope.open()) {
                return reader.apply(Raw.contiguous(tensor.detach().to(type)));
            }
        });
    }

    static byte[] bytes(String op, Tensor tensor) {
        tensor.checkOpen(op);
        return Refusal.under(op, () -> {
            try (Scope s = Scope.open()) {
                Tensor t = Raw.contiguous(tensor);
                return HostBytes.read(t.storage(), t.offset(), t.numel());
            }
        });
    }
}
