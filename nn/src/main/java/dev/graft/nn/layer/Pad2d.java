package dev.graft.nn.layer;

import dev.graft.backend.PaddingMode;
import dev.graft.nn.Module;
import dev.graft.tensor.Tensor;

/**
 * Pads the height and the width of {@code [N, C, H, W]}: {@code torch.nn.ZeroPad2d}, {@code ConstantPad2d},
 * {@code ReflectionPad2d}, {@code ReplicationPad2d} and {@code CircularPad2d} in one.
 *
 * <pre>{@code Pad2d.reflection(1, 1, 2, 2)}</pre>
 *
 * @see <a href="https://pytorch.org/docs/stable/nn.html#padding-layers">PyTorch's padding layers</a>
 */
public final class Pad2d extends Module {
    private final PaddingMode mode;
    private final float value;
    private final int top;
    private final int bottom;
    private final int left;
    private final int right;

    private Pad2d(PaddingMode mode, float value, int top, int bottom, int left, int right) {
        if (top < 0 || bottom < 0 || left < 0 || right < 0) {
            throw new IllegalArgumentException("pad2d: padding must not be negative (top " + top + ", bottom " + bottom
                    + ", left " + left + ", right " + right + ")");
        }
        this.mode = mode;
        this.value = value;
        this.top = top;
        this.bottom = bottom;
        this.left = left;
        this.right = right;
    }

    /** Zeros on all four sides. */
    public static Pad2d zeros(int padding) {
        return zeros(padding, padding, padding, padding);
    }

    public static Pad2d zeros(int top, int bottom, int left, int right) {
        return constant(0, top, bottom, left, right);
    }

    /** One value on all four sides. */
    public static Pad2d constant(float value, int padding) {
        return constant(value, padding, padding, padding, padding);
    }

    public static Pad2d constant(float value, int top, int bottom, int left, int right) {
        return new Pad2d(PaddingMode.ZEROS, value, top, bottom, left, right);
    }

    /** The image mirrored at its edge, on all four sides. */
    public static Pad2d reflection(int padding) {
        return reflection(padding, padding, padding, padding);
    }

    public static Pad2d reflection(int top, int bottom, int left, int right) {
        return new Pad2d(PaddingMode.REFLECT, 0, top, bottom, left, right);
    }

    /** The pixels of the edge, on all four sides. */
    public static Pad2d replication(int padding) {
        return replication(padding, padding, padding, padding);
    }

    public static Pad2d replication(int top, int bottom, int left, int right) {
        return new Pad2d(PaddingMode.REPLICATE, 0, top, bottom, left, right);
    }

    /** The image again, on all four sides. */
    public static Pad2d circular(int padding) {
        return circular(padding, padding, padding, padding);
    }

    public static Pad2d circular(int top, int bottom, int left, int right) {
        return new Pad2d(PaddingMode.CIRCULAR, 0, top, bottom, left, right);
    }

    @Override
    protected Tensor compute(Tensor input) {
        return mode == PaddingMode.ZEROS
                ? input.pad2d(top, bottom, left, right, value)
                : input.pad2d(mode, top, bottom, left, right);
    }

    @Override
    public String toString() {
        return "Pad2d(" + (value == 0 ? mode.toString() : Float.toString(value)) + ", top " + top + ", bottom " + bottom
                + ", left " + left + ", right " + right + ")";
    }
}
