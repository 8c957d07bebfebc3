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

    private static void writeClasses(CsvWriter csv, ImageEvaluation images) {
        Evaluation evaluation = images.scores();
        List<String> classes = images.classes();
        int[] predicted = evaluation.predictions();
        for (int i = 0; i < evaluation.labels().length; i++) {
            List<String> line = new ArrayList<>(List.of(
                    images.images().get(evaluation.indices()[i]),
                    classes.get(evaluation.labels()[i]),
                    classes.get(predicted[i])));
            for (float probability : evaluation.probabilities()[i]) {
                line.add(Float.toString(probability));
            }
            csv.writeRecord(line);
        }
    }

    private static void writeLabels(CsvWriter csv, ImageEvaluation images) {
        Evaluation evaluation = images.scores();
        for (int i = 0; i < evaluation.truths().length; i++) {
            Prediction answer = new Prediction(evaluation.probabilities()[i], images.classes(), true);
            boolean[] truths = evaluation.truths()[i];
            List<String> line = new ArrayList<>(List.of(
                    images.images().get(evaluation.indices()[i]),
                    IntStream.range(0, truths.length)
                            .filter(c -> truths[c])
                            .mapToObj(images.classes()::get)
                            .collect(Collectors.joining(";")),
                    String.join(";", answer.labels())));
            for (float probability : evaluation.probabilities()[i]) {
                line.add(Float.toString(probability));
            }
            csv.writeRecord(line);
        }
    }

    /** A header, and a line for each image in the order of the data set. */
    static String of(ImageEvaluation images) {
        Evaluation evaluation = images.scores();
        List<String> classes = images.classes();
        StringWriter text = new StringWriter();
        try (CsvWriter csv = CsvWriter.builder().lineDelimiter(LineDelimiter.LF).build(text)) {
            List<String> header = new ArrayList<>(List.of("file", "label", "predicted"));
            classes.forEach(name -> header.add("probability_" + name));
            csv.writeRecord(header);
            if (evaluation.isMultiLabel()) {
                writeLabels(csv, images);
            } else {
                writeClasses(csv, images);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text.toString();
    }
}
