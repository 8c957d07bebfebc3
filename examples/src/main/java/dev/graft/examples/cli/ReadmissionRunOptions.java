package dev.graft.examples.cli;

import dev.graft.examples.cli.text.BarProgress;
import dev.graft.examples.cli.text.ScoreText;
import dev.graft.nn.model.DecisionRule;
import dev.graft.nn.run.ResultFiles;
import dev.graft.nn.run.RunFolder;
import dev.graft.nn.table.TableRun;
import dev.graft.nn.table.TableScores;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Where a run writes, and what it does with one that is there. */
final class ReadmissionRunOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(names = "--out", paramLabel = "DIR", required = true, description = "Folder for the model; it is made.")
    private Path out;

    @Option(
            names = "--held",
            paramLabel = "SHARE",
            defaultValue = "0.2",
            description = "Share of patients held back to judge the result. Default: 0.2.")
    private double held;

    @Option(names = "--resume", description = "Go on after Ctrl-C or a crash.")
    private boolean resume;

    @Option(names = "--overwrite", description = "Replace the run in --out.")
    private boolean overwrite;

    @Option(
            names = "--threshold",
            paramLabel = "RULE",
            description =
                    "From which calibrated probability on the answer is yes, chosen on the patients held back and stored in the model:"
                            + " youden, sensitivity=0.8, specificity=0.9, or a number. Default: none, and predictions are probabilities.")
    private Optional<String> threshold;

    @Mixin
    private StudyOption study;

    Path out() {
        return out;
    }

    /** A run into the folder. */
    TableRun run() {
        if (resume && overwrite) {
            throw new ParameterException(spec.commandLine(), "--resume and --overwrite exclude each other");
        }
        return new TableRun(out)
                .held(held)
                .decision(new DecisionRule(
                        threshold.map(DecisionRule.Threshold::parse), OptionalDouble.empty(), OptionalDouble.empty()))
                .study(study.study())
                .existing(
                        resume
                                ? RunFolder.Existing.RESUME
                                : overwrite ? RunFolder.Existing.OVERWRITE : RunFolder.Existing.REFUSE)
                .progress(BarProgress.automatic());
    }

    /** Prints what a run has come to. */
    void print(PrintWriter out, TableRun.Outcome outcome) {
        if (outcome.ending() == TableRun.Ending.STOPPED) {
            out.println("stopped; to continue: "
                    + Shell.resumption(
                            spec.root().commandLine().getParseResult().originalArgs()));
        } else {
            if (outcome.metrics().get("before_adapting") instanceof Map<?, ?> before) {
                out.println("before adapting: " + line(before));
            }
            if (outcome.metrics().get("best") instanceof Map<?, ?> best) {
                out.println("held back to judge: " + line(best));
            }
            if (outcome.metrics().get("at_threshold") instanceof Map<?, ?> at) {
                out.println("from " + ScoreText.of(at.get("threshold")) + " on the answer is yes: " + decided(at));
            }
            out.println("report: " + this.out.resolve(ResultFiles.REPORT));
            out.println("written to " + this.out + "; next: "
                    + Shell.command(List.of("readmission", "predict", "--model", this.out.toString()))
                    + " --data STAYS.csv");
        }
        out.flush();
    }

    /** What a threshold decides. */
    static String decided(Map<?, ?> at) {
        return "sensitivity " + ScoreText.of(at.get("sensitivity")) + ", specificity "
                + ScoreText.of(at.get("specificity")) + ", positive predictive value " + ScoreText.of(at.get("ppv"))
                + ", negative " + ScoreText.of(at.get("npv"));
    }

    private static String line(Map<?, ?> scores) {
        return "AUROC " + ScoreText.of(scores.get("auroc")) + ", AUPRC " + ScoreText.of(scores.get("auprc"))
                + ", Brier " + ScoreText.of(scores.get("brier")) + ", calibration slope "
                + ScoreText.of(scores.get("slope"));
    }

    /** The scores of a model, for people. */
    static String line(TableScores scores) {
        return String.format(Locale.ROOT, "%d rows: ", scores.rows()) + line(scores.toMap());
    }
}
