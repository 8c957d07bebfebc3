package dev.graft.examples.cli;

import dev.graft.nn.data.DataException;
import dev.graft.nn.data.table.RowCondition;
import dev.graft.nn.data.table.TableCases;
import dev.graft.nn.table.TableRun;
import dev.graft.nn.table.TableSettings;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntPredicate;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** Adapts a model to a cohort. */
@Command(
        name = "adapt",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Adapts a trained network to a cohort, or to another hospital's table: embeddings frozen first, then all of it at a lower rate.",
            "Inputs and levels are matched by name; new levels begin as the level \"other\"."
        })
final class ReadmissionAdapt extends ReportingCommand {
    @ParentCommand
    private ReadmissionCommand parent;

    @Option(names = "--model", paramLabel = "DIR", required = true, description = "Folder of readmission train.")
    private Path model;

    @Mixin
    private ReadmissionOptions options;

    @Option(
            names = "--cohort",
            paramLabel = "CONDITION",
            description = "Only these stays, such as \"medical_specialty = Cardiology\". Default: all.")
    private Optional<String> cohort;

    @Mixin
    private ReadmissionRunOptions run;

    @Mixin
    private ThreadOption threads;

    private int exitCode;

    @Override
    Object report() {
        threads.apply();
        Optional<RowCondition> rule = cohort.map(RowCondition::parse);
        TableCases all = options.cases(this::say);
        TableCases cases = rule.map(condition -> members(all, condition)).orElse(all);
        TableRun.Outcome outcome = run.run()
                .settings(TableSettings.defaults().seed(options.seed()))
                .say(this::say)
                .stop(parent.program().stopOnShutdown())
                .adapt(model, cases);
        run.print(out(), outcome);
        exitCode = outcome.ending() == TableRun.Ending.STOPPED ? STOPPED : 0;
        return exitCode == STOPPED ? Map.of("stopped", true) : outcome.metrics();
    }

    private TableCases members(TableCases all, RowCondition condition) {
        IntPredicate holds = condition.on(all.table());
        TableCases cases = all.where(i -> holds.test(all.row(i)));
        if (cases.size() == 0) {
            throw new DataException(
                    "cohort: no stay with an answer has " + condition + ". Hint: choose another cohort.");
        }
        say(cases.size() + " stays have " + condition);
        return cases;
    }

    @Override
    int exitCode() {
        return exitCode;
    }
}
