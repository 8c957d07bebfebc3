package dev.graft.benchmarks;

import dev.graft.backend.Conv2dParams;
import dev.graft.backend.Pool2dParams;
import dev.graft.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * An operator at the shape that a network uses it with. Inputs and outputs are {@code [N, C, H, W]}; the first input is
 * the image, the second one, where there is one, counts as the weight.
 */
public sealed interface Layer {

    /** Shapes of the inputs. */
    int[][] inputs(int batch);

    int[] output(int batch);

    /** Graft's result. */
    Tensor apply(List<Tensor> inputs);

    /** The same in double precision, straight from the definition. */
    double[] reference(int batch, double[][] inputs);

    /** Floating-point operations, counted as the definition has them; 0 where memory bounds the operator. */
    default double flops(int batch) {
        return 0;
    }

    /** Bytes that must be read and written at least, each array as often as the definition needs all of it. */
    double bytes(int batch, Pass pass);

    private static double bytesOf(int[] shape) {
        return (double) Float.BYTES * Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    }

    /** Convolution with symmetric padding of half the kernel. */
    record Conv(int in, int out, int size, int kernel, int stride, int groups) implements Layer {

        public int outputSize() {
            return (size + 2 * (kernel / 2) - kernel) / stride + 1;
        }

        @Override
        public int[][] inputs(int batch) {
            return new int[][] {{batch, in, size, size}, {out, in / groups, kernel, kernel}};
        }

        @Override
        public int[] output(int batch) {
            return new int[] {batch, out, outputSize(), outputSize()};
        }

        @Override
        public Tensor apply(List<Tensor> inputs) {
            return inputs.get(0)
                    .conv2d(
                            inputs.get(1),
                            Optional.empty(),
                            Conv2dParams.of(stride, kernel / 2).groups(groups));
        }

        @Override
        public double[] reference(int batch, double[][] inputs) {
            double[] y = new double[batch * out * outputSize() * outputSize()];
            IntStream.range(0, batch * out).parallel().forEach(plane -> referencePlane(inputs[0], inputs[1], y, plane));
            return y;
        }

        private void referencePlane(double[] x, double[] w, double[] y, int plane) {
            int to = outputSize();
            int depth = in / groups;
            int o = plane % out;
            int firstInput = plane / out * in + o / (out / groups) * depth;
            for (int i = 0; i < depth * kernel * kernel; i++) {
                int ky = i / kernel % kernel - kernel / 2;
                int kx = i % kernel - kernel / 2;
                double factor = w[o * depth * kernel * kernel + i];
                int from = (firstInput + i / (kernel * kernel)) * size * size;
                for (int row = 0; row < to; row++) {
                    int iy = row * stride + ky;
                    for (int col = 0; iy >= 0 && iy < size && col < to; col++) {
                        int ix = col * stride + kx;
                        if (ix >= 0 && ix < size) {
                            y[(plane * to + row) * to + col] += factor * x[from + iy * size + ix];
                        }
                    }
                }
            }
        }

        @Override
        public double flops(int batch) {
            int inputsOfGroup = in / groups;
            return 2.0 * batch * outputSize() * outputSize() * out * inputsOfGroup * kernel * kernel;
        }

        @Override
        public double bytes(int batch, Pass pass) {
            return bytesOf(inputs(batch)[0]) + bytesOf(inputs(batch)[1]) + bytesOf(output(batch));
        }

        /** {@code conv in-out-size-kernel-stride}, and the number of groups where there are any. */
        @Override
        public String toString() {
            return "conv " + in + "-" + out + "-" + size + "-" + kernel + "-" + stride
                    + (groups == 1 ? "" : " /" + groups);
        }
    }

    /** Batch norm with the statistics of the batch. */
    record BatchNorm(int channels, int size) implements Layer {
        public static final float EPS = 1e-5f;

        @Override
        public int[][] inputs(int batch) {
            return new int[][] {output(batch), {channels}, {channels}};
        }

        @Override
        public int[] output(int batch) {
            return new int[] {batch, channels, size, size};
        }

        @Override
        public Tensor apply(List<Tensor> inputs) {
            return inputs.get(0)
                    .batchNormTrain(
                            inputs.get(1), inputs.get(2), EPS, Tensor.zeros(channels), Tensor.ones(channels), 0.1f);
        }

        @Override
        public double[] reference(int batch, double[][] inputs) {
            double[] x = inputs[0];
            double[] y = new double[x.length];
            int pixels = size * size;
            for (int c = 0; c < channels; c++) {
                double sum = 0;
                double squares = 0;
                for (int n = 0; n < batch; n++) {
                    for (int i = 0; i < pixels; i++) {
                        double value = x[(n * channels + c) * pixels + i];
                        sum += value;
                        squares += value * value;
                    }
                }
                double mean = sum / (batch * pixels);
                double scale = inputs[1][c] / Math.sqrt(squares / (batch * pixels) - mean * mean + EPS);
                for (int n = 0; n < batch; n++) {
                    for (int i = 0; i < pixels; i++) {
                        int at = (n * channels + c) * pixels + i;
                        y[at] = (x[at] - mean) * scale + inputs[2][c];
                    }
                }
            }
            return y;
        }

        /** Forward reads the input twice, for statistics and result; backward reads input and gradient twice. */
        @Override
        public double bytes(int batch, Pass pass) {
            return (pass == Pass.FORWARD ? 3 : 5) * bytesOf(output(batch));
        }

        @Override
        public String toString() {
            return "batch norm " + channels + "-" + size;
        }
    }

    /** The largest of 3x3, stride 2. */
    record MaxPool(int channels, int size) implements Layer {
        @Override
        public int[][] inputs(int batch) {
            return new int[][] {{batch, channels, size, size}};
        }

        @Override
        public int[] output(int batch) {
            return new int[] {batch, channels, size / 2, size / 2};
        }

        @Override
        public Tensor apply(List<Tensor> inputs) {
            return inputs.get(0).maxPool2d(Pool2dParams.of(3, 2, 1));
        }

        @Override
        public double[] reference(int batch, double[][] inputs) {
            int to = size / 2;
            double[] y = new double[batch * channels * to * to];
            Arrays.fill(y, Double.NEGATIVE_INFINITY);
            for (int i = 0; i < y.length; i++) {
                int plane = i / (to * to);
                for (int k = 0; k < 9; k++) {
                    int iy = i / to % to * 2 + k / 3 - 1;
                    int ix = i % to * 2 + k % 3 - 1;
                    if (iy >= 0 && iy < size && ix >= 0 && ix < size) {
                        y[i] = Math.max(y[i], inputs[0][(plane * size + iy) * size + ix]);
                    }
                }
            }
            return y;
        }

        /** Backward reads gradient and positions. */
        @Override
        public double bytes(int batch, Pass pass) {
            return bytesOf(inputs(batch)[0]) + (pass == Pass.FORWARD ? 1 : 2) * bytesOf(output(batch));
        }

        @Override
        public String toString() {
            return "max pool " + channels + "-" + size;
        }
    }

    /** The mean over all positions. */
    record GlobalPool(int channels, int size) implements Layer {
        @Override
        public int[][] inputs(int batch) {
            return new int[][] {{batch, channels, size, size}};
        }

        @Override
        public int[] output(int batch) {
            return new int[] {batch, channels, 1, 1};
        }

        @Override
        public Tensor apply(List<Tensor> inputs) {
            return inputs.get(0).adaptiveAvgPool2d(1, 1);
        }

        @Override
        public double[] reference(int batch, double[][] inputs) {
            double[] y = new double[batch * channels];
            for (int i = 0; i < inputs[0].length; i++) {
                y[i / (size * size)] += inputs[0][i] / (size * size);
            }
            return y;
        }

        @Override
        public double bytes(int batch, Pass pass) {
            return bytesOf(inputs(batch)[0]) + bytesOf(output(batch));
        }

        @Override
        public String toString() {
            return "global pool " + channels + "-" + size;
        }
    }

    /** The sum of two branches and ReLU, as a residual block ends. */
    record AddRelu(int channels, int size) implements Layer {
        @Override
        public int[][] inputs(int batch) {
            return new int[][] {output(batch), output(batch)};
        }

        @Override
        public int[] output(int batch) {
            return new int[] {batch, channels, size, size};
        }

        @Override
        public Tensor apply(List<Tensor> inputs) {
            return inputs.get(0).add(inputs.get(1)).relu();
        }

        @Override
        public double[] reference(int batch, double[][] inputs) {
            double[] y = new double[inputs[0].length];
            for (int i = 0; i < y.length; i++) {
                y[i] = Math.max(0, inputs[0][i] + inputs[1][i]);
            }
            return y;
        }

        @Override
        public double bytes(int batch, Pass pass) {
            return 3 * bytesOf(output(batch));
        }

        @Override
        public String toString() {
            return "add, relu " + channels + "-" + size;
        }
    }

    /** A fully connected layer: {@code [N, in]} and {@code [out, in]} to {@code [N, out]}. */
    record Linear(int in, int out) implements Layer {
        @Override
        public int[][] inputs(int batch) {
            return new int[][] {{batch, in}, {out, in}};
        }

        @Override
        public int[] output(int batch) {
            return new int[] {batch, out};
        }

        @Override
        public Tensor apply(List<Tensor> inputs) {
            return inputs.get(0).linear(inputs.get(1), Optional.empty());
        }

        @Override
        public double[] reference(int batch, double[][] inputs) {
            double[] y = new double[batch * out];
            for (int i = 0; i < y.length; i++) {
                for (int k = 0; k < in; k++) {
                    y[i] += inputs[0][i / out * in + k] * inputs[1][i % out * in + k];
                }
            }
            return y;
        }

        @Override
        public double flops(int batch) {
            return 2.0 * batch * in * out;
        }

        @Override
        public double bytes(int batch, Pass pass) {
            return bytesOf(inputs(batch)[0]) + bytesOf(inputs(batch)[1]) + bytesOf(output(batch));
        }

        @Override
        public String toString() {
            return "linear " + in + "-" + out;
        }
    }
}
