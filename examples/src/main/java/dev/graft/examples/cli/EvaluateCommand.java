package dev.graft.examples.cli;

import dev.graft.examples.cli.text.BarProgress;
import dev.graft.examples.cli.text.ComparisonText;
import dev.graft.examples.cli.text.DecisionText;
import dev.graft.examples.cli.text.RobustnessText;
import dev.graft.examples.cli.text.ScoreText;
import dev.graft.examples.cli.text.SubgroupText;
import dev.graft.io.file.AtomicText;
import dev.graft.message.Explained;
import dev.graft.message.Message;
import dev.graft.message.SettingException;
import dev.graft.nn.metric.MultiLabelScores;
import dev.graft.nn.metric.interval.Comparison;
import dev.graft.nn.metric.interval.Robustness;
import dev.graft.nn.metric.interval.Subgroups;
import dev.graft.nn.model.ModelException;
import dev.graft.nn.report.checklist.Study;
import dev.graft.nn.run.RunException;
import dev.graft.nn.train.Evaluation;
import dev.graft.vision.EvaluationReport;
import dev.graft.vision.ImageClassifier;
import dev.graft.vision.ImageClassifierOptions;
import dev.graft.vision.ImageEvaluation;
import dev.graft.vision.image.transform.Perturbation;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.function.Supplier;
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
            "Judges a fine-tuned model on labelled images: accuracy, AUROC, sensitivity and specificity of each class, confusion matrix,",
            "and these and more metrics with 95 %% confidence intervals, by patient if the images' list names patients.",
            "With two classes, AUROC is that of the second; with more, the mean of each class against the rest.",
            "Of a model for any number of labels: accuracy, AUROC and average precision of each label, and their means."
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
            names = "--skip-bad",
            description = "Look at every image first, and leave out those that cannot be read, instead of stopping.")
    private boolean skipBad;

    @Option(
            names = "--keep-duplicates",
            description = "Also judge images that the model was fitted on, and further copies of an image.")
    private boolean keepDuplicates;

    @Option(
            names = "--group",
            paramLabel = "COLUMN|REGEX",
            description =
                    "Which images belong to one patient: a column of the CSV file, or a regular expression with one capturing group that is looked for in each file's path"
                            + " within --data. Patients that the model was fitted on are refused. Default: the column 'patient' of a CSV file.")
    private Optional<String> group;

    @Option(
            names = "--allow-shared-patients",
            description = "Judge images of patients whose other images the model was fitted on.")
    private boolean sharedPatients;

    @Option(
            names = "--csv",
            paramLabel = "FILE",
            description = "Also write a CSV file with a line for each image: file, label, predicted class, the"
                    + " probability of each class, and in which ways the image is unlike the training images; - is"
                    + " standard output.")
    private Optional<Path> csv;

    @Option(
            names = "--robustness",
            description =
                    "Also judge the images with mild noise, blur, brightness, contrast, rotation and JPEG compression; takes twelve times as long.")
    private boolean robustness;

    @Mixin
    private SubgroupOption subgroups;

    @Option(
            names = "--compare",
            paramLabel = "DIR",
            description =
                    "Also judge another model, and say how they differ on the images that neither was fitted on: each metric's difference with an interval,"
                            + " DeLong's test of AUROC, McNemar's of accuracy. It may prepare images in another way; its classes must have the same names.")
    private Optional<Path> compare;

    @Option(
            names = "--report",
            paramLabel = "FILE",
            description =
                    "Also write a report for people: one HTML file with curves, the images that matter and checklists.")
    private Optional<Path> html;

    @Mixin
    private StudyOption study;

    @Mixin
    private CsvEncodingOption csvEncoding;

    @Mixin
    private AveragingOptions averaging;

    @Mixin
    private WindowOption window;

    @Mixin
    private ThreadOption threads;

    @Override
    Object report() {
        csv.filter(file -> !Output.isStandardOutput(file)).ifPresent(file -> {
            Output.checkIsItsOwn(spec, "--csv", file);
            Output.checkFile("--csv", file);
        });
        if (writesStandardOutput() && json().filter(Output::isStandardOutput).isPresent()) {
            throw new ParameterException(spec.commandLine(), "--csv and --json cannot both be standard output");
        }
        html.ifPresent(file -> {
            Output.checkIsItsOwn(spec, "--report", file);
            Output.checkFile("--report", file);
        });
        OptionalInt workers = threads.apply();
        ImageClassifierOptions options =
                averaging.in(ImageClassifierOptions.defaults().device(device));
        ImageEvaluation.Options how = ImageEvaluation.Options.defaults()
                .batch(batch)
                .csvEncoding(csvEncoding.charset())
                .skipBad(skipBad)
                .keepDuplicates(keepDuplicates)
                .allowSharedPatients(sharedPatients)
                .progress(BarProgress.automatic())
                .log(line -> out().println(OptionWords.render(line)));
        how = group.isPresent() ? how.group(group.get()) : how;
        how = workers.isPresent() ? how.threads(workers.getAsInt()) : how;
        try (ImageClassifier classifier = ImageClassifier.load(model, window.applyTo(options));
                OtherModel other = new OtherModel(compare, options)) {
            Study said = study.study(); // all that can be wrong is said before images are judged for an hour
            classifier.check(data, how, subgroups.file());
            other.check(classifier, data, how);
            classifier.notes().forEach(line -> out().println(OptionWords.render(line)));
            other.notes(line -> out().println(line));
            ImageEvaluation evaluation = classifier.evaluate(data, how);
            Map<String, Object> report = evaluation.toMap();
            csv.ifPresent(file -> write(file, EvaluationCsv.of(evaluation)));
            print(out(), evaluation.scores(), classifier.classes(), report);
            int width = nameWidth(classifier.classes());
            SummaryText.print(out(), evaluation.summary(), evaluation.scores().isMultiLabel(), width);
            DecisionText.print(out(), evaluation);
            EvaluationReport page = EvaluationReport.of(model, data, evaluation).study(said);
            Optional<RuntimeException> failure = Optional.empty();
            try {
                page = subgroups(page, report);
                page = compared(page, other, how, report);
                if (robustness) {
                    Robustness tried = classifier.robustness(data, how.log(line -> {}), Perturbation.standard(0));
                    report.put("robustness", tried.toMap());
                    RobustnessText.print(out(), tried);
                    page = page.robustness(tried);
                }
            } catch (RuntimeException e) { // what is known until then is written all the same
                failure = Optional.of(e);
            }
            out().flush();
            deliver(report);
            write(page, classifier, failure);
            if (failure.isPresent()) {
                throw failure.get();
            }
            return report;
        } catch (SettingException e) {
            throw new ParameterException(spec.commandLine(), OptionWords.render(e.explanation()));
        }
    }

    private EvaluationReport subgroups(EvaluationReport page, Map<String, Object> report) {
        if (subgroups.file().isEmpty()) {
            return page;
        }
        var parts = page.evaluation().subgroups(subgroups.file().get(), csvEncoding.charset());
        SubgroupText.print(out(), parts);
        report.put("subgroups", parts.stream().map(Subgroups::toMap).toList());
        return page.subgroups(parts);
    }

    private EvaluationReport compared(
            EvaluationReport page, OtherModel other, ImageEvaluation.Options how, Map<String, Object> report) {
        if (compare.isEmpty()) {
            return page;
        }
        EvaluationReport.Other second = other.compare(page.evaluation(), data, how);
        Comparison comparison = second.comparison();
        ComparisonText.print(
                out(), second.folder(), comparison, page.evaluation().images().size());
        Map<String, Object> differences = new LinkedHashMap<>();
        differences.put("first", model.toString());
        differences.put("second", second.folder().toString());
        Map<String, Object> seen = new LinkedHashMap<>(second.evaluation().duplicates());
        seen.remove("list");
        differences.put("second_duplicates", seen);
        differences.putAll(comparison.toMap());
        report.put("comparison", differences);
        return page.comparison(second.folder(), second.evaluation(), comparison);
    }

    /** Writes the page, if it is asked for; a failure before it is not hidden by one of its own. */
    private void write(EvaluationReport page, ImageClassifier classifier, Optional<RuntimeException> before) {
        if (html.isEmpty()) {
            return;
        }
        try {
            AtomicText.write(html.get(), html(page, classifier));
        } catch (RuntimeException e) {
            before.ifPresent(first -> {
                first.addSuppressed(e);
                throw first;
            });
            throw e;
        }
        out().println();
        out().println("report written to " + html.get());
        out().flush();
    }

    /** The results are written before: an hour's work must not be lost because its report cannot be made. */
    private static String html(EvaluationReport page, ImageClassifier classifier) {
        try {
            return page.toHtml(classifier);
        } catch (RuntimeException | StackOverflowError | OutOfMemoryError | LinkageError e) {
            throw new RunException(
                    "the images are judged and the results written, but --report could not be made ("
                            + (e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage()) + ")",
                    "use the results of --json and --csv",
                    e);
        }
    }

    /** The model of {@code --compare}; without it, none. */
    private static final class OtherModel implements AutoCloseable {
        private final Optional<Path> folder;
        private final Optional<ImageClassifier> classifier;

        OtherModel(Optional<Path> folder, ImageClassifierOptions options) {
            this.folder = folder;
            this.classifier = folder.map(path -> named(path, () -> ImageClassifier.load(path, options)));
        }

        void check(ImageClassifier first, Path data, ImageEvaluation.Options how) {
            classifier.ifPresent(own -> {
                first.checkComparable(own);
                named(folder.orElseThrow(), () -> {
                    own.check(data, how, Optional.empty());
                    return own;
                });
            });
        }

        void notes(Consumer<String> say) {
            classifier.ifPresent(own -> own.notes()
                    .forEach(
                            line -> say.accept("--compare " + folder.orElseThrow() + ": " + OptionWords.render(line))));
        }

        EvaluationReport.Other compare(ImageEvaluation first, Path data, ImageEvaluation.Options how) {
            Path path = folder.orElseThrow();
            return named(path, () -> {
                ImageEvaluation own = classifier
                        .orElseThrow()
                        .evaluate(
                                data,
                                how.log(line ->
                                        how.log().accept(Message.of("--compare " + path + ": " + line.marked()))));
                return new EvaluationReport.Other(path, own, first.compare(own));
            });
        }

        /** What is wrong with this model is said to be. */
        private static <T> T named(Path path, Supplier<T> action) {
            try {
                return action.get();
            } catch (RunException | ModelException e) {
                String[] parts = Explained.of(e).marked().split("\\.? Hint: ", 2);
                throw new RunException(
                        "--compare " + path + ": " + parts[0],
                        parts.length == 2 ? parts[1].replaceAll("\\.$", "") : "name another model",
                        e);
            }
        }

        @Override
        public void close() {
            classifier.ifPresent(ImageClassifier::close);
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
        if (evaluation.isMultiLabel()) {
            printLabels(out, evaluation, classes, report);
            return;
        }
        out.printf(
                Locale.ROOT,
                "%,d images: accuracy %s, balanced accuracy %s, AUROC %s, loss %s (%.1f images/s)%n%n",
                evaluation.labels().length,
                ScoreText.of(evaluation.accuracy()),
                ScoreText.of(evaluation.confusion().balancedAccuracy()),
                ScoreText.of(evaluation.auroc()),
                ScoreText.of(evaluation.loss()),
                (Double) report.get("images_per_second"));
        int width = nameWidth(classes);
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

    private static void printLabels(
            PrintWriter out, Evaluation evaluation, List<String> classes, Map<String, Object> report) {
        MultiLabelScores scores = evaluation.multiLabel();
        out.printf(
                Locale.ROOT,
                "%,d images, %d labels: accuracy %s, AUROC %s, average precision %s, loss %s (%.1f images/s)%n%n",
                evaluation.truths().length,
                classes.size(),
                ScoreText.of(scores.accuracy()),
                ScoreText.of(scores.auroc()),
                ScoreText.of(scores.averagePrecision()),
                ScoreText.of(evaluation.loss()),
                (Double) report.get("images_per_second"));
        int width = nameWidth(classes);
        String name = "%-" + Math.max(5, width) + "s";
        out.printf(
                Locale.ROOT,
                name + " %8s %10s %10s %18s%n",
                "label",
                "images",
                "accuracy",
                "AUROC",
                "average precision");
        for (int c = 0; c < classes.size(); c++) {
            MultiLabelScores.Label label = scores.labels().get(c);
            out.printf(
                    Locale.ROOT,
                    name + " %8d %10s %10s %18s%n",
                    shortened(classes.get(c), width),
                    label.positives(),
                    ScoreText.of(label.accuracy()),
                    ScoreText.of(label.auroc()),
                    ScoreText.of(label.averagePrecision()));
        }
        out.flush();
    }

    private static int nameWidth(List<String> classes) {
        return Math.min(
                NAME_WIDTH, classes.stream().mapToInt(String::length).max().orElse(0));
    }

    static String shortened(String name, int width) {
        return name.length() <= width ? name : name.substring(0, width - 1) + "~";
    }
}
