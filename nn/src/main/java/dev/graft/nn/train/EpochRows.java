package dev.graft.nn.train;

import de.siegmar.fastcsv.writer.CsvWriter;
import de.siegmar.fastcsv.writer.LineDelimiter;
import dev.graft.io.file.AtomicFile;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Epoch results as JSON in checkpoints and as lines of {@code log.csv}. */
final class EpochRows {
    private EpochRows() {}

    static Map<String, Object> toMap(EpochResult result) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("epoch", result.epoch());
        map.put("learningRate", Checkpoint.exact(result.learningRate()));
        map.put("trainLoss", Checkpoint.exact(result.trainLoss()));
        map.put("trainAccuracy", Checkpoint.exact(result.trainAccuracy()));
        result.validation().ifPresent(scores -> {
            map.put("loss", Checkpoint.exact(scores.loss()));
            map.put("accuracy", Checkpoint.exact(scores.accuracy()));
            map.put("auroc", Checkpoint.exact(scores.auroc()));
            map.put("predictedClasses", scores.predictedClasses());
        });
        map.put("seconds", Checkpoint.exact(result.seconds()));
        map.put("examplesPerSecond", Checkpoint.exact(result.examplesPerSecond()));
        return map;
    }

    static EpochResult fromMap(Map<?, ?> map) {
        Optional<Scores> validation = map.containsKey("loss")
                ? Optional.of(new Scores(
                        Checkpoint.decimal(map, "loss"),
                        Checkpoint.decimal(map, "accuracy"),
                        Checkpoint.decimal(map, "auroc"),
                        map.containsKey("predictedClasses")
                                ? Checkpoint.number(map, "predictedClasses").intValue()
                                : 0))
                : Optional.empty();
        return new EpochResult(
                Checkpoint.number(map, "epoch").intValue(),
                Checkpoint.decimal(map, "learningRate"),
                Checkpoint.decimal(map, "trainLoss"),
                Checkpoint.decimal(map, "trainAccuracy"),
                validation,
                Checkpoint.decimal(map, "seconds"),
                Checkpoint.decimal(map, "examplesPerSecond"));
    }

    /** Rewrites the whole log, so that it always agrees with the checkpoint that a run resumes from. */
    static void writeCsv(Path file, List<EpochResult> results) {
        try {
            AtomicFile.writeSoon(
                    file,
                    out -> write(
                            CsvWriter.builder()
                                    .lineDelimiter(LineDelimiter.LF)
                                    .build(new OutputStreamWriter(out, StandardCharsets.UTF_8)),
                            results));
        } catch (IOException | UncheckedIOException e) {
            throw new TrainingException(
                    "training: the log " + file + " cannot be written: " + e.getMessage()
                            + ". Hint: free some disk space, then resume.",
                    e);
        }
    }

    private static void write(CsvWriter csv, List<EpochResult> results) throws IOException {
        csv.writeRecord(
                "epoch",
                "learning_rate",
                "train_loss",
                "train_accuracy",
                "val_loss",
                "val_accuracy",
                "val_auroc",
                "seconds",
                "examples_per_second");
        for (EpochResult r : results) {
            csv.writeRecord(
                    Integer.toString(r.epoch()),
                    cell(r.learningRate()),
                    cell(r.trainLoss()),
                    cell(r.trainAccuracy()),
                    cell(r.validation().map(Scores::loss).orElse(Double.NaN)),
                    cell(r.validation().map(Scores::accuracy).orElse(Double.NaN)),
                    cell(r.validation().map(Scores::auroc).orElse(Double.NaN)),
                    cell(r.seconds()),
                    cell(r.examplesPerSecond()));
        }
        csv.flush();
    }

    private static String cell(double value) {
        return Double.isNaN(value) ? "" : Double.toString(value);
    }
}
