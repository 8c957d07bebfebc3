package dev.graft.tensor;

import dev.graft.backend.AxisTaps;
import java.util.Arrays;
import java.util.function.IntBinaryOperator;
import java.util.function.IntUnaryOperator;

/**
 * A tensor of the random graphs' reference: numbers on a {@link GraphTape} in row-major order, and operators as plain
 * loops over them.
 */
public record GraphRef(GraphTape tape, int[] dims, int[] ids) {

    public static int count(int[] dims) {
        int n = 1;
        for (int d : dims) {
            n *= d;
        }
        return n;
    }

    /** What lies at one index. */
    @FunctionalInterface
    public interface At {
        int id(int[] index);
    }

    public static GraphRef of(GraphTape tape, int[] dims, At at) {
        int[] ids = new int[count(dims)];
        int[] index = new int[dims.length];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = at.id(index);
            for (int d = dims.length - 1; d >= 0 && ++index[d] == dims[d]; d--) {
                index[d] = 0;
            }
        }
        return new GraphRef(tape, dims, ids);
    }

    public int get(int... index) {
        int at = 0;
        for (int d = 0; d < dims.length; d++) {
            at = at * dims[d] + index[d];
        }
        return ids[at];
    }

    /** The number at an index of a larger shape that this one is broadcast to. */
    public int spread(int[] index) {
        int[] mine = new int[dims.length];
        for (int d = 0; d < dims.length; d++) {
            mine[d] = dims[d] == 1 ? 0 : index[index.length - dims.length + d];
        }
        return get(mine);
    }

    public GraphRef map(IntUnaryOperator f) {
        return new GraphRef(tape, dims, Arrays.stream(ids).map(f).toArray());
    }

    public static int[] broadcast(int[] p, int[] q) {
        int[] out = new int[Math.max(p.length, q.length)];
        for (int i = 1; i <= out.length; i++) {
            int a = i <= p.length ? p[p.length - i] : 1;
            int b = i <= q.length ? q[q.length - i] : 1;
            out[out.length - i] = a == 1 ? b : a;
        }
        return out;
    }

    public static GraphRef zip(GraphRef p, GraphRef q, IntBinaryOperator f) {
        return of(p.tape, broadcast(p.dims, q.dims), i -> f.applyAsInt(p.spread(i), q.spread(i)));
    }

    public GraphRef reshape(int... shape) {
        return new GraphRef(tape, shape, ids);
    }

    public GraphRef expand(int... shape) {
        return of(tape, shape, this::spread);
    }

    public GraphRef permute(int... order) {
        int[] shape = Arrays.stream(order).map(o -> dims[o]).toArray();
        return of(tape, shape, i -> {
            int[] source = new int[i.length];
            for (int d = 0; d < i.length; d++) {
                source[order[d]] = i[d];
            }
            return get(source);
        });
    }

    private static int[] with(int[] a, int at, int value) {
        int[] b = a.clone();
        b[at] = value;
        return b;
    }

    public GraphRef slice(int axis, int from, int to, int step) {
        return of(
                tape, with(dims, axis, (to - from + step - 1) / step), i -> get(with(i, axis, from + i[axis] * step)));
    }

    public GraphRef pad(int top, int bottom, int left, int right) {
        int zero = tape.leaf(0);
        return of(tape, new int[] {dims[0], dims[1], dims[2] + top + bottom, dims[3] + left + right}, i -> {
            int h = i[2] - top;
            int w = i[3] - left;
            return h < 0 || w < 0 || h >= dims[2] || w >= dims[3] ? zero : get(i[0], i[1], h, w);
        });
    }

    /** The weighted sums of a map along the rows and one along the columns of images. */
    public GraphRef resample(AxisTaps rows, AxisTaps columns) {
        int zero = tape.leaf(0);
        return of(tape, new int[] {dims[0], dims[1], rows.count(), columns.count()}, i -> {
            int total = zero;
            for (int k = rows.from(i[2]); k < rows.to(i[2]); k++) {
                for (int l = columns.from(i[3]); l < columns.to(i[3]); l++) {
                    int x = get(i[0], i[1], rows.position(k), columns.position(l));
                    total = tape.add(total, tape.affine(x, (double) rows.weight(k) * columns.weight(l), 0));
                }
            }
            return total;
        });
    }

    public static GraphRef concat(int axis, GraphRef... parts) {
        int size = Arrays.stream(parts).mapToInt(p -> p.dims[axis]).sum();
        return of(parts[0].tape, with(parts[0].dims, axis, size), i -> {
            int at = i[axis];
            int k = 0;
            while (at >= parts[k].dims[axis]) {
                at -= parts[k++].dims[axis];
            }
            return parts[k].get(with(i, axis, at));
        });
    }

    /** Folds the lists of numbers. */
    public interface Fold {
        int of(int... ids);
    }

    /** Folds the dimensions marked, which stay with size 1. */
    public GraphRef fold(boolean[] folded, Fold f) {
        int[] kept = dims.clone();
        int[] inner = dims.clone();
        for (int d = 0; d < dims.length; d++) {
            if (folded[d]) {
                kept[d] = 1;
            } else {
                inner[d] = 1;
            }
        }
        return of(
                tape,
                kept,
                i -> f.of(of(tape, inner, j -> {
                            int[] at = new int[i.length];
                            for (int d = 0; d < at.length; d++) {
                                at[d] = i[d] + j[d];
                            }
                            return get(at);
                        })
                        .ids));
    }

    public GraphRef softmax(boolean log, int axis) {
        boolean[] along = new boolean[dims.length];
        along[axis] = true;
        double largest = Arrays.stream(ids).mapToDouble(tape::value).max().orElse(0);
        GraphRef shifted = map(id -> tape.affine(id, 1, -largest));
        GraphRef e = shifted.map(tape::exp);
        GraphRef sum = e.fold(along, tape::sum);
        return log ? zip(shifted, sum.map(tape::log), tape::sub) : zip(e, sum, tape::div);
    }

    public static GraphRef matmul(GraphRef p, GraphRef q) {
        int rp = p.dims.length;
        int rq = q.dims.length;
        int terms = p.dims[rp - 1];
        int[] lead = broadcast(Arrays.copyOf(p.dims, rp - 2), Arrays.copyOf(q.dims, rq - 2));
        int[] shape = Arrays.copyOf(lead, lead.length + 2);
        shape[lead.length] = p.dims[rp - 2];
        shape[lead.length + 1] = q.dims[rq - 1];
        return of(p.tape, shape, i -> {
            int[] left = i.clone();
            int[] right = i.clone();
            int[] products = new int[terms];
            for (int k = 0; k < terms; k++) {
                left[i.length - 1] = k;
                right[i.length - 2] = k;
                products[k] = p.tape.mul(at(p, left), at(q, right));
            }
            return p.tape.sum(products);
        });
    }

    /** As {@link #spread}, where the last two dimensions are matrices and only those before are broadcast. */
    private static int at(GraphRef t, int[] index) {
        int[] mine = new int[t.dims.length];
        for (int d = 0; d < mine.length; d++) {
            int i = index[index.length - mine.length + d];
            mine[d] = d < mine.length - 2 && t.dims[d] == 1 ? 0 : i;
        }
        return t.get(mine);
    }

    /** {@code x [..., in] * w [out, in]^T}. */
    public static GraphRef linear(GraphRef x, GraphRef w) {
        int last = x.dims.length - 1;
        return of(x.tape, with(x.dims, last, w.dims[0]), i -> {
            int[] products = new int[w.dims[1]];
            for (int k = 0; k < products.length; k++) {
                products[k] = x.tape.mul(x.get(with(i, last, k)), w.get(i[last], k));
            }
            return x.tape.sum(products);
        });
    }

    /** Padding apart; {@code stride} and {@code dilation} are {height, width}. */
    public static GraphRef conv2d(GraphRef x, GraphRef w, int[] stride, int[] dilation, int groups) {
        int height = (x.dims[2] - dilation[0] * (w.dims[2] - 1) - 1) / stride[0] + 1;
        int width = (x.dims[3] - dilation[1] * (w.dims[3] - 1) - 1) / stride[1] + 1;
        int outputs = w.dims[0];
        int perGroup = w.dims[1];
        return of(x.tape, new int[] {x.dims[0], outputs, height, width}, i -> {
            int[] products = new int[perGroup * w.dims[2] * w.dims[3]];
            int n = 0;
            for (int c = 0; c < perGroup; c++) {
                for (int h = 0; h < w.dims[2]; h++) {
                    for (int v = 0; v < w.dims[3]; v++) {
                        int channel = i[1] / (outputs / groups) * perGroup + c;
                        products[n++] = x.tape.mul(
                                x.get(
                                        i[0],
                                        channel,
                                        i[2] * stride[0] + h * dilation[0],
                                        i[3] * stride[1] + v * dilation[1]),
                                w.get(i[1], c, h, v));
                    }
                }
            }
            return x.tape.sum(products);
        });
    }

    /** Windows {@code [from, to)} of one axis, and what an average divides by. */
    public record Windows(int[] from, int[] to, int[] divisor) {

        /** As torch.nn.functional.max_pool2d and avg_pool2d place them. */
        public static Windows of(int size, int kernel, int stride, int pad, boolean ceil, boolean includePad) {
            int n = (int)
                            (ceil
                                    ? Math.ceil((size + 2.0 * pad - kernel) / stride)
                                    : Math.floor((size + 2.0 * pad - kernel) / stride))
                    + 1;
            if (ceil && (n - 1) * stride >= size + pad) {
                n--;
            }
            Windows w = new Windows(new int[n], new int[n], new int[n]);
            for (int i = 0; i < n; i++) {
                int start = i * stride - pad;
                int end = Math.min(start + kernel, size + pad);
                w.from[i] = Math.max(0, start);
                w.to[i] = Math.min(size, end);
                w.divisor[i] = includePad ? end - start : w.to[i] - w.from[i];
            }
            return w;
        }

        public static Windows adaptive(int size, int n) {
            Windows w = new Windows(new int[n], new int[n], new int[n]);
            for (int i = 0; i < n; i++) {
                w.from[i] = (int) Math.floor((double) i * size / n);
                w.to[i] = (int) Math.ceil((i + 1.0) * size / n);
                w.divisor[i] = w.to[i] - w.from[i];
            }
            return w;
        }
    }

    /** The numbers of each window of {@code [N, C, H, W]}, in row order, with what an average divides by. */
    @FunctionalInterface
    public interface Pool {
        int of(int divisor, int... ids);
    }

    public GraphRef pool(Windows rows, Windows columns, Pool f) {
        return of(tape, new int[] {dims[0], dims[1], rows.from.length, columns.from.length}, i -> {
            int[] window = new int[(rows.to[i[2]] - rows.from[i[2]]) * (columns.to[i[3]] - columns.from[i[3]])];
            int n = 0;
            for (int h = rows.from[i[2]]; h < rows.to[i[2]]; h++) {
                for (int w = columns.from[i[3]]; w < columns.to[i[3]]; w++) {
                    window[n++] = get(i[0], i[1], h, w);
                }
            }
            return f.of(rows.divisor[i[2]] * columns.divisor[i[3]], window);
        });
    }

    /** The first largest number: the gradient is its alone. */
    public int first(int... window) {
        int best = window[0];
        for (int id : window) {
            best = tape.value(id) > tape.value(best) ? id : best;
        }
        return best;
    }

    /** {@code (x - mean) / sqrt(variance + eps)}, all broadcast. */
    public static GraphRef normalise(GraphRef x, GraphRef mean, GraphRef variance, double eps) {
        GraphTape t = x.tape;
        return zip(zip(x, mean, t::sub), variance.map(v -> t.sqrt(t.affine(v, 1, eps))), t::div);
    }

    /** The biased variance over the dimensions marked, which stay with size 1. */
    public static GraphRef variance(GraphRef x, GraphRef mean, boolean[] folded) {
        GraphRef d = zip(x, mean, x.tape::sub);
        return zip(d, d, x.tape::mul).fold(folded, x.tape::mean);
    }
}
