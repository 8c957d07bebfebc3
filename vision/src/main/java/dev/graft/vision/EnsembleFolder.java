package dev.graft.vision;

import static dev.graft.message.Message.setting;

import dev.graft.io.file.AtomicText;
import dev.graft.nn.json.Json;
import dev.graft.nn.model.Decision;
import dev.graft.nn.model.ModelCard;
import dev.graft.nn.model.ModelException;
import dev.graft.nn.uncertainty.Ensemble;
import dev.graft.vision.image.transform.Preprocessing;
import dev.graft.vision.model.Backbone;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A folder of several models for one task, whose {@code ensemble.json} names them with the hashes of their weights.
 *
 * @param folder that holds the members' folders
 * @param members their cards, by the names of their folders
 * @param decision how the mean of their probabilities becomes an answer
 */
record EnsembleFolder(Path folder, Map<String, ModelCard> members, Decision decision) {
    static final String FILE_NAME = "ensemble.json";
    private static final int FORMAT_VERSION = 1;

    static boolean isOne(Path folder) {
        return Files.isRegularFile(folder.resolve(FILE_NAME));
    }

    /** Finished runs, which decide nothing yet. */
    static EnsembleFolder ofRuns(Path folder, List<String> names) {
        Map<String, ModelCard> members = new LinkedHashMap<>();
        names.forEach(name -> members.put(name, ModelCard.read(folder.resolve(name))));
        checkOneTask(folder, members);
        return new EnsembleFolder(folder, members, Decision.NONE);
    }

    /** Writes the list of members. */
    void write(Decision fitted) {
        List<Object> list = new ArrayList<>();
        members.forEach((name, card) -> {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("folder", name);
            entry.put(ModelCard.HASH, hash(card));
            list.add(entry);
        });
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("format_version", FORMAT_VERSION);
        map.put("members", list);
        map.put(ModelCard.DECISION, fitted.toMap());
        AtomicText.write(folder.resolve(FILE_NAME), Json.write(map));
    }

    private static String hash(ModelCard card) {
        return String.valueOf(card.facts().get(ModelCard.HASH));
    }

    /** @throws ModelException where a member is missing or another model, or members are not for one task */
    static EnsembleFolder read(Path folder) {
        Path file = folder.resolve(FILE_NAME);
        Map<String, Object> map = Json.readObject(file);
        if (!(map.get("format_version") instanceof Integer version) || version != FORMAT_VERSION) {
            throw new ModelException(
                    file + " has the format " + map.get("format_version") + ", and this version of Graft reads "
                            + FORMAT_VERSION,
                    "use the version of Graft that wrote it, or a newer one");
        }
        if (!(map.get("members") instanceof List<?> list) || list.isEmpty()) {
            throw damaged(file);
        }
        Map<String, ModelCard> members = new LinkedHashMap<>();
        for (Object each : list) {
            if (!(each instanceof Map<?, ?> entry) || !(entry.get("folder") instanceof String name)) {
                throw damaged(file);
            }
            Path member = folder.resolve(name).normalize();
            if (!folder.normalize().equals(member.getParent())) {
                throw new ModelException(
                        file + " names the member " + name + ", which is not in its folder",
                        "restore it, or train the ensemble again");
            }
            ModelCard card = ModelCard.read(member);
            if (!hash(card).equals(String.valueOf(entry.get(ModelCard.HASH)))) {
                throw new ModelException(
                        member + " is not the model that " + file + " names: its weights are others",
                        "put the member back, or train the ensemble again");
            }
            members.put(name, card);
        }
        checkOneTask(folder, members);
        return new EnsembleFolder(folder, members, decision(file, map, members));
    }

    private static Decision decision(Path file, Map<String, Object> map, Map<String, ModelCard> members) {
        ModelCard first = members.values().iterator().next();
        try {
            return map.get(ModelCard.DECISION) instanceof Map<?, ?> entry
                    ? Decision.of(entry, first.classes().size(), first.isMultiLabel())
                    : Decision.NONE;
        } catch (ClassCastException | IllegalArgumentException e) {
            throw new ModelException(
                    file + " is damaged: its decision is none", "restore it, or train the ensemble again", e);
        }
    }

    private static void checkOneTask(Path folder, Map<String, ModelCard> members) {
        Map.Entry<String, ModelCard> first = members.entrySet().iterator().next();
        members.forEach((name, card) -> {
            ModelCard other = first.getValue();
            boolean same = card.classes().equals(other.classes())
                    && card.task().equals(other.task())
                    && card.preprocessing().equals(other.preprocessing());
            if (!same) {
                throw new ModelException(
                        "the members " + first.getKey() + " and " + name + " of " + folder
                                + " are not for one task: their classes are " + other.classes() + " and "
                                + card.classes()
                                + (card.classes().equals(other.classes())
                                        ? ", but they prepare images in different ways, or one is for any number of labels"
                                        : ""),
                        "put models of one training together, as " + setting("seeds") + " does");
            }
        });
    }

    private static ModelException damaged(Path file) {
        return new ModelException(file + " is damaged: it lists no members", "restore it, or train the ensemble again");
    }

    /** The card of the first member, which says what all are for. */
    ModelCard card() {
        return members.values().iterator().next();
    }

    Preprocessing preprocessing() {
        String name = members.keySet().iterator().next();
        return ImageModels.preprocessing(card(), folder.resolve(name).resolve(ModelCard.FILE_NAME));
    }

    /** By the first member: all were fitted on the same images, and one feature space is enough. */
    InputCheck inputs() {
        return InputCheck.of(card(), folder.resolve(members.keySet().iterator().next()));
    }

    /** What the members were fitted on, which is the same for all. */
    Optional<TrainingImages> training() {
        String name = members.keySet().iterator().next();
        return TrainingImages.of(folder.resolve(name), card());
    }

    /** All members; the caller closes it. */
    Ensemble network() {
        List<Backbone> networks = new ArrayList<>();
        try {
            members.forEach((name, card) -> networks.add(ImageModels.load(card, folder.resolve(name))));
            return new Ensemble(networks, card().isMultiLabel());
        } catch (RuntimeException | Error e) {
            networks.forEach(Backbone::close);
            throw e;
        }
    }
}
