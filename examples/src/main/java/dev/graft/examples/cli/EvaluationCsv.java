package dev.graft.examples.cli;

import de.siegmar.fastcsv.writer.CsvWriter;
import de.siegmar.fastcsv.writer.LineDelimiter;
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
            csv.writeRecord(header);
            boolean several = evaluation.isMultiLabel();
            int[] predicted = several ? new int[0] : evaluation.predictions();
            for (int i = 0; i < evaluation.probabilities().length; i++) {
                float[] probabilities = evaluation.probabilities()[i];
                List<String> line = new ArrayList<>(List.of(
                        images.images().get(evaluation.indices()[i]),
                        several
                                ? shown(evaluation.truths()[i], classes)
                                : classes.get(evaluation.labels()[i]),
                        several
                                ? String.join(";", new Prediction(probabilities, classes, true).labels())
                                : classes.get(predicted[i])));
                for (float probability : probabilities) {
                    line.add(Float.toString(probability));
                }
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
