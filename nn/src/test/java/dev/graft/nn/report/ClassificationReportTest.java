package dev.graft.nn.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.nn.metric.Cases;
import dev.graft.nn.metric.Metrics;
import dev.graft.nn.metric.interval.Condition;
import dev.graft.nn.metric.interval.Intervals;
import dev.graft.nn.metric.interval.Robustness;
import dev.graft.nn.metric.interval.Subgroups;
import dev.graft.nn.report.chart.FlowChart;
import dev.graft.nn.report.checklist.Fact;
import dev.graft.nn.report.checklist.Facts;
import dev.graft.nn.report.checklist.Study;
import dev.graft.nn.report.page.Bullets;
import dev.graft.nn.report.page.Note;
import dev.graft.nn.report.page.PageChecks;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.w3c.dom.Document;
import org.w3c.dom.Element;

class ClassificationReportTest {
    private static final Intervals HOW = Intervals.defaults().resamples(100);

    private static Cases cases(int count, int classes, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        float[][] probabilities = new float[count][classes];
        int[] labels = new int[count];
        for (int i = 0; i < count; i++) {
            labels[i] = random.nextInt(classes);
            float sum = 0;
            for (int c = 0; c < classes; c++) {
                probabilities[i][c] = random.nextFloat() + (c == labels[i] ? 0.8f : 0);
                sum += probabilities[i][c];
            }
            for (int c = 0; c < classes; c++) {
                probabilities[i][c] /= sum;
            }
        }
        return Cases.of(probabilities, labels);
    }

    private static List<String> names(int classes) {
        return IntStream.range(0, classes).mapToObj(c -> "class " + c).toList();
    }

    /** What intervals count is said by its name everywhere: in tables, notes, headline and checklists. */
    @ParameterizedTest
    @CsvSource({"2, 24", "3, 24", "2, 2"})
    void theUnitOfGroupsIsNamed(int classes, int count) {
        String[] names = IntStream.range(0, count).mapToObj(i -> "g" + i / 2).toArray(String[]::new);
        String html = ClassificationReport.of("Report", names(classes))
                .intervals(HOW)
                .cases(cases(count, classes, 5).groups(List.of(names)), true)
                .groupsAre("family", "families")
                .build()
                .toHtml();
        String results = html.substring(0, html.indexOf("What guidelines ask of a report"));
        assertThat(results).doesNotContain("by patient", "only one patient", " patients,", "of one patient");
        if (count > 2) {
            assertThat(results).contains("bootstrap by family", "only 12 families, so the interval");
            assertThat(html).contains("by family");
        }
    }

    private static ClassificationReport full(String text, Cases cases, int classes) {
        List<String> names = IntStream.range(0, classes).mapToObj(c -> text + c).toList();
        List<String> groups =
                IntStream.range(0, cases.size()).mapToObj(i -> text + i % 3).toList();
        Condition condition = Condition.of(text, text, cases, cases, HOW);
        return ClassificationReport.of("Report of " + text, names)
                .subtitle(text)
                .intervals(HOW)
                .cases(cases, true)
                .facts(Facts.none().with(Fact.ARCHITECTURE, text))
                .study(Study.of(Map.of("funding", text)))
                .notes(List.of(Note.warning(text)))
                .history(List.of(
                        new Epoch(1, 0.9, 0.5, 0.8, 0.6, Double.NaN),
                        new Epoch(2, Double.NaN, Double.POSITIVE_INFINITY, 0.7, 0.7, Double.NaN)))
                .threshold(0.37, text)
                .subgroups(List.of(Subgroups.of(text + "column", groups, Metrics.accuracy(), cases, HOW)))
                .robustness(Robustness.of(cases, true, List.of(condition, condition), HOW))
                .flow(List.of(
                        new FlowChart.Step(text, 9, List.of(text), List.of(new FlowChart.LeftOut(text, 2))),
                        new FlowChart.Step(text, 7, List.of(), List.of())))
                .findings(List.of(new Bullets(List.of(text))))
                .provenance(List.of(List.of(text, text)));
    }

    @ParameterizedTest
    @CsvSource({"2, 60", "4, 90", "11, 200", "60, 300", "2, 1", "3, 2"})
    void everySectionIsThereAndInOrder(int classes, int count) throws Exception {
        Document page = PageChecks.check(
                full("<b>&\"'", cases(count, classes, 1), classes).build().toHtml());
        assertThat(PageChecks.all(page, "h2").stream().map(Element::getTextContent))
                .containsExactly(
                        "Summary",
                        "Performance",
                        "Calibration",
                        "Thresholds and net benefit",
                        "Subgroups",
                        "Robustness",
                        "Training",
                        "Data",
                        "Provenance",
                        "Checklists");
        assertThat(PageChecks.all(page, "h3").stream().map(Element::getTextContent))
                .contains("TRIPOD+AI (2024)", "CLAIM (2024 update)");
    }

    /** A number of patients that nobody knows is not invented. */
    @Test
    void subgroupsCountPatientsOnlyWhereTheyAreKnown() {
        Cases cases = cases(40, 2, 3);
        List<String> pairs = IntStream.range(0, 40).mapToObj(i -> "p" + i / 2).toList();
        assertThat(full("x", cases, 2).build().toHtml()).doesNotContain(">Patients<");
        assertThat(full("x", cases.groups(pairs), 2).build().toHtml()).contains(">Patients<");
    }

    @Test
    void thresholdsDecideWhatTheTextsSay() throws Exception {
        Cases two = cases(40, 2, 3);
        assertThat(text(two, 2)).contains("the most probable class is the answer");
        assertThat(text(two.thresholds(0.12), 2))
                .contains("class 1 is the answer from a probability of 0.12")
                .doesNotContain("the most probable class is the answer");
        float[][] probabilities = {{0.2f, 0.6f}, {0.05f, 0.5f}};
        Cases labels = Cases.multiLabel(probabilities, new boolean[][] {{true, false}, {false, true}});
        assertThat(text(labels, 2)).contains("a label is given from a probability of 0.5 on");
        assertThat(text(labels.thresholds(0.1, 0.7), 2))
                .contains("a label is given from its own probability on: class 0 0.1")
                .doesNotContain("from a probability of 0.5 on");
    }

    private static String text(Cases cases, int classes) throws Exception {
        return PageChecks.check(ClassificationReport.of("a", names(classes))
                        .intervals(HOW)
                        .cases(cases, false)
                        .build()
                        .toHtml())
                .getDocumentElement()
                .getTextContent();
    }

    @Test
    void onlyOneClassIsSaidNotDrawn() throws Exception {
        float[][] probabilities = {{0.9f, 0.1f}, {0.4f, 0.6f}, {0.5f, 0.5f}};
        for (int label : new int[] {0, 1}) {
            Cases one = Cases.of(probabilities, new int[] {label, label, label});
            Document page = PageChecks.check(full("a", one, 2).build().toHtml());
            assertThat(page.getDocumentElement().getTextContent())
                    .contains("not defined: no " + (label == 0 ? "positive" : "negative") + " case")
                    .contains("n/a");
        }
    }

    @Test
    void labelsOfWhichACaseHasAnyNumber() throws Exception {
        SplittableRandom random = new SplittableRandom(2);
        float[][] p = new float[50][3];
        boolean[][] truth = new boolean[50][3];
        for (int i = 0; i < p.length; i++) {
            for (int c = 0; c < 3; c++) {
                truth[i][c] = random.nextInt(3) == c;
                p[i][c] = (random.nextFloat() + (truth[i][c] ? 0.5f : 0)) / 1.5f;
            }
        }
        PageChecks.check(full("a", Cases.multiLabel(p, truth), 3).build().toHtml());
    }

    @Test
    void whatWasNotDoneIsSaid() throws Exception {
        Document page =
                PageChecks.check(ClassificationReport.of("r", names(2)).build().toHtml());
        assertThat(page.getDocumentElement().getTextContent())
                .contains("nothing was judged")
                .contains("Not examined: no column")
                .contains("Not examined: the model was not run on")
                .contains("Nothing was looked for in the data")
                .contains("52 of 52 items are not")
                .contains("44 of 44 items are not");
    }

    /** Every fact that the report derives itself follows its cases: other cases, another text. */
    @Test
    void factsAreThoseOfTheCases() {
        ClassificationReport one = full("a", cases(60, 2, 1), 2).facts(Facts.none());
        ClassificationReport other = full("b", cases(80, 3, 2), 3)
                .facts(Facts.none())
                .threshold(0.5, "b")
                .intervals(HOW.seed(1))
                .flow(List.of(new FlowChart.Step("b", 1, List.of(), List.of())));
        List<Fact> derived = new ArrayList<>();
        for (Fact fact : Fact.values()) {
            if (one.allFacts().get(fact).isPresent()) {
                derived.add(fact);
                assertThat(other.allFacts().get(fact)).as(fact.name()).isPresent();
                assertThat(one.allFacts().get(fact))
                        .as(fact.name())
                        .isNotEqualTo(other.allFacts().get(fact));
            }
        }
        assertThat(derived)
                .containsExactlyInAnyOrder(
                        Fact.CLASSES,
                        Fact.CASES,
                        Fact.PATIENTS,
                        Fact.OUTCOMES,
                        Fact.IMBALANCE,
                        Fact.SAMPLE_SIZE,
                        Fact.INTERVAL_WIDTH,
                        Fact.OUTPUT,
                        Fact.THRESHOLD,
                        Fact.MEASURES,
                        Fact.INTERVALS,
                        Fact.PERFORMANCE,
                        Fact.CALIBRATION,
                        Fact.UTILITY,
                        Fact.SUBGROUPS,
                        Fact.ROBUSTNESS,
                        Fact.FAILURES,
                        Fact.FLOW);
        assertThat(full("a", cases(60, 2, 1), 2)
                        .facts(Facts.none().with(Fact.FLOW, "mine"))
                        .allFacts()
                        .get(Fact.FLOW))
                .contains("mine");
        assertThat(ClassificationReport.of("r", names(2))
                        .intervals(HOW)
                        .cases(cases(12, 2, 1), false)
                        .allFacts()
                        .get(Fact.LIMITS))
                .hasValueSatisfying(text ->
                        assertThat(text).contains("patients are not known").contains("only "));
    }

    /** 100,000 cases: some seconds, and a file that opens. */
    @Test
    void manyCasesMakeABoundedReport() throws Exception {
        Cases many = cases(100_000, 2, 5);
        long begin = System.nanoTime();
        String html = full("class ", many, 2).build().toHtml();
        double seconds = (System.nanoTime() - begin) / 1e9;
        System.out.printf("report of 100,000 cases of 2 classes: %,d characters in %.1f s%n", html.length(), seconds);
        assertThat(html.length()).isLessThan(1_500_000);
        assertThat(seconds).isLessThan(120);
        PageChecks.check(html);
    }
}
