package dev.graft.examples.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** The folder of a run: what is in it decides whether a new run may use it. */
final class RunFolder {
    private static final String SETTINGS = "run.json";
    private static final String METRICS = "metrics.json";
    private static final String LAST = "last.safetensors";
    private static final List<String> OWN = List.of(SETTINGS, METRICS, LAST, "best.safetensors", "log.csv", ModelCard.FILE_NAME, ModelCard.WEIGHTS);

    /** What to do with a run that is there already. */
    enum Existing {
        REFUSE, RESUME, OVERWRITE
    }

    private final Path folder;

    private RunFolder(Path folder) {
        this.folder = folder;
    }

    /** Makes the folder and writes a probe into it: hours of training must not end at a folder that cannot be written. */
    static RunFolder create(Path folder) {
        try {
            Files.createDirectories(folder);
            Files.delete(Files.createTempFile(folder, ".graft", ".probe"));
            return new RunFolder(folder);
        } catch (IOException e) {
            throw new RunException("--out " + folder + " cannot be written (" + e.getClass().getSimpleName() + ")",
                    "choose another folder, or mend its permissions", e);
        }
    }

    Path path() {
        return folder;
    }

    boolean isFinished() {
        return Files.exists(folder.resolve(METRICS));
    }

    /** Settings alone are no loss: their run failed before it trained. */
    private boolean isUsed() {
        return OWN.stream().anyMatch(name -> !name.equals(SETTINGS) && Files.exists(folder.resolve(name)));
    }

    /** Answers early, before data is read, whether the folder can be used at all. */
    void check(Existing existing) {
        if (existing == Existing.REFUSE && isUsed() && !isFinished()) {
            throw new RunException("--out " + folder + " holds an unfinished run", "go on with --resume, or start anew with --overwrite");
        }
    }

    /**
     * Takes the folder for a run with these settings.
     *
     * @param mayGrow whether more epochs than before are no contradiction
     * @throws RunException where another run would be lost or mixed with this one
     */
    void take(Existing existing, Map<String, Object> settings, boolean mayGrow) {
        boolean known = Files.exists(folder.resolve(SETTINGS));
        if (existing == Existing.RESUME && known && isUsed()) {
            List<String> differences = differences(settings, mayGrow);
            if (!differences.isEmpty()) {
                throw new RunException("--resume: the run in " + folder + " has other settings: " + String.join("; ", differences),
                        "repeat its command, or start anew in another folder");
            }
        } else if (existing == Existing.OVERWRITE) {
            clear();
        } else if (isUsed()) {
            if (!known || !differences(settings, false).isEmpty()) {
                throw new RunException("--out " + folder + " holds another finished run", "choose another folder, or replace it with --overwrite");
            }
            clear();
        }
        AtomicText.write(folder.resolve(SETTINGS), Json.write(settings));
    }

    private List<String> differences(Map<String, Object> settings, boolean mayGrow) {
        Map<String, Object> before = Json.readObject(folder.resolve(SETTINGS));
        Map<String, Object> union = new LinkedHashMap<>(before);
        union.putAll(settings);
        List<String> differences = new ArrayList<>();
        for (String name : union.keySet()) {
            String then = text(before.get(name));
            String now = text(settings.get(name));
            boolean grown = mayGrow && name.equals("epochs") && number(settings.get(name)) >= number(before.get(name));
            if (!Objects.equals(then, now) && !grown) {
                differences.add(name + " was " + then + ", is " + now);
            }
        }
        return differences;
    }

    /** Numbers come back from JSON in other types than they left. */
    private static String text(Object value) {
        return value instanceof Number number ? Double.toString(number.doubleValue()) : String.valueOf(value);
    }

    private static double number(Object value) {
        return value instanceof Number number ? number.doubleValue() : Double.NaN;
    }

    private void clear() {
        for (String name : OWN) {
            try {
                Files.deleteIfExists(folder.resolve(name));
            } catch (IOException e) {
                throw new RunException(folder.resolve(name) + " cannot be replaced", "mend its permissions, or choose another folder", e);
            }
        }
    }

    void writeMetrics(Map<String, Object> metrics) {
        AtomicText.write(folder.resolve(METRICS), Json.write(metrics));
    }
}
