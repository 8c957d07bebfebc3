package dev.graft.examples.cli;

import de.siegmar.fastcsv.writer.CsvWriter;
import de.siegmar.fastcsv.writer.LineDelimiter;
import dev.graft.nn.model.Decision;
import dev.graft.nn.model.InputFlag;
import dev.graft.nn.train.Evaluation;
import dev.graft.vision.ImageEvaluation;
import dev.graft.vision.Prediction;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** What a model answered to each image, for a spreadsheet or a script. */
final class EvaluationCsv {
    private EvaluationCsv() {}

    /** A header, and a line for each image in the order of the data set. */
    static String of(ImageEvaluation images) {
        Evaluation evaluation = images.scores();
        List<String> classes = images.classes();
        StringWriter text = new StringWriter();
        try (CsvWriter csv = CsvWriter.builder().lineDelimiter(LineDelimiter.LF).build(text)) {
            List<String> header = new ArrayList<>(List.of("file", "label", "predicted"));
            classes.forEach(name -> header.add("probability_" + name));
            Decision decision = images.decision();
            decision.sets().ifPresent(sets -> header.add("set"));
            decision.abstention().ifPresent(below -> header.add("abstained"));
            header.add("flags");
            csv.writeRecord(header);
            boolean several = evaluation.isMultiLabel();
            int[] predicted = several ? new int[0] : evaluation.predictions();
            for (int i = 0; i < evaluation.probabilities().length; i++) {
                Prediction prediction = images.predictions().get(i);
                float[] probabilities = prediction.probabilities();
                List<String> line = new ArrayList<>(List.of(
                        images.images().get(evaluation.indices()[i]),
                        several
                                ? shown(evaluation.truths()[i], classes)
                                : classes.get(evaluation.labels()[i]),
                        several ? String.join(";", prediction.labels()) : classes.get(predicted[i])));
                for (float probability : probabilities) {
                    line.add(Float.toString(probability));
                }
                prediction.set().ifPresent(set -> line.add(String.join(";", set)));
                decision.abstention().ifPresent(below -> line.add(prediction.isAbstained() ? "1" : "0"));
                line.add(prediction.flags().stream().map(InputFlag::toString).collect(Collectors.joining("; ")));
                csv.writeRecord(line);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text.toString();
    }

    private static String shown(boolean[] truths, List<String> classes) {
        return IntStream.range(0, truths.length)
                .filter(c -> truths[c])
                .mapToObj(classes::get)
                .collect(Collectors.joining(";"));
    }
}
