package dev.graft.tensor;

import dev.graft.backend.Pool1dParams;
import dev.graft.backend.Pool2dParams;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/** Poolings of images and sequences. */
final class PoolCases {
    private PoolCases() {}

    static List<OpCase> all() {
        List<OpCase> cases = new ArrayList<>();
        for (boolean max : new boolean[] {true, false}) {
            pool2d(cases, max, "plain", Pool2dParams.of(2, 2));
            pool2d(cases, max, "odd", Pool2dParams.of(2, 2));
            pool2d(cases, max, "stem", Pool2dParams.of(3, 2, 1));
            pool2d(cases, max, "ceil", Pool2dParams.of(3, 2).ceilMode(true));
            pool2d(cases, max, "ceil_padded", Pool2dParams.of(3, 2, 1).ceilMode(true));
            pool2d(cases, max, "ceil_dropped_window", Pool2dParams.of(2, 3, 1).ceilMode(true));
            pool2d(cases, max, "overlapping", Pool2dParams.of(3, 1, 1));
            pool2d(cases, max, "rectangular", new Pool2dParams(3, 2, 1, 3, 1, 0, false, true));
            pool2d(cases, max, "gaps", Pool2dParams.of(2, 3));
            pool2d(cases, max, "whole", new Pool2dParams(5, 4, 1, 1, 0, 0, false, true));
            pool2d(cases, max, "one_pixel", Pool2dParams.of(1, 1));
            pool2d(cases, max, "no_images", Pool2dParams.of(2, 2));
        }
        pool2d(cases, true, "ties", Pool2dParams.of(3, 2, 1));
        pool2d(cases, true, "negative_padded", Pool2dParams.of(3, 2, 1));
        pool2d(cases, false, "padding_not_counted", Pool2dParams.of(3, 2, 1).countIncludePad(false));
        pool2d(
                cases,
                false,
                "ceil_padding_not_counted",
                Pool2dParams.of(3, 2, 1).ceilMode(true).countIncludePad(false));
        adaptive2d(cases, "one", 1, 1);
        adaptive2d(cases, "square", 3, 3);
        adaptive2d(cases, "mixed", 2, 5);
        adaptive2d(cases, "larger", 9, 4);
        adaptive2d(cases, "same", 7, 6);
        pool1d(cases, true, "plain", Pool1dParams.of(3, 2));
        pool1d(cases, true, "ceil_padded", new Pool1dParams(3, 2, 1, true, true));
        pool1d(cases, false, "plain", Pool1dParams.of(3, 2));
        pool1d(cases, false, "padded", Pool1dParams.of(4, 3, 2));
        pool1d(cases, false, "padding_not_counted", new Pool1dParams(3, 2, 1, true, false));
        for (int length : new int[] {1, 3, 4, 13}) {
            add(
                    cases,
                    false,
                    "adaptive_avg_pool1d/" + length,
                    x -> x.adaptiveAvgPool1d(length),
                    sequence(x -> adaptive(x, false, 1, length)));
            add(
                    cases,
                    true,
                    "adaptive_max_pool1d/" + length,
                    x -> x.adaptiveMaxPool1d(length),
                    sequence(x -> adaptive(x, true, 1, length)));
        }
        return cases;
    }

    private static void add(
            List<OpCase> cases, boolean max, String name, UnaryOperator<Tensor> graft, UnaryOperator<Nd> naive) {
        OpCase c = new OpCase(
                        name,
                        max ? PoolOp.MaxPool2d.class : PoolOp.AvgPool2d.class,
                        in -> graft.apply(in[0]),
                        in -> naive.apply(in[0]))
                .terms(42);
        cases.add(name.endsWith("/ties") ? c.atKink() : c);
    }

    private static void pool2d(List<OpCase> cases, boolean max, String variant, Pool2dParams p) {
        add(
                cases,
                max,
                (max ? "max_pool2d/" : "avg_pool2d/") + variant,
                x -> max ? x.maxPool2d(p) : x.avgPool2d(p),
                x -> pool(x, max, p));
    }

    private static void adaptive2d(List<OpCase> cases, String variant, int height, int width) {
        add(
                cases,
                false,
                "adaptive_avg_pool2d/" + variant,
                x -> x.adaptiveAvgPool2d(height, width),
                x -> adaptive(x, false, height, width));
        add(
                cases,
                true,
                "adaptive_max_pool2d/" + variant,
                x -> x.adaptiveMaxPool2d(height, width),
                x -> adaptive(x, true, height, width));
    }

    private static void pool1d(List<OpCase> cases, boolean max, String variant, Pool1dParams p) {
        Pool2dParams flat =
                new Pool2dParams(1, p.kernel(), 1, p.stride(), 0, p.padding(), p.ceilMode(), p.countIncludePad());
        add(
                cases,
                max,
                (max ? "max_pool1d/" : "avg_pool1d/") + variant,
                x -> max ? x.maxPool1d(p) : x.avgPool1d(p),
                sequence(x -> pool(x, max, flat)));
    }

    private static UnaryOperator<Nd> sequence(UnaryOperator<Nd> pool) {
        return x -> {
            Nd y = pool.apply(x.reshape(Nd.inserted(x.dims(), 2, 1)));
            return y.reshape(Nd.without(y.dims(), 2));
        };
    }

    private static int extent(int size, int kernel, int stride, int pad, boolean ceil) {
        int count = 1;
        while (true) {
            int start = count * stride - pad;
            boolean fits = start + kernel <= size + pad;
            // In ceil mode a partial window counts where it starts inside the image or its left padding and the one
            // before did not reach
            // the end.
            boolean partial = ceil && start < size && start - stride + kernel < size + pad;
            if (!fits && !partial) {
                return count;
            }
            count++;
        }
    }

    static Nd pool(Nd x, boolean max, Pool2dParams p) {
        int height = x.dims()[2];
        int width = x.dims()[3];
        int[] dims = {
            x.dims()[0],
            x.dims()[1],
            extent(height, p.kernelH(), p.strideH(), p.padH(), p.ceilMode()),
            extent(width, p.kernelW(), p.strideW(), p.padW(), p.ceilMode())
        };
        return Nd.fill(dims, i -> {
            double largest = Double.NEGATIVE_INFINITY;
            double total = 0;
            int inside = 0;
            int padded = 0;
            for (int r = 0; r < p.kernelH(); r++) {
                for (int s = 0; s < p.kernelW(); s++) {
                    int h = i[2] * p.strideH() - p.padH() + r;
                    int w = i[3] * p.strideW() - p.padW() + s;
                    if (h >= 0 && w >= 0 && h < height && w < width) {
                        largest = Math.max(largest, x.get(i[0], i[1], h, w));
                        total += x.get(i[0], i[1], h, w);
                        inside++;
                    }
                    padded += h < height + p.padH() && w < width + p.padW() ? 1 : 0;
                }
            }
            return max ? largest : total / (p.countIncludePad() ? padded : inside);
        });
    }

    static Nd adaptive(Nd x, boolean max, int height, int width) {
        return Nd.fill(new int[] {x.dims()[0], x.dims()[1], height, width}, i -> {
            double largest = Double.NEGATIVE_INFINITY;
            double total = 0;
            int count = 0;
            for (int h = 0; h < x.dims()[2]; h++) {
                for (int w = 0; w < x.dims()[3]; w++) {
                    if (covers(i[2], h, x.dims()[2], height) && covers(i[3], w, x.dims()[3], width)) {
                        largest = Math.max(largest, x.get(i[0], i[1], h, w));
                        total += x.get(i[0], i[1], h, w);
                        count++;
                    }
                }
            }
            return max ? largest : total / count;
        });
    }

    /**
     * Whether output {@code out} of {@code outs} looks at input {@code in} of {@code ins}: their shares of the line
     * overlap.
     */
    private static boolean covers(int out, int in, int ins, int outs) {
        return in * outs < (out + 1) * ins && (in + 1) * outs > out * ins;
    }

    static List<OpError> errors(On on) {
        Class<PoolOp.MaxPool2d> max = PoolOp.MaxPool2d.class;
        Class<PoolOp.AvgPool2d> avg = PoolOp.AvgPool2d.class;
        Tensor image = on.zeros(1, 1, 3, 8);
        Tensor whole = on.zeros(DType.U8, Shape.of(1, 1, 8, 8));
        return List.of(
                new OpError(
                        max,
                        "maxPool2d: input must be [N, C, H, W] with at least one pixel, got [3, 8]",
                        () -> on.zeros(3, 8).maxPool2d(Pool2dParams.of(2, 2))),
                new OpError(
                        max,
                        "maxPool2d: the kernel (5) is larger than the padded input (3 + 2 * 0). Hint: use a larger input or a "
                                + "smaller kernel.",
                        () -> image.maxPool2d(Pool2dParams.of(5, 1))),
                new OpError(
                        max,
                        "maxPool2d: operands must be F32, got U8 [1, 1, 8, 8]. Hint: call to(DType.F32).",
                        () -> whole.maxPool2d(Pool2dParams.of(2, 2))),
                new OpError(
                        max,
                        "pool2d: padding must be from 0 to half the kernel (kernel 2x2, padding 2x2)",
                        () -> Pool2dParams.of(2, 2, 2)),
                new OpError(
                        max,
                        "maxPool1d: input must be [N, C, L], got [1, 1, 3, 8]",
                        () -> image.maxPool1d(Pool1dParams.of(2, 2))),
                new OpError(
                        avg,
                        "adaptiveAvgPool2d: output size must be at least 1x1, got 0x1",
                        () -> image.adaptiveAvgPool2d(0, 1)),
                new OpError(
                        avg,
                        "avgPool2d: operands must be F32, got U8 [1, 1, 8, 8]. Hint: call to(DType.F32).",
                        () -> whole.avgPool2d(Pool2dParams.of(2, 2))),
                new OpError(
                        avg,
                        "pool2d: kernel and stride must be at least 1 (kernel 2x2, stride 0x0)",
                        () -> Pool2dParams.of(2, 0)),
                new OpError(
                        avg,
                        "adaptiveAvgPool1d: input must be [N, C, L], got [2, 3]",
                        () -> on.zeros(2, 3).adaptiveAvgPool1d(1)));
    }
}
