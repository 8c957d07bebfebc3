package dev.graft.tensor;

import java.util.Arrays;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.function.ToDoubleFunction;

/** A plain row-major array of doubles: what naive references compute with. */
public record Nd(int[] dims, double[] data) {

    public static Nd scalar(double value) {
        return new Nd(new int[0], new double[] {value});
    }

    /** The array whose element at each index is {@code element(index)}. */
    public static Nd fill(int[] dims, ToDoubleFunction<int[]> element) {
        Nd out = new Nd(dims, new double[Arrays.stream(dims).reduce(1, (p, q) -> p * q)]);
        int[] index = new int[dims.length];
        for (int i = 0; i < out.data.length; i++) {
            out.data[i] = element.applyAsDouble(index);
            for (int axis = dims.length - 1; axis >= 0 && ++index[axis] == dims[axis]; axis--) {
                index[axis] = 0;
            }
        }
        return out;
    }

    public int rank() {
        return dims.length;
    }

    public int size() {
        return data.length;
    }

    public int axis(int axis) {
        return axis < 0 ? axis + rank() : axis;
    }

    public double get(int... index) {
        int at = 0;
        for (int i = 0; i < dims.length; i++) {
            if (index[i] < 0 || index[i] >= dims[i]) {
                throw new IndexOutOfBoundsException(Arrays.toString(index) + " in " + Arrays.toString(dims));
            }
            at = at * dims[i] + index[i];
        }
        return data[at];
    }

    /** The element at an index of a shape that this one broadcasts to. */
    public double spread(int[] index) {
        int at = 0;
        for (int i = 0; i < dims.length; i++) {
            at = at * dims[i] + (dims[i] == 1 ? 0 : index[index.length - dims.length + i]);
        }
        return data[at];
    }

    /** 0 outside, as zero padding has it; the last two indices may lie outside. */
    public double padded(int n, int c, int h, int w) {
        return h < 0 || w < 0 || h >= dims[2] || w >= dims[3] ? 0 : get(n, c, h, w);
    }

    public Nd map(DoubleUnaryOperator f) {
        return new Nd(dims, Arrays.stream(data).map(f).toArray());
    }

    public static Nd zip(Nd p, Nd q, DoubleBinaryOperator f) {
        return fill(broadcast(p.dims, q.dims), i -> f.applyAsDouble(p.spread(i), q.spread(i)));
    }

    public static int[] broadcast(int[] p, int[] q) {
        int[] out = new int[Math.max(p.length, q.length)];
        for (int i = 1; i <= out.length; i++) {
            int x = i <= p.length ? p[p.length - i] : 1;
            int y = i <= q.length ? q[q.length - i] : 1;
            out[out.length - i] = x == 1 ? y : x;
        }
        return out;
    }

    public Nd reshape(int... shape) {
        return new Nd(shape, data);
    }

    /** Dimension {@code i} of the result is dimension {@code order[i]} of this. */
    public Nd permute(int... order) {
        int[] shape = new int[order.length];
        Arrays.setAll(shape, i -> dims[order[i]]);
        return fill(shape, index -> {
            int[] source = new int[order.length];
            for (int i = 0; i < order.length; i++) {
                source[order[i]] = index[i];
            }
            return get(source);
        });
    }

    public double sum() {
        return Arrays.stream(data).sum();
    }

    public double dot(Nd other) {
        double total = 0;
        for (int i = 0; i < data.length; i++) {
            total += data[i] * other.data[i];
        }
        return total;
    }

    public static int[] with(int[] values, int at, int value) {
        int[] out = values.clone();
        out[at] = value;
        return out;
    }

    public static int[] without(int[] values, int at) {
        int[] out = new int[values.length - 1];
        for (int i = 0; i < out.length; i++) {
            out[i] = values[i < at ? i : i + 1];
        }
        return out;
    }

    public static int[] inserted(int[] values, int at, int value) {
        int[] out = new int[values.length + 1];
        for (int i = 0; i < out.length; i++) {
            out[i] = i == at ? value : values[i < at ? i : i - 1];
        }
        return out;
    }
}
