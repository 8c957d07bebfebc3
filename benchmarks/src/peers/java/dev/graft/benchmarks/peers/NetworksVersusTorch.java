package dev.graft.benchmarks.peers;

import dev.graft.benchmarks.peers.Turns.Contestant;
import dev.graft.benchmarks.peers.Turns.Times;
import dev.graft.cpu.CpuBackend;
import dev.graft.io.Safetensors;
import dev.graft.io.StateDict;
import dev.graft.nn.Module;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.bytedeco.openblas.global.openblas_nolapack;
import org.bytedeco.pytorch.global.torch;

/**
 * What is no network of images, beside PyTorch: MLPs, records, dilated 1-d convolutions, a transformer's block, LSTM,
 * genomes (no libtorch there), matrix products and functions. Graft, libtorch and pip's PyTorch take turns; the ratio
 * is the faster peer's median to Graft's. All start from the same weights and inputs, and the run stops where their
 * first results differ. PyTorch's BLAS (MKL) has the threads that the others have; libtorch's (OpenBLAS) has them or
 * one, whichever is faster.
 *
 * <p>Run: {@code mvn -q -Ppeers -pl benchmarks -am verify -Dpeers.main=NetworksVersusTorch -Dpeers.args="python=PATH
 * [models=mlp,conv1d] [modes=train] [seconds=3] [warmup=3] [threads=2]"}
 */
public final class NetworksVersusTorch {
    private static final double TOLERANCE = 2e-3;
    private static final Path SCRIPT = Path.of("src/peers/python/networks.py");

    private NetworksVersusTorch() {}

    private record Result(Row row, Times graft, Map<String, Times> peers) {
        double ratio() {
            return peers.values().stream().mapToDouble(Times::median).min().orElse(Double.NaN) / graft.median();
        }

        String line() {
            return String.format(
                    Locale.ROOT,
                    "%-12s %-10s %10.3f %10.3f %12s %10s %7.2f",
                    row.name(),
                    row.mode(),
                    graft.median(),
                    graft.mean(),
                    median("libtorch"),
                    median("torch"),
                    ratio());
        }

        private String median(String peer) {
            Times times = peers.get(peer);
            return times == null ? "-" : String.format(Locale.ROOT, "%.3f", times.median());
        }

        String json() {
            String others = peers.entrySet().stream()
                    .map(e -> String.format(
                            Locale.ROOT,
                            "\"%s_ms\":%.4f,",
                            e.getKey(),
                            e.getValue().median()))
                    .collect(Collectors.joining());
            return String.format(
                    Locale.ROOT,
                    "  {\"row\":\"%s\",\"mode\":\"%s\",\"graft_ms\":%.4f,%s\"ratio\":%.3f}",
                    row.name(),
                    row.mode(),
                    graft.median(),
                    others,
                    ratio());
        }
    }

    public static void main(String[] args) throws IOException {
        Path out = Path.of(args[0]).toAbsolutePath().resolveSibling("networks-versus-torch.json");
        Options options = Options.parse(
                List.of(args).subList(1, args.length),
                Map.of(
                        "models",
                        String.join(",", Rows.ALL.keySet()),
                        "modes",
                        "train,inference",
                        "seconds",
                        "4",
                        "warmup",
                        "4",
                        "peers",
                        "libtorch,torch"));
        torch.set_num_threads(options.threads());
        CpuBackend.instance().setThreads(options.threads());
        System.out.printf(
                "%d threads, JDK %s, kernels: %s%n",
                options.threads(),
                Runtime.version(),
                CpuBackend.instance().describe().get("element kernels"));
        System.out.println("ms a step: medians, and graft's mean; ratio = the faster peer / graft");
        System.out.printf(
                "%-12s %-10s %10s %10s %12s %10s %7s%n",
                "row", "mode", "graft", "(mean)", "libtorch", "torch", "ratio");
        List<Result> results = new ArrayList<>();
        for (String name : options.models()) {
            for (String mode : Rows.ALL.getOrDefault(name, List.of())) {
                if (options.modes().contains(mode)) {
                    Result result = measure(Rows.of(name, mode), options, out);
                    results.add(result);
                    System.out.println(result.line());
                }
            }
        }
        Files.createDirectories(out.getParent());
        Files.writeString(out, results.stream().map(Result::json).collect(Collectors.joining(",\n", "[\n", "\n]\n")));
    }

    private static Result measure(Row row, Options options, Path out) throws IOException {
        StateDict tensors = row.tensors();
        Path file = out.resolveSibling("networks-versus-torch.safetensors");
        Files.createDirectories(out.getParent());
        Safetensors.save(tensors, file);
        Optional<WorkerProcess> pip =
                options.peers().contains("torch") ? Optional.of(python(row, file, options)) : Optional.empty();
        Optional<Step> libtorch = options.peers().contains("libtorch") && LibtorchRow.has(row)
                ? Optional.of(LibtorchRow.of(row, tensors))
                : Optional.empty();
        Step graft = row.graft();
        try (graft) {
            float expected = graft.run();
            libtorch.ifPresent(l -> check(row, "libtorch", expected, l.run()));
            pip.ifPresent(p -> check(row, "PyTorch", expected, p.firstResult()));
            Map<String, Contestant> contestants = new LinkedHashMap<>();
            contestants.put("graft", withBlasThreads(1, Turns.of(graft)));
            libtorch.ifPresent(l -> contestants.put("libtorch", fastest(Turns.of(l), options.threads())));
            pip.ifPresent(p -> contestants.put("torch", p));
            Map<String, Times> times =
                    new LinkedHashMap<>(Turns.race(contestants, options.warmUp(), options.seconds(), 3));
            return new Result(row, times.remove("graft"), times);
        } finally {
            pip.ifPresent(WorkerProcess::close);
            row.net().ifPresent(Module::close);
        }
    }

    /** OpenBLAS's own threads spin against OpenMP's, so that libtorch is mostly, but not always, faster without. */
    private static Contestant fastest(Contestant libtorch, int threads) {
        Map<String, Contestant> forms = new LinkedHashMap<>();
        forms.put("many", withBlasThreads(threads, libtorch));
        forms.put("one", withBlasThreads(1, libtorch));
        Map<String, Times> times = Turns.race(forms, 0, 0.3, 2);
        return times.get("one").median() < times.get("many").median() ? forms.get("one") : forms.get("many");
    }

    /** Graft and libtorch share one OpenBLAS, which Graft calls from its own threads. */
    private static Contestant withBlasThreads(int threads, Contestant contestant) {
        return steps -> {
            openblas_nolapack.blas_set_num_threads(threads);
            return contestant.turn(steps);
        };
    }

    private static WorkerProcess python(Row row, Path file, Options options) {
        String threads = "" + options.threads();
        return new WorkerProcess(
                "PyTorch",
                List.of(options.python(), SCRIPT.toString(), row.name(), row.mode(), file.toString(), threads),
                Map.of(
                        "OMP_NUM_THREADS", threads,
                        "MKL_NUM_THREADS", threads,
                        "OPENBLAS_NUM_THREADS", threads));
    }

    private static void check(Row row, String peer, float graft, float other) {
        if (!(Math.abs(graft - other) <= TOLERANCE * Math.max(1, Math.abs(other)))) {
            throw new IllegalStateException(row.name() + " " + row.mode() + ": graft gives " + graft + ", " + peer + " "
                    + other + ": not the same work");
        }
    }
}
