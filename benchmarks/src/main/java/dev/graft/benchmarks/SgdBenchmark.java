package dev.graft.benchmarks;

import dev.graft.nn.Parameter;
import dev.graft.nn.optim.Sgd;
import dev.graft.tensor.Tensor;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * One step of SGD with momentum over as many numbers as ResNet-18 has; the first step is checked in double precision.
 *
 * <p>Run: {@code java --add-modules=jdk.incubator.vector -jar benchmarks/target/benchmarks.jar SgdBenchmark}
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(
        value = 1,
        jvmArgsAppend = {
            "--add-modules=jdk.incubator.vector",
            "-Dorg.bytedeco.javacpp.maxphysicalbytes=0",
            "-XX:+UseParallelGC",
            "-XX:MaxNewSize=128m",
            "-XX:+IgnoreUnrecognizedVMOptions",
            "-XX:+UseTransparentHugePages"
        })
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@State(Scope.Benchmark)
public class SgdBenchmark {
    private static final int PARAMETERS = 11_689_512;
    private static final double LEARNING_RATE = 0.001;

    private Sgd sgd;

    /** Reads weight, gradient and momentum, writes weight and momentum. */
    static double bytes() {
        return 5.0 * Float.BYTES * PARAMETERS;
    }

    @Setup
    public void prepare() {
        SplittableRandom random = new SplittableRandom(1);
        Parameter weights = new Parameter(Tensor.randn(random, PARAMETERS));
        Tensor seed = Tensor.randn(random, PARAMETERS);
        float[] before = weights.value().toFloatArray();
        float[] gradient = seed.toFloatArray();
        weights.value().affine(1, 0).backward(seed);
        sgd = new Sgd(List.of(weights), Sgd.lr(LEARNING_RATE).momentum(0.9));
        sgd.step();
        float[] after = weights.value().toFloatArray();
        for (int i = 0; i < after.length; i++) {
            double expected = before[i] - LEARNING_RATE * gradient[i];
            if (!(Math.abs(after[i] - expected) <= 1e-6 * (1 + Math.abs(expected)))) {
                throw new IllegalStateException("sgd: weight " + i + " is " + after[i] + ", expected " + expected);
            }
        }
    }

    @Benchmark
    public void step() {
        sgd.step();
    }
}
