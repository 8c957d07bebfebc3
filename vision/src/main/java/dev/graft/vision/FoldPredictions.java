package dev.graft.vision;

import static dev.graft.message.Message.setting;

import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.NamedCsvRecord;
import dev.graft.nn.data.LabelledDataset;
import dev.graft.nn.data.table.CsvText;
import dev.graft.nn.metric.BinaryCases;
import dev.graft.nn.metric.Cases;
import dev.graft.nn.run.PatientHash;
import dev.graft.nn.run.ResultFiles;
import dev.graft.nn.run.RunException;
import dev.graft.nn.train.Evaluation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * What a fold's model answers to the images that were held back: {@code predictions.csv}, with columns of 0 and 1 for
 * the truth, of calibrated probabilities, and of 0 and 1 for what was answered, for each class; and one of hashed
 * patients where they are known.
 */
final class FoldPredictions {
    private static final String PATIENT = "patient";
    private static final String ANSWER = "answer_";

    private FoldPredictions() {}

    /**
     * The file's text.
     *
     * @param patients of each image, by its position in {@code images}; empty if they are not known. The file holds
     *     their SHA-256, as {@link TrainingImages} does
     */
    static String toCsv(LabelledDataset images, List<String> patients, Evaluation scores) {
        List<String> header = new ArrayList<>(List.of("file"));
        images.classes().forEach(name -> header.add("true_" + name));
        images.classes().forEach(name -> header.add("probability_" + name));
        images.classes().forEach(name -> header.add(ANSWER + name));
        if (!patients.isEmpty()) {
            header.add(PATIENT);
        }
        List<List<String>> rows = new ArrayList<>();
        Cases cases = scores.cases();
        BinaryCases[] answered =
                IntStream.range(0, cases.classes()).mapToObj(cases::decisions).toArray(BinaryCases[]::new);
        for (int i = 0; i < scores.probabilities().length; i++) {
            int index = scores.indices()[i];
            List<String> line = new ArrayList<>(List.of(images.describe(index)));
            for (boolean has : images.has(index)) {
                line.add(has ? "1" : "0");
            }
            for (float probability : scores.probabilities()[i]) {
                line.add(Float.toString(probability));
            }
            for (int c = 0; c < answered.length; c++) {
                line.add(answered[c].probability(i) > 0 ? "1" : "0");
            }
            if (!patients.isEmpty()) {
                String patient = patients.get(index);
                line.add(patient.isBlank() ? "" : PatientHash.of(patient)); // a blank one is nobody's
            }
            rows.add(line);
        }
        return CsvText.of(header, rows);
    }

    /**
     * The patients of a fold's answers, in their order, {@linkplain PatientHash#hidden hidden}; empty if they are not
     * known, as in the files of older versions.
     *
     * @throws RunException where a fold's folder holds no such file
     */
    static List<String> patients(Path folder) {
        List<String> patients = new ArrayList<>();
        each(
                folder,
                row -> row.findField(PATIENT).ifPresent(hash -> patients.add(hash.isEmpty() ? "" : "sha256:" + hash)));
        return patients;
    }

    /** @throws RunException where a fold's folder holds no such file */
    static Evaluation read(Path folder, boolean multiLabel, List<String> classes) {
        List<float[]> probabilities = new ArrayList<>();
        List<boolean[]> truths = new ArrayList<>();
        List<boolean[]> given = new ArrayList<>();
        each(folder, row -> {
            float[] own = new float[classes.size()];
            boolean[] has = new boolean[classes.size()];
            boolean[] answer = new boolean[classes.size()];
            for (int c = 0; c < own.length; c++) {
                has[c] = row.getField("true_" + classes.get(c)).equals("1");
                own[c] = Float.parseFloat(row.getField("probability_" + classes.get(c)));
                answer[c] = row.getField(ANSWER + classes.get(c)).equals("1");
            }
            probabilities.add(own);
            truths.add(has);
            given.add(answer);
        });
        return evaluation(probabilities, truths, given, multiLabel);
    }

    /** What the images of a fold are called, in their order. */
    static List<String> files(Path folder) {
        List<String> files = new ArrayList<>();
        each(folder, row -> files.add(row.getField("file")));
        return files;
    }

    private static void each(Path folder, Consumer<NamedCsvRecord> use) {
        Path file = folder.resolve(ResultFiles.PREDICTIONS);
        try (CsvReader<NamedCsvRecord> reader = CsvReader.builder().ofNamedCsvRecord(file)) {
            reader.forEach(use);
        } catch (IOException
                | UncheckedIOException
                | CsvParseException
                | IllegalArgumentException
                | java.util.NoSuchElementException e) {
            throw new RunException(
                    file + " is missing or damaged, so there is nothing to score this fold by",
                    "train it again with " + setting("overwrite"),
                    e);
        }
    }

    /** All folds' answers together, each image as its own fold's model answers. */
    static Evaluation pooled(List<Evaluation> folds, boolean multiLabel) {
        List<float[]> probabilities = new ArrayList<>();
        List<boolean[]> truths = new ArrayList<>();
        List<boolean[]> given = new ArrayList<>();
        for (Evaluation fold : folds) {
            for (int i = 0; i < fold.probabilities().length; i++) {
                probabilities.add(fold.probabilities()[i]);
                given.add(fold.given()[i]);
                boolean[] has = new boolean[fold.classes()];
                if (multiLabel) {
                    System.arraycopy(fold.truths()[i], 0, has, 0, has.length);
                } else {
                    has[fold.labels()[i]] = true;
                }
                truths.add(has);
            }
        }
        return evaluation(probabilities, truths, given, multiLabel);
    }

    private static Evaluation evaluation(
            List<float[]> probabilities, List<boolean[]> truths, List<boolean[]> given, boolean multiLabel) {
        float[][] rows = probabilities.toArray(float[][]::new);
        boolean[][] has = truths.toArray(boolean[][]::new);
        int[] labels = new int[multiLabel ? 0 : rows.length];
        int[] indices = IntStream.range(0, rows.length).toArray();
        for (int i = 0; i < labels.length; i++) {
            for (int c = 0; c < has[i].length; c++) {
                labels[i] = has[i][c] ? c : labels[i];
            }
        }
        return new Evaluation(Double.NaN, rows, labels, indices, multiLabel ? has : new boolean[0][])
                .answered(given.toArray(boolean[][]::new));
    }
}
