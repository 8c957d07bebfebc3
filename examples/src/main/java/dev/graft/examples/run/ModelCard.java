package dev.graft.examples.run;

import dev.graft.io.StateDict;
import dev.graft.io.WeightFiles;
import dev.graft.vision.image.transform.Preprocessing;
import dev.graft.vision.model.Backbone;
import dev.graft.vision.model.ModelZoo;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/**
 * What a saved model needs to be used again: {@code model.json} beside {@code model.safetensors}.
 *
 * @param architecture its name in the zoo
 * @param classes class names, in the order of the logits
 * @param preprocessing from image to input
 * @param facts how it was made: seed, versions, hashes; for people
 */
public record ModelCard(
        String architecture, List<String> classes, Preprocessing preprocessing, Map<String, Object> facts) {
    public static final String FILE_NAME = "model.json";
    public static final String WEIGHTS = "model.safetensors";

    /** The entry that says which weights the card is about. */
    static final String HASH = "weights_sha256";

    public ModelCard {
        classes = List.copyOf(classes);
    }

    /** @throws RunException if the folder has no readable card */
    public static ModelCard read(Path folder) {
        Path file = folder.resolve(FILE_NAME);
        if (!Files.isRegularFile(file)) {
            throw new RunException(
                    folder + " holds no " + FILE_NAME, "name the --out folder of a finished graft finetune");
        }
        Map<String, Object> map = new LinkedHashMap<>(Json.readObject(file));
        try {
            String architecture = (String) require(file, map, "architecture");
            List<String> classes = ((List<?>) require(file, map, "classes"))
                    .stream().map(String.class::cast).toList();
            Map<String, Object> preprocessing = new LinkedHashMap<>();
            ((Map<?, ?>) require(file, map, "preprocessing"))
                    .forEach((key, value) -> preprocessing.put((String) key, value));
            if (!(map.getOrDefault(HASH, "") instanceof String)) {
                throw new ClassCastException(HASH);
            }
            return new ModelCard(architecture, classes, Preprocessing.fromMap(preprocessing), map);
        } catch (ClassCastException e) {
            throw new RunException(
                    file + " is damaged: an entry has the wrong type", "restore it, or run graft finetune again", e);
        } catch (IllegalArgumentException e) {
            throw new RunException(
                    file + " is damaged: " + e.getMessage().split(" Hint: ")[0],
                    "restore it, or run graft finetune again",
                    e);
        }
    }

    private static Object require(Path file, Map<String, Object> map, String key) {
        Object value = map.remove(key);
        if (value == null) {
            throw new RunException(file + " lacks \"" + key + "\"", "restore it, or run graft finetune again");
        }
        return value;
    }

    /**
     * The card that names a weight file; empty where there is none. A {@code model.json} that graft did not write, or
     * that is the card of another file, is none.
     *
     * @param sha256 of the file
     * @param note told why a card beside the file is not its card
     */
    static Optional<ModelCard> of(Path file, String sha256, Consumer<String> note) {
        Path folder = Optional.ofNullable(file.toAbsolutePath().getParent()).orElse(Path.of("."));
        if (!Files.isRegularFile(folder.resolve(FILE_NAME))) {
            return Optional.empty();
        }
        ModelCard card;
        try {
            card = read(folder);
        } catch (RunException e) {
            return Optional.empty();
        }
        if (card.weightsSha256().equals(Optional.of(sha256))) {
            return Optional.of(card);
        }
        String beside = file + ": the " + FILE_NAME + " beside it is not its card: ";
        if (!file.getFileName().toString().equals(WEIGHTS)) {
            note.accept(beside + "it names " + WEIGHTS);
            return Optional.empty();
        }
        if (card.weightsSha256().isPresent()) {
            note.accept(beside + "it has another SHA-256");
            return Optional.empty();
        }
        note.accept(card.note(folder).orElseThrow());
        return Optional.of(card);
    }

    /** Of the weights that this card is about; cards of old models lack it. */
    Optional<String> weightsSha256() {
        return Optional.ofNullable((String) facts.get(HASH));
    }

    /** What a user of this model should know about the card. */
    public Optional<String> note(Path folder) {
        return weightsSha256().isPresent()
                ? Optional.empty()
                : Optional.of(
                        folder.resolve(FILE_NAME)
                                + " has no SHA-256 of its weights, as old models have none: whether they are its own is not checked");
    }

    /** For the card's file. */
    Map<String, Object> toMap() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("architecture", architecture);
        map.put("classes", classes);
        map.put("preprocessing", preprocessing.toMap());
        map.putAll(facts);
        return map;
    }

    /**
     * The network of a finished run, in evaluation mode.
     *
     * @throws RunException where the folder's weights are not those that this card is about
     */
    public Backbone load(Path folder) {
        Path weights = folder.resolve(WEIGHTS);
        Optional<String> wanted = weightsSha256();
        if (wanted.isPresent()
                && Files.isRegularFile(weights)
                && !FileSha256.of(weights).equals(wanted.get())) {
            throw new RunException(
                    weights + " is not the file that " + FILE_NAME + " describes: it has another SHA-256 than "
                            + wanted.get(),
                    RunFolder.isUnfinished(folder)
                            ? "a run was interrupted while it put its result in place; finish it with graft finetune --resume --out "
                                    + folder
                            : "put the file of that run back, or give this one by its own name with --weights");
        }
        Backbone model = ModelZoo.architecture(architecture).create(classes.size(), new SplittableRandom(0));
        try (StateDict state = WeightFiles.load(weights)) {
            model.load(state);
            model.eval();
            return model;
        } catch (RuntimeException | Error e) {
            model.close();
            throw e;
        }
    }
}
