package dev.graft.examples.cli;

import dev.graft.nn.data.Folds;
import dev.graft.nn.data.table.RowCondition;
import dev.graft.nn.data.table.SubsetOrders;
import dev.graft.nn.data.table.TableCases;
import dev.graft.nn.table.TableComparison;
import dev.graft.nn.table.TableComparison.Arm;
import dev.graft.nn.table.TableComparison.Size;
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

/** Shows what pretraining on a population is worth to a cohort. */
@Command(
        name = "compare",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "What is pretraining on a population worth to a cohort? Networks are trained on patients outside the cohort, adapted to few of its stays, "
                    + "and judged on others beside a network from scratch, the network as it is, logistic regression, and no information.",
            "The cohort's stays in the first two of five folds judge; intervals are by patient, and all is a mean over seeds."
        },
        footer = {
            "",
            "Example: graft readmission compare --data dataset_diabetes.zip --cohort \"medical_specialty = Cardiology\" --sizes 100,300"
        })
final class ReadmissionCompare extends ReportingCommand {
    private static final int SEEDS = 5;
    private static final String SYNTHETIC_COHORT = "ward = cardiology";

    @Spec
    private CommandSpec spec;

    @Mixin
    private ReadmissionOptions options;

    @Option(
            names = "--cohort",
            paramLabel = "CONDITION",
            description = {
                "Whose stays: \"COLUMN = VALUE\", \"COLUMN in A, B\", or with !=, <, <=, >, >= and a number.",
                "Default without --data: \"" + SYNTHETIC_COHORT + "\"."
            })
    private Optional<String> cohort;

    @Option(
            names = "--folds",
            paramLabel = "FILE",
            description = "Table of patients and their folds, from 0. Default: five are drawn.")
    private Optional<Path> folds;

    @Option(
            names = "--subsets",
            paramLabel = "FILE",
            description =
                    "Table of seeds and the ids of the cohort's stays in the order in which they are taken. Default: drawn.")
    private Optional<Path> subsets;

    @Option(
            names = "--sizes",
            paramLabel = "N",
            split = ",",
            defaultValue = "100,300,1000,3000,all",
            description = "How many stays of the cohort to learn from. Default: 100,300,1000,3000,all.")
    private List<String> sizes;

    @Option(
            names = "--seeds",
            paramLabel = "N",
            description = "How many seeds to average over. Default: 5, or all of --subsets.")
    private Optional<Integer> seeds;

    @Option(names = "--report", paramLabel = "FILE", description = "Also write a report for people: one HTML file.")
    private Optional<Path> html;

    @Mixin
    private ThreadOption threads;

    @Override
    Object report() {
        threads.apply();
        if (cohort.isEmpty() && options.data().isPresent()) {
            throw new ParameterException(
                    spec.commandLine(), "--cohort is missing. Hint: --cohort \"medical_specialty = Cardiology\"");
        }
        if (seeds.orElse(1) < 1) {
            throw new ParameterException(spec.commandLine(), "--seeds must be at least 1, was " + seeds.orElse(0));
        }
        html.ifPresent(file -> {
            Output.checkIsItsOwn(spec, "--report", file);
            Output.checkFile("--report", file);
        });
        sizes.forEach(this::size); // refuses words before data is read
        String condition = cohort.orElse(SYNTHETIC_COHORT);
        RowCondition rule = RowCondition.parse(condition);
        Optional<List<List<String>>> given = subsets.map(SubsetOrders::read);
        int count = seeds.orElse(given.map(List::size).orElse(SEEDS));
        given.ifPresent(all -> {
            if (count > all.size()) {
                throw new ParameterException(
                        spec.commandLine(), "--seeds " + count + " is more than the " + all.size() + " of --subsets");
            }
        });
        TableCases cases = options.cases(this::say);
        ReadmissionOptions.audit(cases, this::say);
        Folds parts = options.folds(folds, cases);
        TableComparison comparison = TableComparison.of(cases, parts, rule.on(cases.table()), count, this::say);
        List<int[]> orders =
                given.map(all -> comparison.orders(all.subList(0, count))).orElseGet(comparison::drawnOrders);
        List<Integer> asked = sizes.stream()
                .map(word -> Math.min(size(word), comparison.poolSize()))
                .distinct()
                .toList();
        List<Size> results = comparison.run(orders, asked);
        print(results);
        Map<String, Object> report = new LinkedHashMap<>();
        report.put("cohort", condition);
        report.put("synthetic", options.data().isEmpty());
        report.put("seeds", count);
        report.put("sizes", results.stream().map(Size::toMap).toList());
        report.put("words", results.stream().map(Size::words).toList());
        html.ifPresent(file -> deliver(
                report,
                file,
                () -> options.report(cases)
                        .comparison(
                                condition,
                                results,
                                List.of(
                                        List.of("Cohort", condition),
                                        List.of("Seeds", Integer.toString(count)),
                                        List.of(
                                                "Folds",
                                                folds.map(Path::toString).orElse("drawn")),
                                        List.of(
                                                "Subsets",
                                                subsets.map(Path::toString).orElse("drawn"))))));
        return report;
    }

    private int size(String word) {
        if (word.strip().equals("all")) {
            return Integer.MAX_VALUE;
        }
        if (!word.strip().matches("[1-9]\\d{0,8}")) {
            throw new ParameterException(spec.commandLine(), "--sizes " + word + " is neither a number nor all");
        }
        return Integer.parseInt(word.strip());
    }

    private void print(List<Size> results) {
        List<String> arms = new ArrayList<>(results.get(0).arms().keySet());
        out().printf(
                        Locale.ROOT,
                        "%nAUROC on the cohort's test stays, mean of the seeds [95 %% interval by patient]%n");
        out().printf(Locale.ROOT, "%-7s", "stays");
        arms.forEach(arm -> out().printf(Locale.ROOT, " %-22s", arm.replace('_', ' ')));
        out().printf(Locale.ROOT, "%-22s%n", " gain over scratch");
        for (Size size : results) {
            out().printf(Locale.ROOT, "%-7d", size.size());
            size.arms().values().forEach(arm -> out().printf(Locale.ROOT, " %-22s", text("%.3f [%.3f, %.3f]", arm)));
            out().printf(Locale.ROOT, " %s%n", text("%+.3f [%+.3f, %+.3f]", size.gain()));
        }
        out().println();
        results.forEach(size -> out().println(size.words() + "."));
        out().flush();
    }

    private static String text(String format, Arm arm) {
        return String.format(Locale.ROOT, format, arm.auroc(), arm.lower(), arm.upper());
    }
}
