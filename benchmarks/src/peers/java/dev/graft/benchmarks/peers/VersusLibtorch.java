package dev.graft.benchmarks.peers;

import dev.graft.cpu.CpuBackend;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import org.bytedeco.pytorch.global.torch;

/**
 * Graft and libtorch side by side in one JVM, turn by turn, medians: ms a step for inference, full training and frozen-backbone training.
 * libtorch runs at its best: channels_last, batch norm folded for inference, one OpenBLAS thread beside its OpenMP pool.
 *
 * <p>Run: {@code mvn -q -Ppeers -pl benchmarks -am verify -DskipTests [-Dpeers.args="batches=1,8 models=resnet18 seconds=10 threads=2"]}
 */
public final class VersusLibtorch {
    private VersusLibtorch() {
    }

    private record Result(String model, String mode, int batch, double graftMs, double libtorchMs) {
        double ratio() {
            return libtorchMs / graftMs;
        }
    }

    public static void main(String[] args) throws IOException {
        Path out = Path.of(args[0]);
        Options options = Options.parse(args);
        torch.set_num_threads(options.threads());
        CpuBackend.instance().setThreads(options.threads());
        System.out.printf(Locale.ROOT, "%d threads, %s, JDK %s; ratio above 1: Graft is faster%n", options.threads(), System.getProperty("os.arch"), Runtime.version());
        System.out.printf("%-20s %-10s %5s %12s %12s %7s%n", "model", "mode", "batch", "graft ms", "libtorch ms", "ratio");
        List<Result> results = new ArrayList<>();
        for (String model : options.models()) {
            for (String mode : options.modes()) {
                for (int batch : options.batches()) {
                    Result result = measure(model, mode, batch, options.seconds());
                    results.add(result);
                    System.out.printf(Locale.ROOT, "%-20s %-10s %5d %12.2f %12.2f %7.2f%n", model, mode, batch, result.graftMs, result.libtorchMs, result.ratio());
                    write(out, results);
                }
            }
        }
    }

    private static Result measure(String model, String mode, int batch, double seconds) {
        try (Step graft = GraftSteps.of(model, mode, batch); Step peer = TorchSteps.of(model, mode, batch)) {
            for (int i = 0; i < 3; i++) {
                graft.run();
                peer.run();
            }
            List<Double> graftMs = new ArrayList<>();
            List<Double> peerMs = new ArrayList<>();
            long end = System.nanoTime() + (long) (seconds * 1e9);
            while (graftMs.size() < 5 || System.nanoTime() < end) {
                graftMs.add(time(graft));
                peerMs.add(time(peer));
            }
            return new Result(model, mode, batch, median(graftMs), median(peerMs));
        }
    }

    private static double time(Step step) {
        long start = System.nanoTime();
        step.run();
        return (System.nanoTime() - start) / 1e6;
    }

    private static double median(List<Double> values) {
        Collections.sort(values);
        return values.get(values.size() / 2);
    }

    private static void write(Path out, List<Result> results) throws IOException {
        List<String> lines = results.stream().map(r -> String.format(Locale.ROOT,
                "  {\"model\":\"%s\",\"mode\":\"%s\",\"batch\":%d,\"graft_ms\":%.3f,\"libtorch_ms\":%.3f,\"ratio\":%.3f}",
                r.model, r.mode, r.batch, r.graftMs, r.libtorchMs, r.ratio())).toList();
        Files.createDirectories(out.getParent());
        Files.writeString(out, "[\n" + String.join(",\n", lines) + "\n]\n");
    }
}
