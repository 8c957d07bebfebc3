package dev.graft.examples.run;

import dev.graft.io.StateDict;
import dev.graft.io.WeightFiles;
import dev.graft.vision.image.Preprocessing;
import dev.graft.vision.model.Backbone;
import dev.graft.vision.model.ModelZoo;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * What a saved model needs to be used again: {@code model.json} beside {@code model.safetensors}.
 *
 * @param architecture  its name in the zoo
 * @param classes       class names, in the order of the logits
 * @param preprocessing from image to input
 * @param facts         how it was made: seed, versions, hashes; for people
 */
public record ModelCard(String architecture, List<String> classes, Preprocessing preprocessing, Map<String, Object> facts) {
    public static final String FILE_NAME = "model.json";
    public static final String WEIGHTS = "model.safetensors";

    public ModelCard {
        classes = List.copyOf(classes);
    }

    /** @throws RunException if the folder has no readable card */
    public static ModelCard read(Path folder) {
        Path file = folder.resolve(FILE_NAME);
        if (!Files.isRegularFile(file)) {
            throw new RunException(folder + " holds no " + FILE_NAME, "name the --out folder of a finished graft finetune");
        }
        Map<String, Object> map = new LinkedHashMap<>(Json.readObject(file));
        try {
            String architecture = (String) require(file, map, "architecture");
            List<String> classes = ((List<?>) require(file, map, "classes")).stream().map(String.class::cast).toList();
            Map<String, Object> preprocessing = new LinkedHashMap<>();
            ((Map<?, ?>) require(file, map, "preprocessing")).forEach((key, value) -> preprocessing.put((String) key, value));
            return new ModelCard(architecture, classes, Preprocessing.fromMap(preprocessing), map);
        } catch (ClassCastException e) {
            throw new RunException(file + " is damaged: an entry has the wrong type", "restore it, or run graft finetune again", e);
        }
    }

    private static Object require(Path file, Map<String, Object> map, String key) {
        Object value = map.remove(key);
        if (value == null) {
            throw new RunException(file + " lacks \"" + key + "\"", "restore it, or run graft finetune again");
        }
        return value;
    }

    void write(Path folder) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("architecture", architecture);
        map.put("classes", classes);
        map.put("preprocessing", preprocessing.toMap());
        map.putAll(facts);
        AtomicText.write(folder.resolve(FILE_NAME), Json.write(map));
    }

    /** The network of a finished run, in evaluation mode. */
    public Backbone load(Path folder) {
        Backbone model = ModelZoo.architecture(architecture).create(classes.size(), new SplittableRandom(0));
        try (StateDict state = WeightFiles.load(folder.resolve(WEIGHTS))) {
            model.load(state);
            model.eval();
            return model;
        } catch (RuntimeException | Error e) {
            model.close();
            throw e;
        }
    }
}
