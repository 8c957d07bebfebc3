package dev.graft.tensor;

import dev.graft.type.DType;
import dev.graft.type.Shape;

/** Makes tensors on a device, by the names of {@link Tensor}'s own functions. */
record On(Device device) {
    static final On CPU = new On(Device.cpu());

    /** The device of a tensor. */
    static On deviceOf(Tensor t) {
        return new On(t.device());
    }

    /** The same elements on this device, itself where they are there already. */
    Tensor put(Tensor t) {
        return t.device().equals(device) ? t : t.to(device);
    }

    Tensor of(float[] data, int... dims) {
        return Tensor.of(device, data, dims);
    }

    Tensor of(long[] data, int... dims) {
        return Tensor.of(device, data, dims);
    }

    Tensor of(boolean[] data, int... dims) {
        return Tensor.of(device, data, dims);
    }

    Tensor zeros(int... dims) {
        return Tensor.zeros(device, dims);
    }

    Tensor zeros(DType dtype, Shape shape) {
        return Tensor.zeros(device, dtype, shape);
    }

    Tensor ones(int... dims) {
        return Tensor.ones(device, dims);
    }
}
