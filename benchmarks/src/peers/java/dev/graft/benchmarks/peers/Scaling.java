package dev.graft.benchmarks.peers;

import dev.graft.benchmarks.peers.Turns.Contestant;
import dev.graft.benchmarks.peers.Turns.Times;
import dev.graft.cpu.CpuBackend;
import dev.graft.nn.Module;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.bytedeco.pytorch.global.torch;

/**
 * How cost grows: ResNet-18 with 1 and 2 threads, against the batch and against the size of the images. Where cost
 * grows as work does, the time for an image, or for 50,176 pixels (224x224), stays the same down the table.
 *
 * <p>Run: {@code mvn -q -Ppeers -pl benchmarks -am verify -Dpeers.main=Scaling [-Dpeers.args="modes=inference,train
 * seconds=2"]}
 */
public final class Scaling {
    private static final List<Integer> BATCHES = List.of(1, 2, 4, 8, 16, 32);
    private static final List<Integer> SIZES = List.of(64, 96, 128, 192, 224, 256, 320, 384, 448, 512);
    private static final int BATCH_OF_SIZES = 4;

    private Scaling() {}

    public static void main(String[] args) {
        Options options = Options.parse(
                List.of(args).subList(1, args.length),
                Map.of("models", "resnet18", "modes", "inference,train", "seconds", "2", "warmup", "1"));
        for (String model : options.models()) {
            for (String mode : options.modes()) {
                System.out.printf("%n%s, %s, against the batch%n", model, mode);
                header();
                BATCHES.forEach(batch -> row(new Task(model, mode, batch, Task.SIZE), options));
                System.out.printf("%n%s, %s, against the size of the images%n", model, mode);
                header();
                SIZES.forEach(size -> row(new Task(model, mode, BATCH_OF_SIZES, size), options));
            }
        }
    }

    private static void header() {
        System.out.printf(
                "%6s %6s | %12s %12s %8s %18s | %12s %12s %8s %18s%n",
                "batch",
                "size",
                "graft 1 th.",
                "2 threads",
                "speed-up",
                "ms/224x224 px, 2",
                "libtorch 1",
                "2 threads",
                "speed-up",
                "ms/224x224 px, 2");
    }

    private static void row(Task task, Options options) {
        Map<Integer, Map<String, Times>> times = new LinkedHashMap<>();
        for (int threads = 1; threads <= 2; threads++) {
            torch.set_num_threads(threads);
            CpuBackend.instance().setThreads(threads);
            times.put(threads, measure(task, options));
        }
        double images = task.batch() * (double) task.size() * task.size() / (Task.SIZE * Task.SIZE);
        StringBuilder row = new StringBuilder(String.format("%6d %6d", task.batch(), task.size()));
        for (String side : List.of("graft", "libtorch")) {
            double one = times.get(1).get(side).median();
            double two = times.get(2).get(side).median();
            row.append(String.format(Locale.ROOT, " | %12.2f %12.2f %8.2f %18.2f", one, two, one / two, two / images));
        }
        System.out.println(row);
    }

    private static Map<String, Times> measure(Task task, Options options) {
        Module net = GraftSteps.network(task);
        Map<String, Step> forms = TorchSteps.all(task, new TorchWeights(net), GraftSteps.images(task));
        try (Step graft = GraftSteps.of(task, net)) {
            Map<String, Contestant> contestants = new LinkedHashMap<>();
            contestants.put("graft", Turns.of(graft));
            contestants.put("libtorch", Turns.of(forms.values().iterator().next()));
            return Turns.race(contestants, options.warmUp(), options.seconds(), 2);
        }
    }
}
