package dev.graft.benchmarks.peers;

import dev.graft.cpu.CpuBackend;
import dev.graft.nn.Module;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.global.torch;

/**
 * Peak resident memory (Linux's VmHWM) of a process that does six training steps, Graft against libtorch, each in a
 * fresh process. libtorch's number includes the JVM that drives it, so the size of its Java heap is printed too, and a
 * line without a step. Graft's may depend on the heap limit, as the collector takes what it may: one line for each.
 *
 * <p>Run: {@code mvn -q -Ppeers -pl benchmarks -am verify -Dpeers.main=PeakMemory [-Dpeers.args="batches=32
 * models=resnet18"]}
 */
public final class PeakMemory {
    private static final int STEPS = 6;
    private static final List<String> HEAPS =
            List.of("-Xmx1500m", "-Xmx2g", "-Xmx3g", "-Xmx6g", "-XX:MaxRAMPercentage=70");

    private PeakMemory() {}

    public static void main(String[] args) throws IOException, InterruptedException {
        if (args[0].equals("child")) {
            child(args[1], new Task(args[2], args[3], Integer.parseInt(args[4]), Task.SIZE), Integer.parseInt(args[5]));
            return;
        }
        Options options = Options.parse(
                List.of(args).subList(1, args.length), Map.of("models", "resnet18", "modes", "train", "batches", "32"));
        System.out.printf(
                "%-20s %-10s %5s  %-40s %10s   %s%n",
                "model", "mode", "batch", "process", "peak MiB", "of it Java heap, at most");
        for (String model : options.models()) {
            for (String mode : options.modes()) {
                for (int batch : options.batches()) {
                    line(options, "libtorch", model, mode, batch, List.of("-Xmx256m"));
                    line(options, "libtorch, no step", model, mode, batch, List.of("-Xmx256m"));
                    for (String heap : HEAPS) {
                        line(options, "graft", model, mode, batch, List.of(heap));
                    }
                }
            }
        }
    }

    private static void line(Options options, String side, String model, String mode, int batch, List<String> heap)
            throws IOException, InterruptedException {
        List<String> flags = new ArrayList<>(ChildJvm.graftFlags());
        flags.addAll(heap);
        String[] peak;
        try {
            peak = ChildJvm.run(
                            ChildJvm.command(
                                    flags,
                                    PeakMemory.class,
                                    "child",
                                    side,
                                    model,
                                    mode,
                                    "" + batch,
                                    "" + options.threads()),
                            options.threads())
                    .strip()
                    .split(" +");
        } catch (IOException e) {
            peak = new String[] {"fails", ""};
        }
        System.out.printf(
                "%-20s %-10s %5d  %-40s %10s   %10s%n",
                model, mode, batch, side + " " + String.join(" ", heap), peak[0], peak[1]);
    }

    private static void child(String side, Task task, int threads) throws IOException {
        CpuBackend.instance().setThreads(threads);
        Module net = GraftSteps.network(task);
        if (side.equals("graft")) {
            run(GraftSteps.of(task, net), STEPS);
        } else {
            torch.set_num_threads(threads);
            int steps = side.equals("libtorch") ? STEPS : 0;
            // The fastest form of inference comes last; training has one only.
            List<Step> forms = List.copyOf(TorchSteps.all(task, new TorchWeights(net), GraftSteps.images(task))
                    .values());
            net.close();
            run(forms.get(forms.size() - 1), steps);
        }
        String peak = Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmHWM:"))
                .findFirst()
                .orElseThrow();
        System.out.printf(
                "%d %6d%n",
                Long.parseLong(peak.replaceAll("\\D", "")) >> 10,
                Runtime.getRuntime().totalMemory() >> 20);
    }

    private static void run(Step step, int steps) {
        for (int i = 0; i < steps; i++) {
            step.run();
        }
    }
}
