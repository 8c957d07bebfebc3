package dev.graft.nn.report;

import dev.graft.nn.report.chart.BarChart;
import dev.graft.nn.report.chart.FlowChart;
import dev.graft.nn.report.chart.Numbers;
import dev.graft.nn.report.page.Block;
import dev.graft.nn.report.page.Figure;
import dev.graft.nn.report.page.Note;
import dev.graft.nn.report.page.Section;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** Which cases there were, and what was found in them. */
final class DataPart {
    private final Optional<Judged> judged;
    private final List<FlowChart.Step> flow;
    private final List<Block> findings;

    DataPart(Optional<Judged> judged, List<FlowChart.Step> flow, List<Block> findings) {
        this.judged = judged;
        this.flow = flow;
        this.findings = findings;
    }

    Section section() {
        List<Block> blocks = new ArrayList<>();
        if (!flow.isEmpty()) {
            blocks.add(new Figure(new FlowChart("Flow of cases", text(flow), flow)));
        }
        judged.ifPresent(own -> blocks.add(new Figure(new BarChart(
                "Judged cases of each class",
                "How many cases of each class were judged. A rare class is known less well.",
                "cases",
                own.classes(),
                List.of(new BarChart.Series(
                        "cases",
                        IntStream.range(0, own.classes().size())
                                .mapToDouble(own.cases()::support)
                                .toArray()))))));
        if (findings.isEmpty()) {
            blocks.add(Note.of("Nothing was looked for in the data."));
        } else {
            blocks.add(new Section("Findings", findings));
        }
        return new Section("Data", blocks);
    }

    /** The flow in words. */
    static String text(List<FlowChart.Step> flow) {
        List<String> texts = new ArrayList<>();
        for (FlowChart.Step step : flow) {
            texts.add(step.text() + ": " + Numbers.count(step.cases()));
            step.leftOut().forEach(out -> texts.add("left out: " + Numbers.count(out.cases()) + " " + out.reason()));
        }
        return String.join("; ", texts);
    }
}
