package dev.graft.benchmarks;

import dev.graft.backend.Conv2dParams;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Convolution at the shapes of ResNet-18 (224x224): forward, and forward with both gradients.
 *
 * <p>Run: {@code java -jar benchmarks/target/benchmarks.jar ConvolutionBenchmark -p batch=8}
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(value = 1, jvmArgsAppend = {"-Dorg.bytedeco.javacpp.maxphysicalbytes=0", "-XX:+UseParallelGC"})
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@State(org.openjdk.jmh.annotations.Scope.Benchmark)
public class ConvolutionBenchmark {
    /** inputChannels-outputChannels-size-kernel-stride. */
    @Param({"3-64-224-7-2", "64-64-56-3-1", "64-128-56-3-2", "64-128-56-1-2", "128-128-28-3-1", "256-256-14-3-1", "512-512-7-3-1"})
    public String layer;

    @Param({"1", "8"})
    public int batch;

    private Tensor input;
    private Tensor weight;
    private Tensor seed;
    private Conv2dParams params;

    @Setup
    public void prepare() {
        String[] part = layer.split("-");
        int c = Integer.parseInt(part[0]);
        int o = Integer.parseInt(part[1]);
        int size = Integer.parseInt(part[2]);
        int kernel = Integer.parseInt(part[3]);
        SplittableRandom random = new SplittableRandom(1);
        params = Conv2dParams.of(Integer.parseInt(part[4]), kernel / 2);
        input = Tensor.randn(random, batch, size, size, c).permute(0, 3, 1, 2).requireGrad(true);
        weight = Tensor.randn(random, o, c, kernel, kernel).requireGrad(true);
        Tensor output = Autograd.noGrad(() -> input.conv2d(weight, Optional.empty(), params));
        check(output);
        seed = output;
    }

    /** One output element against a plain loop: a benchmark of a wrong result is worth nothing. */
    private void check(Tensor output) {
        int row = output.dim(2) / 2;
        double expected = 0;
        for (int c = 0; c < input.dim(1); c++) {
            for (int i = 0; i < weight.dim(2); i++) {
                for (int j = 0; j < weight.dim(3); j++) {
                    int y = row * params.strideH() + i - params.padTop();
                    int x = j - params.padLeft();
                    if (y >= 0 && y < input.dim(2) && x >= 0 && x < input.dim(3)) {
                        expected += (double) input.get(0, c, y, x) * weight.get(1, c, i, j);
                    }
                }
            }
        }
        double actual = output.get(0, 1, row, 0);
        if (Math.abs(actual - expected) > 1e-3 * Math.max(1, Math.abs(expected))) {
            throw new IllegalStateException("conv2d " + layer + " gives " + actual + ", expected " + expected);
        }
    }

    @Benchmark
    public float forward() {
        try (Scope scope = Scope.open()) {
            return Autograd.noGrad(() -> input.conv2d(weight, Optional.empty(), params)).get(0, 0, 0, 0);
        }
    }

    @Benchmark
    public float forwardAndBackward() {
        try (Scope scope = Scope.open()) {
            input.clearGrad();
            weight.clearGrad();
            input.conv2d(weight, Optional.empty(), params).backward(seed);
            return weight.grad().orElseThrow().get(0, 0, 0, 0);
        }
    }
}
