package dev.graft.benchmarks;

import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * Batch norm, pooling and residual sums of ResNet-18 on 224x224 images, forward and gradient: what memory bounds.
 *
 * <p>Run: {@code java --add-modules=jdk.incubator.vector -jar benchmarks/target/benchmarks.jar PointwiseBenchmark -p
 * batch=8}
 */
@State(Scope.Benchmark)
public class PointwiseBenchmark extends LayerBenchmark {
    @Param({
        "batch norm 64-112",
        "batch norm 64-56",
        "batch norm 128-28",
        "batch norm 256-14",
        "batch norm 512-7",
        "max pool 64-112",
        "add, relu 64-56",
        "add, relu 512-7",
        "global pool 512-7"
    })
    public String layer;

    @Param({"FORWARD", "INPUT_GRADIENT"})
    public Pass pass;

    @Param({"1", "8"})
    public int batch;

    @Setup
    public void prepareLayer() {
        use(layer, pass, batch);
    }
}
