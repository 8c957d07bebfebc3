package dev.graft.benchmarks;

import java.io.IOException;
import java.util.Collection;
import java.util.Locale;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;

/**
 * Runs JMH with its usual options, then prints each result against what the machine can do.
 *
 * <p>Run: {@code java --add-modules=jdk.incubator.vector -jar benchmarks/target/benchmarks.jar [options of JMH]}
 */
public final class Benchmarks {
    private Benchmarks() {}

    public static void main(String[] args) throws RunnerException, CommandLineOptionException, IOException {
        CommandLineOptions options = new CommandLineOptions(args);
        if (options.shouldHelp()) {
            options.showHelp();
            return;
        }
        Runner runner = new Runner(options);
        if (options.shouldList()) {
            runner.list();
            return;
        }
        Collection<RunResult> results = runner.run();
        Roofline roofline = Roofline.measure(Runtime.getRuntime().availableProcessors());
        System.out.println();
        System.out.println(roofline);
        System.out.printf(
                Locale.ROOT,
                "%-28s %-16s %5s %10s %9s %9s %8s%n",
                "layer",
                "pass",
                "batch",
                "ms",
                "GF/s",
                "GB/s",
                "of peak");
        results.forEach(result -> print(roofline, result));
    }

    private static void print(Roofline roofline, RunResult result) {
        BenchmarkParams params = result.getParams();
        double ms = result.getPrimaryResult().getScore();
        if (params.getBenchmark().contains(SgdBenchmark.class.getSimpleName())) {
            print(roofline, "sgd, ResNet-18's parameters", "", "", ms, 0, SgdBenchmark.bytes());
            return;
        }
        Layer layer = LayerBenchmark.layer(params.getParam("layer"));
        Pass pass = Pass.valueOf(params.getParam("pass"));
        int batch = Integer.parseInt(params.getParam("batch"));
        print(roofline, layer.toString(), pass.label(), "" + batch, ms, layer.flops(batch), layer.bytes(batch, pass));
    }

    private static void print(
            Roofline roofline, String name, String pass, String batch, double ms, double flops, double bytes) {
        System.out.printf(
                Locale.ROOT,
                "%-28s %-16s %5s %10.3f %9s %9.1f %8.2f%n",
                name,
                pass,
                batch,
                ms,
                flops > 0 ? String.format(Locale.ROOT, "%.1f", flops / ms / 1e6) : "-",
                bytes / ms / 1e6,
                roofline.fraction(flops, bytes, ms));
    }
}
