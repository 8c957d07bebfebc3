package dev.graft.examples.cli;

import dev.graft.io.file.AtomicText;
import dev.graft.nn.data.DataLoader;
import dev.graft.nn.loss.CrossEntropyLoss;
import dev.graft.nn.model.ModelCard;
import dev.graft.nn.train.Evaluation;
import dev.graft.nn.train.Evaluator;
import dev.graft.tensor.Device;
import dev.graft.vision.ImageData;
import dev.graft.vision.ImageModels;
import dev.graft.vision.LeftOut;
import dev.graft.vision.Metrics;
import dev.graft.vision.Relabelled;
import dev.graft.vision.data.ImageDataset;
import dev.graft.vision.image.file.ImageNotes;
import dev.graft.vision.image.transform.Preprocessing;
import dev.graft.vision.model.Backbone;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Judges a fine-tuned model on labelled images. */
@Command(
        name = "evaluate",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Judges a fine-tuned model on labelled images: accuracy, AUROC, sensitivity and specificity of each class, confusion matrix.",
            "With two classes, AUROC is that of the second; with more, the mean of each class against the rest."
        })
final class EvaluateCommand extends ReportingCommand {
    private static final int NAME_WIDTH = 24;

    @Spec
    private CommandSpec spec;

    @Option(names = "--model", paramLabel = "DIR", required = true, description = "The --out folder of finetune.")
    private Path model;

    @Option(
            names = "--data",
            paramLabel = "DIR",
            required = true,
            description = "One sub-folder of images for each class, a CSV file, or a NumPy file (its test images).")
    private Path data;

    @Option(
            names = "--batch",
            paramLabel = "N",
            defaultValue = "32",
            description = "Images at a time. Default: ${DEFAULT-VALUE}.")
    private int batch;

    @Option(
            names = "--device",
            paramLabel = "NAME",
            defaultValue = "cpu",
            description = "cpu or cuda. Default: ${DEFAULT-VALUE}.")
    private String device;

    @Option(
            names = "--csv",
            paramLabel = "FILE",
            description = "Also write a CSV file with a line for each image: file, label, predicted class, and the"
                    + " probability of each class; - is standard output.")
    private Optional<Path> csv;

    @Mixin
    private CsvEncodingOption csvEncoding;

    @Mixin
    private WindowOption window;

    @Mixin
    private ThreadOption threads;

    @Override
    Object report() {
        csv.filter(file -> !Output.isStandardOutput(file)).ifPresent(file -> Output.checkFile("--csv", file));
        if (writesStandardOutput() && json().filter(Output::isStandardOutput).isPresent()) {
            throw new ParameterException(spec.commandLine(), "--csv and --json cannot both be standard output");
        }
        OptionalInt workers = threads.apply();
        Device place = Device.of(device);
        ModelCard card = ModelCard.read(model);
        card.checkUnchanged(model);
        card.note(model).ifPresent(out()::println);
        Preprocessing preprocessing = ImageModels.preprocessing(card, model.resolve(ModelCard.FILE_NAME));
        window.checkIs(preprocessing.window());
        ImageNotes notes = new ImageNotes();
        ImageDataset found = ImageData.open(data, csvEncoding.charset(), preprocessing.eval())
                .withNotes(notes);
        LeftOut.line(List.of(found)).ifPresent(out()::println);
        ImageData.contradictions(found).ifPresent(out()::println);
        Relabelled images = new Relabelled(found, card.classes());
        DataLoader loader = DataLoader.of(images, batch).on(place);
        try (Backbone network = ImageModels.load(card, model);
                DataLoader sized = workers.isPresent() ? loader.workers(workers.getAsInt()) : loader) {
            network.to(place);
            long begin = System.nanoTime();
            Evaluation evaluation = Evaluator.evaluate(network, sized, new CrossEntropyLoss(), BarProgress.automatic());
            double seconds = (System.nanoTime() - begin) / 1e9;
            Map<String, Object> report = new LinkedHashMap<>(Metrics.of(evaluation, card.classes()));
            report.put("images_per_second", images.size() / seconds);
            report.put("seconds", seconds);
            notes.takeLines().forEach(out()::println);
            csv.ifPresent(file -> write(file, EvaluationCsv.of(evaluation, images)));
            print(out(), evaluation, card.classes(), report);
            return report;
        }
    }

    private void write(Path file, String text) {
        if (Output.isStandardOutput(file)) {
            spec.commandLine().getOut().print(text);
        } else {
            AtomicText.write(file, text);
        }
    }

    @Override
    boolean writesStandardOutput() {
        return csv.filter(Output::isStandardOutput).isPresent();
    }

    private static void print(
            PrintWriter out, Evaluation evaluation, List<String> classes, Map<String, Object> report) {
        out.printf(
                Locale.ROOT,
                "%,d images: accuracy %s, balanced accuracy %s, AUROC %s, loss %s (%.1f images/s)%n%n",
                evaluation.labels().length,
                ScoreText.of(evaluation.accuracy()),
                ScoreText.of(evaluation.confusion().balancedAccuracy()),
                ScoreText.of(evaluation.auroc()),
                ScoreText.of(evaluation.loss()),
                (Double) report.get("images_per_second"));
        int width = Math.min(
                NAME_WIDTH, classes.stream().mapToInt(String::length).max().orElse(0));
        String name = "%-" + Math.max(5, width) + "s";
        out.printf(
                Locale.ROOT,
                name + " %8s %12s %12s %10s%n",
                "class",
                "images",
                "sensitivity",
                "specificity",
                "precision");
        for (int c = 0; c < classes.size(); c++) {
            out.printf(
                    Locale.ROOT,
                    name + " %8d %12s %12s %10s%n",
                    shortened(classes.get(c), width),
                    evaluation.confusion().support(c),
                    ScoreText.of(evaluation.confusion().sensitivity(c)),
                    ScoreText.of(evaluation.confusion().specificity(c)),
                    ScoreText.of(evaluation.confusion().precision(c)));
        }
        out.printf(
                Locale.ROOT,
                "%nconfusion matrix: a row for each true class, a column for each predicted one, in the order above%n%s",
                evaluation.confusion());
        out.flush();
    }

    private static String shortened(String name, int width) {
        return name.length() <= width ? name : name.substring(0, width - 1) + "~";
    }
}
