package dev.graft.nn.report;

import dev.graft.nn.report.chart.Axis;
import dev.graft.nn.report.chart.Line;
import dev.graft.nn.report.chart.LineChart;
import dev.graft.nn.report.page.Figure;
import dev.graft.nn.report.page.Section;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** How a training went. */
final class TrainingPart {
    private final List<Epoch> history;

    TrainingPart(List<Epoch> history) {
        this.history = history;
    }

    Section section() {
        double[] epochs = history.stream().mapToDouble(Epoch::number).toArray();
        Axis x = Axis.around("epoch", epochs);
        List<Line> losses = lines(
                epochs, List.of("training loss", "validation loss"), List.of(Epoch::trainLoss, Epoch::validationLoss));
        double[] all =
                losses.stream().flatMapToDouble(line -> Arrays.stream(line.y())).toArray();
        List<Line> scores = lines(
                epochs,
                List.of("validation accuracy", "validation AUROC", "training accuracy"),
                List.of(Epoch::accuracy, Epoch::auroc, Epoch::trainAccuracy));
        double[] shares =
                scores.stream().flatMapToDouble(line -> Arrays.stream(line.y())).toArray();
        Axis around = Axis.around("score", shares);
        return Section.of(
                "Training",
                new Figure(LineChart.of(
                        "Loss",
                        "The loss of training and validation after each of " + history.size()
                                + " epochs. Where validation loss rises while training loss falls, the network learns by"
                                + " heart.",
                        x,
                        Axis.around("loss", all),
                        losses)),
                new Figure(LineChart.of(
                        "Scores",
                        "Accuracy and AUROC after each of " + history.size() + " epochs.",
                        x,
                        new Axis("score", Math.max(0, around.low()), Math.min(1.0, Math.max(around.high(), 1e-3))),
                        scores)));
    }

    /** Those of which a value is known. */
    private List<Line> lines(double[] epochs, List<String> names, List<ToDoubleFunction<Epoch>> values) {
        List<Line> lines = new ArrayList<>();
        for (int i = 0; i < names.size(); i++) {
            double[] y = history.stream().mapToDouble(values.get(i)).toArray();
            if (Arrays.stream(y).anyMatch(Double::isFinite)) {
                lines.add(Line.of(names.get(i), epochs, y).marked());
            }
        }
        return lines;
    }
}
