package dev.graft.examples.cli;

import dev.graft.examples.cli.text.BarProgress;
import dev.graft.examples.demo.PhantomFiles;
import dev.graft.examples.demo.SourceTraining;
import dev.graft.examples.demo.TransferDemo;
import dev.graft.examples.demo.TransferDemo.Result;
import dev.graft.examples.demo.TransferDemo.Start;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Shows on generated images what a pretrained network is worth. */
@Command(
        name = "demo",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Shows what transfer learning gains, without network or data: a small residual network is trained on a few generated chest-like phantoms, "
                    + "once from random weights and once from weights that learnt another generated task, and judged on held-out patients.",
            "The images are synthetic drawings; nothing here says anything about real patients."
        })
final class DemoCommand extends ReportingCommand {
    private static final int SEEDS = 2;
    private static final int[] PATIENTS = {6, 18, 54};

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--seeds",
            paramLabel = "N",
            description = "Trainings to average, each with other patients. Default: 2.")
    private Optional<Integer> seeds;

    @Option(
            names = "--save",
            paramLabel = "DIR",
            description = "Also write phantoms as PNG files, one folder for each class, to try finetune on.")
    private Optional<Path> save;

    @Option(
            names = "--train-source",
            paramLabel = "FILE",
            description =
                    "Instead of the demonstration, train the weights that come with it again, and write them to FILE; takes some minutes.")
    private Optional<Path> trainSource;

    @Option(names = "--source-images", paramLabel = "N", description = "For --train-source: images to learn from.")
    private Optional<Integer> sourceImages;

    @Option(names = "--source-epochs", paramLabel = "N", description = "For --train-source: passes over them.")
    private Optional<Integer> sourceEpochs;

    @Option(
            names = "--source-seed",
            paramLabel = "N",
            description = "For --train-source: seed of images, weights and order.")
    private Optional<Long> sourceSeed;

    @Mixin
    private ThreadOption threads;

    @Override
    Object report() {
        check(
                seeds.orElse(1) >= 1 && sourceImages.orElse(2) >= 2 && sourceEpochs.orElse(1) >= 1,
                "--seeds and --source-epochs must be at least 1, --source-images at least 2");
        check(
                trainSource.isEmpty() || (seeds.isEmpty() && save.isEmpty()),
                "--train-source runs instead of the demonstration, and excludes --seeds and --save");
        check(
                trainSource.isPresent() || (sourceImages.isEmpty() && sourceEpochs.isEmpty() && sourceSeed.isEmpty()),
                "--source-images, --source-epochs and --source-seed need --train-source");
        save.ifPresent(folder -> Output.checkFolder("--save", folder));
        trainSource.ifPresent(file -> Output.checkFile("--train-source", file));
        threads.apply();
        return trainSource.isPresent() ? trainSource(trainSource.get()) : demonstrate(seeds.orElse(SEEDS));
    }

    private void check(boolean right, String message) {
        if (!right) {
            throw new ParameterException(spec.commandLine(), message);
        }
    }

    private Map<String, Object> demonstrate(int count) {
        long begin = System.nanoTime();
        Map<String, Object> report = new LinkedHashMap<>();
        report.put("synthetic", true);
        List<Object> sizes = new ArrayList<>();
        try (TransferDemo demo = new TransferDemo()) {
            out().printf(
                            Locale.ROOT,
                            "Generated, chest-like phantoms, 32x32 grey: is there an opacity in a lung? Synthetic drawings, no real patient.%n"
                                    + "A ResNet-20 is trained on few labelled patients (%d images each) and judged on %d others (%d images).%n"
                                    + "Transfer starts from weights that learnt to tell eight findings apart in 12,000 other drawings, half of them of chests.%n"
                                    + "Accuracy and AUROC are means over %d trainings, each on other patients.%n%n",
                            demo.imagesPerPatient(),
                            demo.testPatients(),
                            demo.testImages(),
                            count);
            out().printf(
                            Locale.ROOT,
                            "%-24s %22s %22s%n%-24s %11s %10s %11s %10s%n",
                            "",
                            "from scratch",
                            "transfer",
                            "labelled data",
                            "accuracy",
                            "AUROC",
                            "accuracy",
                            "AUROC");
            out().flush();
            for (int patients : PATIENTS) {
                sizes.add(size(demo, patients, count));
            }
        }
        double seconds = (System.nanoTime() - begin) / 1e9;
        report.put("sizes", sizes);
        report.put("seconds", seconds);
        out().printf(
                        Locale.ROOT,
                        "%n%.0f seconds. Next, on your own images, one folder for each class:%n"
                                + "  %s finetune --data my-images --model resnet18 --weights imagenet --epochs 10 --out run1%n"
                                + "  %s evaluate --model run1 --data my-test-images%n",
                        seconds,
                        Shell.program(),
                        Shell.program());
        save.ifPresent(folder -> {
            PhantomFiles.write(folder);
            out().println("phantoms are in " + folder + "; try: "
                    + Shell.command("finetune", "--data", folder)
                    + " --model resnet20 --weights none --freeze none --lr 0.05 --epochs 10 --out run0");
        });
        return report;
    }

    private Map<String, Object> size(TransferDemo demo, int patients, int count) {
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("patients", patients);
        entry.put("images", patients * demo.imagesPerPatient());
        out().printf(Locale.ROOT, "%-24s", patients + " patients, " + patients * demo.imagesPerPatient() + " images");
        for (Start start : Start.values()) {
            List<Result> results = new ArrayList<>();
            for (int seed = 1; seed <= count; seed++) {
                results.add(demo.run(start, patients, seed));
            }
            double accuracy =
                    results.stream().mapToDouble(Result::accuracy).average().orElseThrow();
            double auroc = results.stream().mapToDouble(Result::auroc).average().orElseThrow();
            out().printf(Locale.ROOT, " %11.3f %10.3f", accuracy, auroc);
            out().flush();
            Map<String, Object> scores = new LinkedHashMap<>();
            scores.put("accuracy", accuracy);
            scores.put("auroc", auroc);
            scores.put("accuracies", results.stream().map(Result::accuracy).toList());
            scores.put("aurocs", results.stream().map(Result::auroc).toList());
            entry.put(start.name().toLowerCase(Locale.ROOT), scores);
        }
        out().println();
        return entry;
    }

    private Map<String, Object> trainSource(Path file) {
        SourceTraining shipped = SourceTraining.asShipped();
        SourceTraining training = new SourceTraining(
                sourceImages.orElse(shipped.images()),
                sourceEpochs.orElse(shipped.epochs()),
                sourceSeed.orElse(shipped.seed()));
        double accuracy = training.train(file, BarProgress.automatic());
        out().printf(Locale.ROOT, "accuracy on fresh source images %.4f; written to %s%n", accuracy, file);
        Map<String, Object> report = new LinkedHashMap<>();
        report.put("file", file.toString());
        report.put("images", training.images());
        report.put("epochs", training.epochs());
        report.put("seed", training.seed());
        report.put("accuracy", accuracy);
        return report;
    }
}
