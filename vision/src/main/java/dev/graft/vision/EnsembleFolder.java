package dev.graft.vision;

import static dev.graft.message.Message.setting;

import dev.graft.io.file.AtomicText;
import dev.graft.message.Message;
import dev.graft.nn.json.Json;
import dev.graft.nn.model.Decision;
import dev.graft.nn.model.ModelCard;
import dev.graft.nn.model.ModelException;
import dev.graft.nn.uncertainty.Ensemble;
import dev.graft.vision.image.transform.Preprocessing;
import dev.graft.vision.model.Backbone;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A folder of several models for one task, whose {@code ensemble.json} names them with the hashes of their weights and
 * cards, and holds a hash of itself.
 *
 * @param folder that holds the members' folders
 * @param members their cards, by the names of their folders
 * @param decision how the mean of their probabilities becomes an answer
 * @param facts further entries of its file
 */
record EnsembleFolder(Path folder, Map<String, ModelCard> members, Decision decision, Map<String, Object> facts) {
    static final String FILE_NAME = "ensemble.json";
    private static final int FORMAT_VERSION = 1;

    static boolean isOne(Path folder) {
        return Files.isRegularFile(folder.resolve(FILE_NAME));
    }

    /** What stood for members, or for the folder's model, that is now replaced by another. */
    static void forget(Path folder) {
        try {
            Files.deleteIfExists(folder.resolve(FILE_NAME));
        } catch (IOException e) {
            throw new UncheckedIOException(
                    folder.resolve(FILE_NAME) + " cannot be deleted. Hint: delete it, for it is out of date.", e);
        }
    }

    /** Finished runs, which decide nothing yet. */
    static EnsembleFolder ofRuns(Path folder, List<String> names) {
        Map<String, ModelCard> members = new LinkedHashMap<>();
        names.forEach(name -> members.put(name, ModelCard.read(folder.resolve(name))));
        checkOneTask(folder, members);
        return new EnsembleFolder(folder, members, Decision.NONE, Map.of());
    }

    /**
     * Writes the list of members.
     *
     * @param more further entries: the decision for the mean over views, the command, and hashes of the files given
     */
    void write(Decision fitted, Map<String, Object> more) {
        List<Object> list = new ArrayList<>();
        members.forEach((name, card) -> {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("folder", name);
            entry.put(ModelCard.HASH, hash(card));
            entry.put(ModelCard.CARD_HASH, cardHash(folder.resolve(name)));
            list.add(entry);
        });
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("format_version", FORMAT_VERSION);
        map.put("members", list);
        map.put(ModelCard.DECISION, fitted.toMap());
        map.putAll(more);
        // of what is read from the file: numbers may come back in another type
        Path file = folder.resolve(FILE_NAME);
        map.put(ModelCard.CARD_HASH, ModelCard.contentHash(Json.parseObject(Json.write(map), file)));
        AtomicText.write(file, Json.write(map));
    }

    private static String hash(ModelCard card) {
        return String.valueOf(card.facts().get(ModelCard.HASH));
    }

    /** Of all that the card's file says, also where a card of an older version holds no hash. */
    private static String cardHash(Path member) {
        return ModelCard.contentHash(Json.readObject(member.resolve(ModelCard.FILE_NAME)));
    }

    /**
     * @throws ModelException where the file was changed, a member is missing or another model, members are not for one
     *     task, or the folder is that of a single model, too
     */
    static EnsembleFolder read(Path folder) {
        Path file = folder.resolve(FILE_NAME);
        Path single = folder.resolve(ModelCard.FILE_NAME);
        if (Files.exists(single)) {
            throw new ModelException(
                    folder + " is two models: " + file + " names several, and " + single + " is the card of one",
                    "delete " + FILE_NAME + " to use the single model, or " + ModelCard.FILE_NAME
                            + " to use the ensemble");
        }
        Map<String, Object> map = Json.readObject(file);
        if (!(map.get("format_version") instanceof Integer version) || version != FORMAT_VERSION) {
            throw new ModelException(
                    file + " has the format " + map.get("format_version") + ", and this version of Graft reads "
                            + FORMAT_VERSION,
                    "use the version of Graft that wrote it, or a newer one");
        }
        if (!ModelCard.contentHash(map).equals(map.get(ModelCard.CARD_HASH))) {
            throw new ModelException(
                    file + " was changed after it was written: its entries have another SHA-256 than its "
                            + ModelCard.CARD_HASH,
                    "put the file of that training back, or train the ensemble again");
        }
        if (!(map.get("members") instanceof List<?> list) || list.isEmpty()) {
            throw damaged(file);
        }
        Map<String, ModelCard> members = new LinkedHashMap<>();
        for (Object each : list) {
            if (!(each instanceof Map<?, ?> entry) || !(entry.get("folder") instanceof String name)) {
                throw damaged(file);
            }
            Path member = folder.resolve(name);
            if (!isDirectlyIn(folder, name)) {
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
            if (!cardHash(member).equals(entry.get(ModelCard.CARD_HASH))) {
                throw new ModelException(
                        member + " is not the model that " + file + " names: its " + ModelCard.FILE_NAME
                                + " is another",
                        "put the member back, or train the ensemble again");
            }
            members.put(name, card);
        }
        checkOneTask(folder, members);
        return new EnsembleFolder(folder, members, decision(file, map, members), map);
    }

    /** Whether a name is that of a folder in another, which may be {@code .}, the parent of no path by its name. */
    static boolean isDirectlyIn(Path folder, String name) {
        Path whole = folder.toAbsolutePath().normalize();
        return whole.equals(whole.resolve(name).normalize().getParent());
    }

    private static Decision decision(Path file, Map<String, Object> map, Map<String, ModelCard> members) {
        ModelCard first = members.values().iterator().next();
        try {
            Decision.averaged(map, "", first.classes().size(), first.isMultiLabel());
            if (map.get(ModelCard.DECISION) instanceof Map<?, ?> entry) {
                return Decision.of(entry, first.classes().size(), first.isMultiLabel());
            }
        } catch (ClassCastException | IllegalArgumentException e) {
            throw new ModelException(
                    file + " is damaged: its decision is none", "restore it, or train the ensemble again", e);
        }
        throw new ModelException(
                file + " is damaged: it lacks \"" + ModelCard.DECISION + "\"",
                "restore it, or train the ensemble again");
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

    /**
     * How the mean over views of the mean of their probabilities becomes an answer; empty where that was not fitted.
     */
    Optional<Decision> averagedDecision(String averaged) {
        return Decision.averaged(facts, averaged, card().classes().size(), card().isMultiLabel());
    }

    Preprocessing preprocessing() {
        String name = members.keySet().iterator().next();
        return ImageModels.preprocessing(card(), folder.resolve(name).resolve(ModelCard.FILE_NAME));
    }

    /** By the first member: all were fitted on the same images, and one feature space is enough. */
    InputCheck inputs() {
        return InputCheck.of(card(), folder.resolve(members.keySet().iterator().next()));
    }

    /** What a user should know of the members; of {@link #inputs()} only where those it is made of are missing. */
    List<Message> notes() {
        List<String> notes = new ArrayList<>();
        members.forEach((name, card) -> card.note(folder.resolve(name)).ifPresent(notes::add));
        InputCheck.note(card(), folder.resolve(members.keySet().iterator().next()))
                .ifPresent(notes::add);
        return notes.stream().map(Message::of).toList();
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
