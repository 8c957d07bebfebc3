package dev.graft.benchmarks;

import dev.graft.tensor.Tensor;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** One layer of ResNet-18 on 224x224 images; the result is checked in double precision first. */
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
public abstract class LayerBenchmark {

    private GraftLayer work;

    static Layer layer(String name) {
        return Networks.layers("resnet18").keySet().stream()
                .filter(l -> l.toString().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("ResNet-18 has no layer " + name));
    }

    final void use(String layer, Pass pass, int batch) {
        work = new GraftLayer(layer(layer), pass, batch);
        work.check();
    }

    /** A gradient needs a fresh forward pass each time, untimed; passes take far longer than the calls around them. */
    @Setup(Level.Invocation)
    public void prepare() {
        work.prepare();
    }

    @TearDown(Level.Invocation)
    public void finish() {
        work.finish();
    }

    @Benchmark
    public Tensor run() {
        return work.run();
    }
}
