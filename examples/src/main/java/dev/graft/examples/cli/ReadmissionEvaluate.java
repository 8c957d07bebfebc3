package dev.graft.examples.cli;

import de.siegmar.fastcsv.writer.CsvWriter;
import de.siegmar.fastcsv.writer.LineDelimiter;
import dev.graft.examples.cli.text.ScoreText;
import dev.graft.io.file.AtomicText;
import dev.graft.nn.data.DataException;
import dev.graft.nn.data.Folds;
import dev.graft.nn.data.table.Table;
import dev.graft.nn.data.table.TableCases;
import dev.graft.nn.metric.BinaryCases;
import dev.graft.nn.metric.BinaryMetrics;
import dev.graft.nn.metric.interval.Difference;
import dev.graft.nn.metric.interval.Estimate;
import dev.graft.nn.metric.interval.Intervals;
import dev.graft.nn.report.checklist.Study;
import dev.graft.nn.table.TableClassifier;
import dev.graft.nn.table.TableCrossValidation;
import dev.graft.nn.table.TableModel;
import dev.graft.nn.table.TableRun;
import dev.graft.nn.table.TableScores;
import dev.graft.nn.table.TableSettings;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
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

/** Judges a kind of model by cross-validation. */
@Command(
        name = "evaluate",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Cross-validates a kind of model: each stay is held back once, and judged by a model that has seen neither it nor its patient.",
            "Intervals resample patients."
        })
final class ReadmissionEvaluate extends ReportingCommand {
    private static final double C = 0.1;

    @Spec
    private CommandSpec spec;

    @Mixin
    private ReadmissionOptions options;

    @Option(
            names = "--kind",
            paramLabel = "KIND",
            description = "logistic (regression) or mlp (embeddings and layers). Default: mlp.")
    private Optional<TableModel.Kind> askedKind;

    @Option(
            names = "--folds",
            paramLabel = "FILE",
            description = "Table of patients and their folds, from 0. Default: five are drawn.")
    private Optional<Path> folds;

    @Option(
            names = "--model",
            paramLabel = "DIR",
            description =
                    "Instead of cross-validation, judge this model folder, on patients whom it was not fitted on.")
    private Optional<Path> model;

    @Option(names = "--first", description = "Only each patient's first stay.")
    private boolean first;

    @Option(
            names = "--predictions",
            paramLabel = "FILE",
            description = "Write id, fold and probability of each stay as CSV.")
    private Optional<Path> predictions;

    @Option(
            names = "--against",
            paramLabel = "FILE",
            description = "Such a file of another model: also the difference of both, paired by patient.")
    private Optional<Path> against;

    @Option(
            names = "--seeds",
            paramLabel = "N",
            description = "Of networks: the mean of this many, from --seed on. Default: 1.")
    private Optional<Integer> askedSeeds;

    @Option(
            names = "--report",
            paramLabel = "FILE",
            description = "Also write a report for people: one HTML file with curves, subgroups and checklists.")
    private Optional<Path> html;

    @Mixin
    private StudyOption study;

    @Mixin
    private ThreadOption threads;

    private TableModel.Kind kind = TableModel.Kind.MLP;
    private int seeds = 1;

    /** Refuses options that would do nothing. */
    private void checkOptions() {
        kind = askedKind.orElse(kind);
        seeds = askedSeeds.orElse(seeds);
        if (seeds < 1) {
            throw wrong("--seeds must be at least 1, was " + seeds);
        }
        if (seeds > 1 && kind == TableModel.Kind.LOGISTIC) {
            throw wrong("--seeds is for --kind mlp; a logistic regression depends on no seed");
        }
        if (model.isPresent()
                && (folds.isPresent() || against.isPresent() || askedKind.isPresent() || askedSeeds.isPresent())) {
            throw wrong("--model judges a model folder, and excludes --folds, --against, --kind and --seeds");
        }
        if (study.isGiven() && html.isEmpty()) {
            throw wrong("--study is for the checklists of --report. Hint: give --report FILE too");
        }
    }

    private ParameterException wrong(String what) {
        return new ParameterException(spec.commandLine(), what);
    }

    @Override
    Object report() {
        threads.apply();
        checkOptions();
        predictions.ifPresent(file -> {
            Output.checkIsItsOwn(spec, "--predictions", file);
            Output.checkFile("--predictions", file);
        });
        html.ifPresent(file -> {
            Output.checkIsItsOwn(spec, "--report", file);
            Output.checkFile("--report", file);
        });
        Study said = study.study(); // all that can be wrong is said before hours of training
        TableCases all = options.cases(this::say);
        TableCases cases = first ? all.first() : all;
        if (first) {
            say(cases.size() + " first stays");
        }
        if (model.isPresent()) {
            return judged(model.get(), cases, said);
        }
        if (cases.schema().patient().isEmpty()) {
            say(
                    "warning: the schema names no column of the patient, so a patient's stays may be on both sides; the scores"
                            + " may be too good");
        }
        ReadmissionOptions.audit(cases, this::say);
        Folds parts = options.folds(folds, cases);
        Optional<double[]> theirs = against.map(file -> read(file, cases));
        header(out());
        int[] fold = {0};
        TableSettings settings = TableSettings.defaults().seed(options.seed());
        TableCrossValidation result = TableCrossValidation.run(
                cases,
                parts,
                training -> kind == TableModel.Kind.LOGISTIC
                        ? TableModel.logistic(training, C)
                        : TableModel.networks(training, settings, seeds),
                scores -> line(out(), Integer.toString(fold[0]++), scores));
        line(out(), "all", result.pooled());
        Map<String, Object> report = report(cases, result);
        theirs.ifPresent(other -> report.put("against", difference(other, cases, result)));
        predictions.ifPresent(file -> AtomicText.write(file, csv(cases, Optional.of(parts), result.probabilities())));
        html.ifPresent(file ->
                deliver(report, file, () -> options.report(cases).study(said).crossValidation(kindInWords(), result)));
        return report;
    }

    private String kindInWords() {
        return kind == TableModel.Kind.LOGISTIC
                ? "logistic regression"
                : (seeds == 1 ? "network" : "mean of " + seeds + " networks") + " of embeddings and layers";
    }

    private Map<String, Object> judged(Path folder, TableCases cases, Study said) {
        try (TableClassifier classifier = TableClassifier.load(folder)) {
            TableCases unseen = TableRun.unseen(classifier, cases);
            if (!classifier.knowsItsPatients() || cases.schema().patient().isEmpty()) {
                say("warning: it is not known which of these patients the model was fitted on; the scores may be too"
                        + " good");
            }
            int deciders = TableRun.deciders(classifier, unseen).orElse(0);
            if (deciders > 0) {
                say("warning: " + deciders + " of these stays are of patients by whom the model's temperature and"
                        + " threshold were chosen; calibration and decisions look somewhat too good");
            }
            if (unseen.size() < cases.size()) {
                say((cases.size() - unseen.size()) + " stays left out: the model was fitted on their patients");
            }
            if (unseen.size() == 0) {
                throw new DataException("table: the model in " + folder + " was fitted on all patients of "
                        + cases.table().name() + ". Hint: judge it by other patients.");
            }
            double[] probabilities = classifier.predict(unseen.table(), unseen.rows());
            TableScores scores = TableScores.of(unseen, probabilities);
            header(out());
            line(out(), "all", scores);
            predictions.ifPresent(file -> AtomicText.write(file, csv(unseen, Optional.empty(), probabilities)));
            Map<String, Object> report = new LinkedHashMap<>();
            report.put("synthetic", options.data().isEmpty());
            report.putAll(scores.toMap());
            report.put("intervals", intervals(unseen, probabilities));
            report.put("predictions", unseen.size());
            report.put("decision", classifier.decision().toMap());
            classifier.threshold().ifPresent(threshold -> {
                Map<String, Object> at = TableScores.at(TableScores.cases(unseen, probabilities), threshold);
                report.put("at_threshold", at);
                out().println("from " + ScoreText.of(threshold) + " on the answer is yes: "
                        + ReadmissionRunOptions.decided(at));
                out().flush();
            });
            html.ifPresent(file -> deliver(
                    report,
                    file,
                    () -> options.report(cases)
                            .study(said)
                            .evaluation(classifier, folder.toString(), unseen, probabilities)));
            return report;
        }
    }

    private Map<String, List<Double>> intervals(TableCases cases, double[] probabilities) {
        BinaryCases judged = TableScores.cases(cases, probabilities);
        Map<String, List<Double>> intervals = new LinkedHashMap<>();
        Intervals how = Intervals.defaults();
        intervals.put("auroc", interval(how.of(BinaryMetrics.auroc(), judged)));
        intervals.put("auprc", interval(how.of(BinaryMetrics.averagePrecision(), judged)));
        intervals.put("brier", interval(how.of(BinaryMetrics.brier(), judged)));
        out().println();
        String unit = cases.schema().patient().isEmpty() ? "by stay" : "by patient";
        intervals.forEach((name, ends) -> out().println(shown(name, unit, ends)));
        out().flush();
        return intervals;
    }

    private Map<String, Object> report(TableCases cases, TableCrossValidation result) {
        Map<String, Object> report = new LinkedHashMap<>();
        report.put("kind", kind.name().toLowerCase(Locale.ROOT));
        report.put("synthetic", options.data().isEmpty());
        report.put("seed", options.seed());
        report.put("seeds", kind == TableModel.Kind.LOGISTIC ? 1 : seeds);
        report.putAll(result.pooled().toMap());
        report.put("intervals", intervals(cases, result.probabilities()));
        out().printf(Locale.ROOT, "%.0f rows/s in training%n", result.rowsPerSecond());
        out().flush();
        List<Object> each = new ArrayList<>();
        for (int f = 0; f < result.folds().size(); f++) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("fold", f);
            entry.putAll(result.folds().get(f).toMap());
            each.add(entry);
        }
        report.put("folds", each);
        report.put("predictions", cases.size());
        report.put("rows_per_second", result.rowsPerSecond());
        return report;
    }

    /** The ends; none where there is no interval. */
    static List<Double> interval(Estimate estimate) {
        return estimate.interval().map(i -> List.of(i.low(), i.high())).orElse(List.of());
    }

    private static String shown(String name, String unit, List<Double> ends) {
        return ends.isEmpty()
                ? "no interval of " + name
                : String.format(
                        Locale.ROOT, "95 %% interval of %s, %s: %.4f to %.4f", name, unit, ends.get(0), ends.get(1));
    }

    private static void header(PrintWriter out) {
        out.printf(
                Locale.ROOT,
                "%n%-5s %8s %8s %8s %8s %7s %10s %10s%n",
                "fold",
                "stays",
                "AUROC",
                "AUPRC",
                "Brier",
                "slope",
                "predicted",
                "readmitted");
    }

    private static void line(PrintWriter out, String name, TableScores scores) {
        out.printf(
                Locale.ROOT,
                "%-5s %8d %8.4f %8.4f %8.5f %7.3f %9.3f%% %9.3f%%%n",
                name,
                scores.rows(),
                scores.auroc().orNaN(),
                scores.auprc().orNaN(),
                scores.brier().orNaN(),
                scores.slope().orNaN(),
                100 * scores.meanPrediction(),
                100 * scores.prevalence());
        out.flush();
    }

    private static String idColumn(TableCases cases) {
        return cases.schema().id().isEmpty() ? "line" : cases.schema().id();
    }

    private static String csv(TableCases cases, Optional<Folds> folds, double[] probabilities) {
        StringWriter text = new StringWriter();
        Optional<int[]> fold = folds.map(Folds::foldOf);
        List<String> ids = cases.ids();
        try (CsvWriter csv = CsvWriter.builder().lineDelimiter(LineDelimiter.LF).build(text)) {
            csv.writeRecord(
                    fold.isPresent()
                            ? List.of(idColumn(cases), "fold", "probability")
                            : List.of(idColumn(cases), "probability"));
            for (int i = 0; i < probabilities.length; i++) {
                String probability = Double.toString(probabilities[i]);
                csv.writeRecord(
                        fold.isPresent()
                                ? List.of(ids.get(i), Integer.toString(fold.get()[i]), probability)
                                : List.of(ids.get(i), probability));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text.toString();
    }

    /** What another model's file says of the cases. */
    private static double[] read(Path file, TableCases cases) {
        Table other = Table.read(file, StandardCharsets.UTF_8, List.of(idColumn(cases), "probability"));
        Map<String, Double> byId = new HashMap<>();
        for (int row = 0; row < other.size(); row++) {
            String text = other.value(row, "probability");
            try {
                byId.put(other.value(row, idColumn(cases)), Double.parseDouble(text));
            } catch (NumberFormatException e) {
                throw new DataException(
                        "table: " + file + " line " + other.line(row) + " column 'probability' holds '" + text
                                + "', which is not a number. Hint: give a file that --predictions has written.",
                        e);
            }
        }
        double[] theirs = new double[cases.size()];
        List<String> ids = cases.ids();
        for (int i = 0; i < theirs.length; i++) {
            Double probability = byId.get(ids.get(i));
            if (probability == null) {
                throw new DataException("table: " + file + " has no probability for " + idColumn(cases) + " "
                        + ids.get(i) + ". Hint: give predictions for the same stays.");
            }
            theirs[i] = probability;
        }
        return theirs;
    }

    private Map<String, Object> difference(double[] theirs, TableCases cases, TableCrossValidation result) {
        Difference difference = Difference.of(
                BinaryMetrics.auroc(),
                TableScores.cases(cases, result.probabilities()),
                TableScores.cases(cases, theirs),
                Intervals.defaults());
        say("this model minus that of " + against.orElseThrow() + ": " + difference.difference());
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("auroc", difference.second().orNaN());
        map.put("difference", difference.difference().score().orNaN());
        map.put("interval", interval(difference.difference()));
        return map;
    }
}
