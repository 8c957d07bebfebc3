package dev.graft.benchmarks.peers;

import dev.graft.benchmarks.GraftLayer;
import dev.graft.benchmarks.Layer;
import dev.graft.benchmarks.Networks;
import dev.graft.benchmarks.Pass;
import dev.graft.benchmarks.Roofline;
import dev.graft.benchmarks.peers.Turns.Contestant;
import dev.graft.benchmarks.peers.Turns.Times;
import dev.graft.cpu.CpuBackend;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.bytedeco.pytorch.global.torch;

/**
 * Layer by layer, Graft and libtorch in turns: where the time goes, against what the machine can do. Single operators,
 * so without the fusions that both have; Graft's are checked against the definition first.
 *
 * <p>Run: {@code mvn -q -Ppeers -pl benchmarks -am verify -Dpeers.main=LayersVersusLibtorch
 * [-Dpeers.args="models=resnet18 batches=8 seconds=1 threads=2"]}
 */
public final class LayersVersusLibtorch {
    private LayersVersusLibtorch() {}

    public static void main(String[] args) {
        Options options = Options.parse(
                List.of(args).subList(1, args.length), Map.of("batches", "8", "seconds", "0.6", "warmup", "0.4"));
        torch.set_num_threads(options.threads());
        CpuBackend.instance().setThreads(options.threads());
        Roofline roofline = Roofline.measure(options.threads());
        System.out.println(roofline);
        for (String model : options.models()) {
            for (int batch : options.batches()) {
                table(model, batch, options, roofline);
            }
        }
    }

    private static void table(String model, int batch, Options options, Roofline roofline) {
        System.out.printf("%n%s, batch %d%n", model, batch);
        System.out.printf(
                "%-26s %5s %-16s %10s %8s %8s %8s %12s %8s %7s%n",
                "layer", "times", "pass", "graft ms", "GF/s", "GB/s", "of peak", "libtorch ms", "of peak", "ratio");
        Map<Pass, double[]> sums = new LinkedHashMap<>();
        Networks.layers(model).forEach((layer, times) -> {
            for (Pass pass : Pass.values()) {
                if (GraftLayer.exists(layer, pass)) {
                    Map<String, Times> measured = measure(layer, pass, batch, options);
                    double graft = measured.get("graft").median();
                    double peer = measured.get("libtorch").median();
                    print(layer, times, pass, batch, roofline, graft, peer);
                    double[] sum = sums.computeIfAbsent(pass, p -> new double[2]);
                    sum[0] += graft * times;
                    sum[1] += peer * times;
                }
            }
        });
        sums.forEach((pass, sum) -> System.out.printf(
                Locale.ROOT,
                "%-32s %-16s %10.2f %26s %12.2f %8s %7.2f%n",
                "all, as often as they occur",
                pass.label(),
                sum[0],
                "",
                sum[1],
                "",
                sum[1] / sum[0]));
    }

    private static void print(
            Layer layer, int times, Pass pass, int batch, Roofline roofline, double graft, double peer) {
        double flops = layer.flops(batch);
        double bytes = layer.bytes(batch, pass);
        System.out.printf(
                Locale.ROOT,
                "%-26s %5d %-16s %10.3f %8s %8.1f %8.2f %12.3f %8.2f %7.2f%n",
                layer,
                times,
                pass.label(),
                graft,
                flops > 0 ? String.format(Locale.ROOT, "%.1f", flops / graft / 1e6) : "-",
                bytes / graft / 1e6,
                roofline.fraction(flops, bytes, graft),
                peer,
                roofline.fraction(flops, bytes, peer),
                peer / graft);
    }

    private static Map<String, Times> measure(Layer layer, Pass pass, int batch, Options options) {
        GraftLayer graft = new GraftLayer(layer, pass, batch);
        graft.check();
        TorchLayer peer = new TorchLayer(layer, pass, batch);
        Map<String, Contestant> contestants = new LinkedHashMap<>();
        contestants.put("graft", contestant(graft::prepare, graft::run, graft::finish));
        contestants.put("libtorch", contestant(peer::prepare, peer::run, peer::finish));
        return Turns.race(contestants, options.warmUp(), options.seconds(), 2);
    }

    private static Contestant contestant(Runnable prepare, Runnable run, Runnable finish) {
        return steps -> {
            double[] ms = new double[steps];
            // The first one is not timed: see Turns.
            for (int i = -1; i < steps; i++) {
                prepare.run();
                long start = System.nanoTime();
                run.run();
                if (i >= 0) {
                    ms[i] = (System.nanoTime() - start) / 1e6;
                }
                finish.run();
            }
            return ms;
        };
    }
}
