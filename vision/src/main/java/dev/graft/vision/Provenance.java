package dev.graft.vision;

import dev.graft.io.file.Sha256;
import dev.graft.vision.model.zoo.PretrainedFolder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a card says of how its model was asked for, and of the files that were given. */
final class Provenance {
    private static final String FEATURE_CACHE = "--feature-cache";

    private Provenance() {}

    /**
     * The command line that asks for a run, with all that it left to defaults: how it was typed, or that it was asked
     * for in Java or resumed, makes no difference.
     *
     * @param options as {@code run.json} has them
     */
    static String command(Map<String, Object> options) {
        List<String> words = new ArrayList<>(List.of("graft", "finetune"));
        options.forEach((name, value) -> {
            String text = String.valueOf(value);
            if (name.equals(FEATURE_CACHE)) {
                if (text.equals("false")) {
                    words.add("--no-feature-cache");
                }
            } else if (text.equals("true")) {
                words.add(name);
            } else if (!text.equals("false")) {
                words.add(name);
                words.add(quoted(text));
            }
        });
        return String.join(" ", words);
    }

    /** As a shell takes it. */
    private static String quoted(String word) {
        return word.matches("[A-Za-z0-9_./:=,@%+-]+") ? word : "'" + word.replace("'", "'\\''") + "'";
    }

    /**
     * The SHA-256 of each file, by the option that names it; what lies in folders of images is in the data's own hash.
     */
    static Map<String, Object> inputFiles(FineTuningSettings settings) {
        Map<String, Path> files = new LinkedHashMap<>();
        files.put("data", settings.source().data());
        settings.source().validation().ifPresent(file -> files.put("val", file));
        settings.subgroups().ifPresent(file -> files.put("subgroups", file));
        settings.weightsFile().ifPresent(file -> files.put("weights", file));
        Path given = Path.of(settings.weights());
        if (!settings.weights().equals("none") && PretrainedFolder.isOne(given)) {
            files.put("weights " + PretrainedFolder.CONFIG, given.resolve(PretrainedFolder.CONFIG));
        }
        Map<String, Object> hashes = new LinkedHashMap<>();
        files.forEach((name, file) -> {
            if (Files.isRegularFile(file)) {
                hashes.put(name, Sha256.of(file));
            }
        });
        return hashes;
    }
}
