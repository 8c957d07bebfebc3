package dev.graft.benchmarks;

import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * Convolutions and the linear layer of ResNet-18 on 224x224 images, forward and each gradient: what arithmetic bounds.
 *
 * <p>Run: {@code java --add-modules=jdk.incubator.vector -jar benchmarks/target/benchmarks.jar ProductBenchmark -p
 * batch=8}
 */
@State(Scope.Benchmark)
public class ProductBenchmark extends LayerBenchmark {
    @Param({
        "conv 3-64-224-7-2",
        "conv 64-64-56-3-1",
        "conv 64-128-56-3-2",
        "conv 64-128-56-1-2",
        "conv 128-128-28-3-1",
        "conv 128-256-28-3-2",
        "conv 128-256-28-1-2",
        "conv 256-256-14-3-1",
        "conv 256-512-14-3-2",
        "conv 256-512-14-1-2",
        "conv 512-512-7-3-1",
        "linear 512-1000"
    })
    public String layer;

    @Param({"FORWARD", "INPUT_GRADIENT", "WEIGHT_GRADIENT"})
    public Pass pass;

    @Param({"1", "8"})
    public int batch;

    @Setup
    public void prepareLayer() {
        use(layer, pass, batch);
    }
}
