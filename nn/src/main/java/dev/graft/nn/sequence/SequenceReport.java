package dev.graft.nn.sequence;

import dev.graft.nn.data.sequence.SequenceSplit;
import dev.graft.nn.model.ModelCard;
import dev.graft.nn.report.ClassificationReport;
import dev.graft.nn.report.Epoch;
import dev.graft.nn.report.chart.FlowChart;
import dev.graft.nn.report.chart.ForestPlot;
import dev.graft.nn.report.checklist.Fact;
import dev.graft.nn.report.checklist.Facts;
import dev.graft.nn.report.page.Block;
import dev.graft.nn.report.page.Bullets;
import dev.graft.nn.report.page.Figure;
import dev.graft.nn.report.page.Note;
import dev.graft.nn.train.EpochResult;
import dev.graft.nn.train.History;
import dev.graft.nn.train.Scores;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** The page for browsers of a {@link SequenceRun}. */
record SequenceReport(
        SequenceSplit split,
        int size,
        Map<String, SequenceComparison.Answer> answers,
        History history,
        ModelCard card,
        long seed,
        String start) {

    String toHtml() {
        int held = split.test().length;
        return ClassificationReport.of(
                        "Report of a network transferred to labelled sequences",
                        split.sequences().classes())
                .subtitle(held + " sequences that were held back")
                .cases(
                        SequenceComparison.cases(
                                split,
                                SequenceComparison.answer(answers, SequenceComparison.TRANSFER)
                                        .probabilities()),
                        true)
                .groupsAre("group of near-identical sequences", "groups of near-identical sequences")
                .history(history.epochs().stream().map(SequenceReport::epoch).toList())
                .flow(flow(held))
                .findings(List.of(new Bullets(List.of(
                        split.leaked() + " held sequences have a near copy among those that may be trained on",
                        split.leakedAtRandom(seed) + " would have had one in a random split"))))
                .notes(List.of(winner()))
                .more(List.<Block>of(new Figure(new ForestPlot(
                        "What wins",
                        "The area under the ROC curve of the transferred network, of the same network from scratch, and"
                                + " of plain models, with 95 % intervals by group of near-identical sequences.",
                        "AUROC",
                        answers.entrySet().stream().map(SequenceReport::row).toList()))))
                .facts(facts())
                .provenance(provenance())
                .build()
                .toHtml();
    }

    private List<FlowChart.Step> flow(int held) {
        List<FlowChart.LeftOut> leftOut = new ArrayList<>();
        leftOut.add(new FlowChart.LeftOut("used for training", size));
        int rest = split.sequences().size() - size - held;
        if (rest > 0) {
            leftOut.add(new FlowChart.LeftOut("neither trained on nor held back", rest));
        }
        return List.of(
                new FlowChart.Step(
                        "Sequences",
                        split.sequences().size(),
                        List.of(split.groups().count() + " groups of near-identical ones"),
                        leftOut),
                new FlowChart.Step("Held back, judged here", held, List.of(), List.of()));
    }

    private static Epoch epoch(EpochResult result) {
        return new Epoch(
                result.epoch(),
                result.trainLoss(),
                result.trainAccuracy(),
                result.validation().map(Scores::loss).orElse(Double.NaN),
                result.validation().map(Scores::accuracy).orElse(Double.NaN),
                result.validation().map(Scores::auroc).orElse(Double.NaN));
    }

    private static ForestPlot.Row row(Map.Entry<String, SequenceComparison.Answer> entry) {
        var auroc = entry.getValue().auroc();
        return new ForestPlot.Row(
                entry.getKey(),
                "",
                auroc.score().orNaN(),
                auroc.interval().map(i -> i.low()).orElse(Double.NaN),
                auroc.interval().map(i -> i.high()).orElse(Double.NaN),
                auroc.note().orElse(""));
    }

    /** What wins, wins. */
    private Note winner() {
        String best = best(answers);
        return best.equals(SequenceComparison.TRANSFER)
                ? Note.of("Of all that was compared, the transferred network has the largest area under the ROC curve.")
                : Note.warning("The transferred network is not the best here: " + best + " has a larger area under the"
                        + " ROC curve, "
                        + SequenceComparison.answer(answers, best).auroc().score() + ".");
    }

    /** The way with the largest area. */
    static String best(Map<String, SequenceComparison.Answer> answers) {
        return answers.entrySet().stream()
                .filter(entry -> entry.getValue().auroc().score().isDefined())
                .max((a, b) -> Double.compare(
                        a.getValue().auroc().score().orNaN(),
                        b.getValue().auroc().score().orNaN()))
                .map(Map.Entry::getKey)
                .orElse(SequenceComparison.TRANSFER);
    }

    private Facts facts() {
        return Facts.none()
                .with(
                        Fact.STUDY_PART,
                        "development of a model, with internal evaluation on sequences that were held back; no external"
                                + " evaluation")
                .with(Fact.TASK, card.task())
                .with(Fact.INPUTS, split.sequences().length() + " bases, one-hot")
                .with(
                        Fact.ARCHITECTURE,
                        card.architecture() + ", context "
                                + card.preprocessing().get("context"))
                .with(Fact.START_WEIGHTS, start)
                .with(Fact.PARTITION, size + " sequences to learn from, " + split.test().length + " held back")
                .with(
                        Fact.DISJOINTNESS,
                        "sequences that share half of their canonical words of 12 bases are on one side; "
                                + split.leaked() + " are not")
                .with(Fact.SELECTION, "the last epoch; the held sequences decided nothing")
                .with(Fact.DIFFERENCES, "none: both are parts of one set");
    }

    private List<List<String>> provenance() {
        List<List<String>> rows = new ArrayList<>();
        for (String name :
                Arrays.asList("seed", "start_weights", "start_weights_sha256", ModelCard.HASH, ModelCard.RUN)) {
            if (card.facts().containsKey(name)) {
                rows.add(List.of(name, String.valueOf(card.facts().get(name))));
            }
        }
        if (card.facts().get("versions") instanceof Map<?, ?> versions) {
            versions.forEach((name, value) -> rows.add(List.of(String.valueOf(name), String.valueOf(value))));
        }
        return rows;
    }
}
