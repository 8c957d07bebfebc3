package dev.graft.nn.report.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.nn.report.chart.Axis;
import dev.graft.nn.report.chart.BarChart;
import dev.graft.nn.report.chart.ConfusionChart;
import dev.graft.nn.report.chart.FlowChart;
import dev.graft.nn.report.chart.ForestPlot;
import dev.graft.nn.report.chart.Histogram;
import dev.graft.nn.report.chart.Line;
import dev.graft.nn.report.chart.LineChart;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.w3c.dom.Document;

class ReportTest {
    /** Every kind of block, with one text wherever a text can stand, and one number wherever a number can. */
    private static Report full(String text, double value) {
        double[] two = {0, value};
        Line line = Line.of(text, two, new double[] {value, 1})
                .within(new Line.Band(two, two, two))
                .marked();
        List<Block> charts = List.of(
                new Figure(
                        LineChart.of("c" + text, text + "d", Axis.around(text, value), Axis.unit(text), List.of(line))),
                new Figure(LineChart.square(
                        "c" + text, text + "d", Axis.unit(text), Axis.unit(text), List.of(), Optional.of(line))),
                new Figure(new BarChart(
                        "c" + text, text + "d", text, List.of(text, text), List.of(new BarChart.Series(text, two)))),
                new Figure(new Histogram(
                        "c" + text, text + "d", Axis.unit(text), 20, List.of(new Histogram.Values(text, two)))),
                new Figure(new ConfusionChart(
                        "c" + text, text + "d", List.of(text, text), new long[][] {{1, 2}, {0, 0}})),
                new Figure(new ForestPlot(
                        "c" + text,
                        text + "d",
                        text,
                        List.of(new ForestPlot.Row(text, text, value, value, value, text)))),
                new Figure(new FlowChart(
                        "c" + text,
                        text + "d",
                        List.of(
                                new FlowChart.Step(text, 3, List.of(text), List.of(new FlowChart.LeftOut(text, 1))),
                                new FlowChart.Step(text, 2, List.of(), List.of())))));
        Table table = Table.of(text + "t", List.of(text, text), List.of(List.of(text, text), List.of(text, text)));
        return new Report(
                text + "r",
                text,
                List.of(
                        Section.of(
                                text,
                                new Headline(List.of(new Headline.Entry(text, text, text))),
                                new Paragraph(text),
                                Note.of(text),
                                Note.warning(text),
                                new Bullets(List.of(text)),
                                new Bullets(List.of()),
                                table,
                                new ChoiceTable(table, 1),
                                new Gallery(List.of(new Picture(
                                        new byte[] {1, 2, 3}, "image/png", 2, 2, text + "a", List.of(text))))),
                        new Section(text, charts),
                        Section.of(text, Section.of(text, Section.of(text, new Paragraph(text))))));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "plain",
                "",
                "<script>alert(1)</script>",
                "\"><img src=x onerror=alert(1)>",
                "' onmouseover='alert(1)",
                "&amp; &lt; ]]> <!-- --> <![CDATA[ </style></script></svg>",
                "javascript:alert(1)",
                "\u0000\u0001\u001B[31m\u007F\u0085",
                "\uD800 lone, \uDC00 lone, \uFFFE \uFFFF",
                "\u202Eevil\u2066",
                "\uD83D\uDE00 emoji, 日本語, עברית",
                "new\nline\ttab\r"
            })
    void staysWellFormedAndHarmlessWhateverNamesSay(String text) throws Exception {
        String html = full(text, 0.5).toHtml();
        PageChecks.check(html);
        assertThat(html).doesNotContain("<img src=x").doesNotContain("<script>alert");
        assertThat(html.replaceAll("<script>.*?</script>", ""))
                .doesNotContain("\u202E")
                .doesNotContain("\u0000");
    }

    @ParameterizedTest
    @ValueSource(
            doubles = {0, 1, -1, Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, 1e300, 1e-300, -0.0})
    void drawsWhatCanBeDrawnWhateverNumbersAre(double value) throws Exception {
        PageChecks.check(full("a name", value).toHtml());
    }

    @Test
    void veryLongNamesAreShortenedInDrawingsOnly() throws Exception {
        String name = "class-" + "x".repeat(5000);
        Document page = PageChecks.check(new Report(
                        "r",
                        "",
                        List.of(Section.of(
                                "s",
                                new Figure(new BarChart(
                                        "bars",
                                        "two bars",
                                        "n",
                                        List.of(name),
                                        List.of(new BarChart.Series("n", new double[] {1})))))))
                .toHtml());
        assertThat(PageChecks.all(page, "text"))
                .allMatch(text -> text.getTextContent().length() < 100);
        assertThat(PageChecks.all(page, "th"))
                .anyMatch(cell -> cell.getTextContent().equals(name));
    }

    /** A line of 100,000 points is some kilobytes, and no pixel of it differs by more than a line's width. */
    @Test
    void longLinesAreThinnedWithoutChangingWhatOneSees() throws Exception {
        int points = 100_000;
        SplittableRandom random = new SplittableRandom(5);
        double[] x = new double[points];
        double[] y = new double[points];
        for (int i = 0; i < points; i++) {
            x[i] = i / (points - 1.0);
            y[i] = 0.5 + 0.4 * Math.sin(20 * x[i]) + 0.05 * random.nextDouble();
        }
        y[31_415] = 1; // a single spike must stay
        y[27_182] = 0;
        String html = new Report(
                        "r",
                        "",
                        List.of(Section.of(
                                "s",
                                new Figure(LineChart.of(
                                        "c", "a line", Axis.unit("x"), Axis.unit("y"), List.of(Line.of("l", x, y)))))))
                .toHtml();
        assertThat(html.length()).isLessThan(60_000);
        Document page = PageChecks.check(html);
        String path = PageChecks.all(page, "path").get(0).getAttribute("d");
        double[] drawn = Arrays.stream(path.split("[ML]", -1))
                .filter(point -> !point.isEmpty())
                .mapToDouble(point -> Double.parseDouble(point.split(" ", -1)[1]))
                .toArray();
        // the plot is 210 high from 10 down
        assertThat(Arrays.stream(drawn).min().orElseThrow()).isEqualTo(10);
        assertThat(Arrays.stream(drawn).max().orElseThrow()).isEqualTo(220);
        double[] xs = Arrays.stream(path.split("[ML]", -1))
                .filter(point -> !point.isEmpty())
                .mapToDouble(point -> Double.parseDouble(point.split(" ", -1)[0]))
                .toArray();
        double largestStep = 0;
        for (int i = 1; i < xs.length; i++) {
            largestStep = Math.max(largestStep, xs[i] - xs[i - 1]);
        }
        assertThat(largestStep).isLessThan(1.6);
    }

    @Test
    void refusesOtherPicturesAndRaggedTables() {
        assertThatThrownBy(() -> new Picture(new byte[0], "image/svg+xml", 1, 1, "a", List.of()))
                .hasMessageContaining("must be image/jpeg or image/png");
        assertThatThrownBy(() -> Table.of("c", List.of("a", "b"), List.of(List.of("1"))))
                .hasMessageContaining("1 cells in a row, and 2 columns");
        assertThatThrownBy(() -> new ChoiceTable(Table.of("c", List.of("a"), List.of()), 0))
                .hasMessageContaining("no row 0 of 0");
    }

    @Test
    void tablesSayHowMuchTheyLeaveOut() {
        List<List<String>> rows = new java.util.ArrayList<>();
        for (int i = 0; i < 50; i++) {
            rows.add(List.of("r" + i, "1"));
        }
        Table few = Table.ofNumbers("c", List.of("a", "b"), rows).atMost(10);
        assertThat(few.rows()).hasSize(11);
        assertThat(few.rows().get(10)).containsExactly("and 40 more", "");
    }
}
