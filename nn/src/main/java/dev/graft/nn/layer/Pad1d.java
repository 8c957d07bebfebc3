package dev.graft.nn.layer;

import dev.graft.backend.PaddingMode;
import dev.graft.nn.Module;
import dev.graft.tensor.Tensor;

/**
 * Pads the length of {@code [N, C, L]}: {@code torch.nn.ZeroPad1d}, {@code ConstantPad1d}, {@code ReflectionPad1d},
 * {@code ReplicationPad1d} and {@code CircularPad1d} in one.
 *
 * @see <a href="https://pytorch.org/docs/stable/nn.html#padding-layers">PyTorch's padding layers</a>
 */
public final class Pad1d extends Module {
    private final PaddingMode mode;
    private final float value;
    private final int left;
    private final int right;

    private Pad1d(PaddingMode mode, float value, int left, int right) {
        if (left < 0 || right < 0) {
            throw new IllegalArgumentException(
                    "pad1d: padding must not be negative (left " + left + ", right " + right + ")");
        }
        this.mode = mode;
        this.value = value;
        this.left = left;
        this.right = right;
    }

    public static Pad1d zeros(int left, int right) {
        return constant(0, left, right);
    }

    /** One value at both ends. */
    public static Pad1d constant(float value, int left, int right) {
        return new Pad1d(PaddingMode.ZEROS, value, left, right);
    }

    /** The sequence mirrored at its ends. */
    public static Pad1d reflection(int left, int right) {
        return new Pad1d(PaddingMode.REFLECT, 0, left, right);
    }

    /** The first and the last value. */
    public static Pad1d replication(int left, int right) {
        return new Pad1d(PaddingMode.REPLICATE, 0, left, right);
    }

    /** The sequence again. */
    public static Pad1d circular(int left, int right) {
        return new Pad1d(PaddingMode.CIRCULAR, 0, left, right);
    }

    @Override
    protected Tensor compute(Tensor input) {
        return mode == PaddingMode.ZEROS ? input.pad1d(left, right, value) : input.pad1d(mode, left, right);
    }

    @Override
    public String toString() {
        return "Pad1d(" + (value == 0 ? mode.toString() : Float.toString(value)) + ", left " + left + ", right " + right
                + ")";
    }
}
