package dev.graft.tensor;

import dev.graft.backend.PoolWindows;
import dev.graft.type.Shape;

/**
 * The geometry of a 2-d pooling, as in <a
 * href="https://pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html">torch.nn.MaxPool2d</a> and AvgPool2d.
 *
 * @param ceilMode whether a last, partial window counts
 * @param countIncludePad whether an average divides by padding too
 */
public record Pool2dParams(
        int kernelH,
        int kernelW,
        int strideH,
        int strideW,
        int padH,
        int padW,
        boolean ceilMode,
        boolean countIncludePad) {

    public Pool2dParams {
        if (kernelH < 1 || kernelW < 1 || strideH < 1 || strideW < 1) {
            throw new IllegalArgumentException("pool2d: kernel and stride must be at least 1 (kernel " + kernelH + "x"
                    + kernelW + ", stride " + strideH + "x" + strideW + ")");
        }
        if (padH < 0 || padW < 0 || padH > kernelH / 2 || padW > kernelW / 2) {
            throw new IllegalArgumentException("pool2d: padding must be from 0 to half the kernel (kernel " + kernelH
                    + "x" + kernelW + ", padding " + padH + "x" + padW + ")");
        }
    }

    public static Pool2dParams of(int kernel, int stride) {
        return of(kernel, stride, 0);
    }

    public static Pool2dParams of(int kernel, int stride, int padding) {
        return new Pool2dParams(kernel, kernel, stride, stride, padding, padding, false, true);
    }

    public Pool2dParams ceilMode(boolean on) {
        return new Pool2dParams(kernelH, kernelW, strideH, strideW, padH, padW, on, countIncludePad);
    }

    public Pool2dParams countIncludePad(boolean on) {
        return new Pool2dParams(kernelH, kernelW, strideH, strideW, padH, padW, ceilMode, on);
    }

    int outputHeight(int height) {
        return Axis.windows(height, kernelH, strideH, padH, ceilMode);
    }

    int outputWidth(int width) {
        return Axis.windows(width, kernelW, strideW, padW, ceilMode);
    }

    PoolWindows windows(int height, int width) {
        Axis rows = Axis.of(height, kernelH, strideH, padH, ceilMode, countIncludePad);
        Axis columns = Axis.of(width, kernelW, strideW, padW, ceilMode, countIncludePad);
        return new PoolWindows(rows.from, rows.to, columns.from, columns.to, rows.divisor, columns.divisor);
    }

    /**
     * Adaptive pooling: output {@code i} of {@code n} covers {@code floor(i * size / n)} to {@code ceil((i + 1) * size
     * / n)}.
     */
    static PoolWindows adaptive(int height, int width, int outputHeight, int outputWidth) {
        Axis rows = Axis.adaptive(height, outputHeight);
        Axis columns = Axis.adaptive(width, outputWidth);
        return new PoolWindows(rows.from, rows.to, columns.from, columns.to, rows.divisor, columns.divisor);
    }

    private record Axis(int[] from, int[] to, int[] divisor) {

        static Axis of(int size, int kernel, int stride, int pad, boolean ceil, boolean includePad) {
            int n = windows(size, kernel, stride, pad, ceil);
            Axis axis = new Axis(new int[n], new int[n], new int[n]);
            for (int i = 0; i < n; i++) {
                long start = (long) i * stride - pad;
                long end = Math.min(start + kernel, (long) size + pad);
                axis.from[i] = (int) Math.max(start, 0);
                axis.to[i] = (int) Math.min(end, size);
                axis.divisor[i] = includePad ? (int) (end - start) : axis.to[i] - axis.from[i];
            }
            return axis;
        }

        /** As many as there are outputs. */
        static int windows(int size, int kernel, int stride, int pad, boolean ceil) {
            long room = size + 2L * pad - kernel;
            if (room < 0 && !(ceil && room > -stride)) {
                throw new IllegalArgumentException(
                        "pool2d: the kernel (" + kernel + ") is larger than the padded input (" + size + " + 2 * " + pad
                                + "). Hint: use a larger input or a smaller kernel.");
            }
            long n = Math.floorDiv(ceil ? room + stride - 1 : room, (long) stride) + 1;
            if (ceil && (n - 1) * stride >= (long) size + pad) {
                n--; // the last window must start inside the input or its left padding
            }
            if (n > Shape.MOST_ELEMENTS) {
                throw new IllegalArgumentException("pool2d: " + n + " outputs do not fit: a tensor holds at most "
                        + Shape.MOST_ELEMENTS + " elements. Hint: use a larger stride or less padding.");
            }
            return (int) n;
        }

        static Axis adaptive(int size, int n) {
            Axis axis = new Axis(new int[n], new int[n], new int[n]);
            for (int i = 0; i < n; i++) {
                axis.from[i] = (int) ((long) i * size / n);
                axis.to[i] = (int) (((long) (i + 1) * size + n - 1) / n);
                axis.divisor[i] = axis.to[i] - axis.from[i];
            }
            return axis;
        }
    }
}
