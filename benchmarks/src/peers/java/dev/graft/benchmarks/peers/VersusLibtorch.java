package dev.graft.benchmarks.peers;

import dev.graft.benchmarks.peers.Turns.Contestant;
import dev.graft.benchmarks.peers.Turns.Times;
import dev.graft.cpu.CpuBackend;
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
import org.bytedeco.pytorch.global.torch;

/**
 * Graft, libtorch and DJL side by side in one run, turn by turn, medians: ms a step for inference, full training and
 * frozen-backbone training. libtorch and Graft start from the same weights and images, and the run stops where their
 * first logit or loss differs. libtorch runs at its best: channels_last, one OpenBLAS thread beside its OpenMP pool,
 * and for inference the fastest of functions with folded batch norm and of frozen TorchScript.
 *
 * <p>Run: {@code mvn -q -Ppeers -pl benchmarks -am verify [-Dpeers.args="batches=1,8 models=resnet18 seconds=10
 * threads=2"]}
 */
public final class VersusLibtorch {
    private static final double TOLERANCE = 2e-3;

    private VersusLibtorch() {}

    private record Result(Task task, Times graft, Times libtorch, String how, Optional<Times> djl) {
        double ratio() {
            return libtorch.median() / graft.median();
        }

        String row() {
            String other =
                    djl.map(d -> String.format(Locale.ROOT, "%.2f", d.median())).orElse("-");
            return String.format(
                    Locale.ROOT,
                    "%-20s %-10s %5d %10.2f %10.2f %12.2f %10s %7.2f   %s",
                    task.model(),
                    task.mode(),
                    task.batch(),
                    graft.median(),
                    graft.mean(),
                    libtorch.median(),
                    other,
                    ratio(),
                    how);
        }

        String json() {
            String other = djl.map(d -> String.format(Locale.ROOT, ",\"djl_ms\":%.3f", d.median()))
                    .orElse("");
            return String.format(
                    Locale.ROOT,
                    "  {\"model\":\"%s\",\"mode\":\"%s\",\"batch\":%d,\"graft_ms\":%.3f,\"libtorch_ms\":%.3f,\"ratio\":%.3f%s}",
                    task.model(),
                    task.mode(),
                    task.batch(),
                    graft.median(),
                    libtorch.median(),
                    ratio(),
                    other);
        }
    }

    public static void main(String[] args) throws IOException {
        Path out = Path.of(args[0]);
        Options options = Options.parse(List.of(args).subList(1, args.length), Map.of());
        torch.set_num_threads(options.threads());
        CpuBackend.instance().setThreads(options.threads());
        System.out.printf(
                "%d threads, JDK %s, kernels: %s%n",
                options.threads(),
                Runtime.version(),
                CpuBackend.instance().describe().get("element kernels"));
        System.out.println(
                "ms a step: medians, and graft's mean with its garbage collections; ratio = libtorch / graft");
        System.out.printf(
                "%-20s %-10s %5s %10s %10s %12s %10s %7s   %s%n",
                "model", "mode", "batch", "graft", "(mean)", "libtorch", "djl", "ratio", "libtorch's form");
        List<Result> results = new ArrayList<>();
        for (String model : options.models()) {
            for (String mode : options.modes()) {
                for (int batch : options.batches()) {
                    Result result = measure(new Task(model, mode, batch, Task.SIZE), options);
                    results.add(result);
                    System.out.println(result.row());
                    Files.createDirectories(out.toAbsolutePath().getParent());
                    Files.writeString(
                            out, results.stream().map(Result::json).collect(Collectors.joining(",\n", "[\n", "\n]\n")));
                }
            }
        }
    }

    private static Result measure(Task task, Options options) {
        Module net = GraftSteps.network(task);
        Map<String, Step> forms = TorchSteps.all(task, new TorchWeights(net), GraftSteps.images(task));
        try (Step graft = GraftSteps.of(task, net);
                Djl djl = Djl.of(task, options)) {
            float expected = graft.run();
            forms.forEach((form, step) -> check(task, form, expected, step.run()));
            String best = fastest(forms);
            Map<String, Contestant> contestants = new LinkedHashMap<>();
            contestants.put("graft", Turns.of(graft));
            contestants.put("libtorch", Turns.of(forms.get(best)));
            djl.peer.ifPresent(peer -> contestants.put("djl", peer));
            Map<String, Times> times = Turns.race(contestants, options.warmUp(), options.seconds(), 3);
            return new Result(
                    task, times.get("graft"), times.get("libtorch"), best, Optional.ofNullable(times.get("djl")));
        }
    }

    /** DJL's process, where it takes part. */
    private record Djl(Optional<DjlPeer> peer) implements AutoCloseable {
        static Djl of(Task task, Options options) {
            boolean runs = options.peers().contains("djl") && DjlPeer.knows(task);
            return new Djl(runs ? Optional.of(new DjlPeer(task, options.threads())) : Optional.empty());
        }

        @Override
        public void close() {
            peer.ifPresent(DjlPeer::close);
        }
    }

    private static void check(Task task, String form, float graft, float peer) {
        if (!(Math.abs(graft - peer) <= TOLERANCE * Math.max(1, Math.abs(peer)))) {
            throw new IllegalStateException(
                    task + ": graft gives " + graft + ", libtorch (" + form + ") " + peer + ": not the same work");
        }
    }

    private static String fastest(Map<String, Step> forms) {
        if (forms.size() == 1) {
            return forms.keySet().iterator().next();
        }
        Map<String, Contestant> contestants = new LinkedHashMap<>();
        forms.forEach((form, step) -> contestants.put(form, Turns.of(step)));
        Map<String, Times> times = Turns.race(contestants, 0.3, 1, 2);
        return times.entrySet().stream()
                .min((a, b) ->
                        Double.compare(a.getValue().median(), b.getValue().median()))
                .orElseThrow()
                .getKey();
    }
}
