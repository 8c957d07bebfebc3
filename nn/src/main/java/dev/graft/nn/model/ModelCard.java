package dev.graft.nn.model;

import static dev.graft.message.Message.setting;

import dev.graft.io.Safetensors;
import dev.graft.io.StateDict;
import dev.graft.io.WeightFiles;
import dev.graft.io.file.FileException;
import dev.graft.io.file.Sha256;
import dev.graft.io.file.WeightFileException;
import dev.graft.message.Explained;
import dev.graft.nn.Module;
import dev.graft.nn.json.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What a saved model needs to be used again: {@code model.json} beside {@code model.safetensors}.
 *
 * @param task what the network does, such as {@value #IMAGE_CLASSIFICATION}; it says what {@code preprocessing} means
 * @param architecture the network's name, for whoever builds it
 * @param classes class names, in the order of the logits
 * @param preprocessing from an example, such as an image, to the network's input, in the words of the network's task
 * @param facts how it was made: seed, versions, hashes; informative only
 */
public record ModelCard(
        String task,
        String architecture,
        List<String> classes,
        Map<String, Object> preprocessing,
        Map<String, Object> facts) {
    /** The newest format that this version reads, and the one it writes; cards without a version are of format 0. */
    public static final int FORMAT_VERSION = 2;

    /** The first format whose cards hold their own hash. */
    private static final int HASHED = 2;

    /** The task of networks that name what is on an image; also that of cards of format 0, which name none. */
    public static final String IMAGE_CLASSIFICATION = "image-classification";

    /** The task of networks that say of each of several labels whether an image has it. */
    public static final String IMAGE_MULTI_LABEL = "image-multi-label-classification";

    /** How the names of tasks end whose examples have any number of labels. */
    private static final String MULTI_LABEL = "multi-label-classification";

    /** The entry that says which format the card has. */
    private static final String VERSION = "format_version";

    private static final String TASK = "task";

    public static final String FILE_NAME = "model.json";
    public static final String WEIGHTS = "model.safetensors";

    /** The entry that says which weights the card is about. */
    public static final String HASH = "weights_sha256";

    /** The entry that says which run made the weights: the hash of all that decided what it learnt. */
    public static final String RUN = "run_sha256";

    /** The entry that lists the further files of the result, each with its SHA-256. */
    public static final String FILES = "files";

    /** The entry that says how probabilities become an answer. */
    public static final String DECISION = "decision";

    /**
     * The entry that says it of the mean of several answers to an example, such as to an image and its mirror image.
     */
    public static final String AVERAGED_DECISION = "averaged_decision";

    /** In {@link #AVERAGED_DECISION}: which answers the mean is of. */
    public static final String AVERAGED = "averaged";

    /** The entry that holds the command line that asks for the run, with all that it left to defaults. */
    public static final String COMMAND = "command";

    /** The entry that holds the SHA-256 of each file that the run was given, by the option that names it. */
    public static final String INPUT_FILES = "input_files";

    /** The entry that says what the inputs of the training were like. */
    public static final String INPUTS = "inputs";

    /** The entry that holds the hash of all others, in a card and in a list of several models. */
    public static final String CARD_HASH = CardHash.ENTRY;

    private static final String START = "start_weights_sha256";

    /** Entries that are text, where they are there. */
    private static final List<String> TEXTS = List.of(HASH, RUN, "start_weights", START, COMMAND, CardHash.ENTRY);

    /** Entries that are objects, where they are there. */
    private static final List<String> OBJECTS =
            List.of("settings", "versions", "data", FILES, DECISION, AVERAGED_DECISION, INPUT_FILES, INPUTS);

    /** Entries that change what is answered, though not every card has them. */
    private static final List<String> BOUND_FACTS = List.of(DECISION, AVERAGED_DECISION, INPUTS);

    /** In the weights' metadata: what of the card changes predictions. */
    public static final String BINDING = "graft.card";

    public ModelCard {
        classes = List.copyOf(classes);
        preprocessing = Collections.unmodifiableMap(new LinkedHashMap<>(preprocessing));
        facts = Collections.unmodifiableMap(new LinkedHashMap<>(facts));
    }

    /**
     * Reads the card of a model folder.
     *
     * <p>What is checked is what {@code model-1.schema.json} says, which lies beside this class; what
     * {@code preprocessing} holds is checked by whoever builds the network.
     *
     * @throws ModelException if the folder has no readable card, or it is not as the schema says
     */
    public static ModelCard read(Path folder) {
        Path file = folder.resolve(FILE_NAME);
        if (!Files.isRegularFile(file)) {
            throw new ModelException(folder + " holds no " + FILE_NAME, "name the folder of a finished fine-tuning");
        }
        Map<String, Object> entries = Json.readObject(file);
        ModelCard card = of(file, new LinkedHashMap<>(entries));
        card.checkHash(folder, entries);
        return card;
    }

    /**
     * The SHA-256 of all entries but {@link #CARD_HASH}, as read from a file: the same however the file is indented,
     * its entries ordered and its numbers written.
     */
    public static String contentHash(Map<String, Object> entries) {
        return CardHash.of(entries);
    }

    /** What is different is named where the weights know it. */
    private void checkHash(Path folder, Map<String, Object> entries) {
        boolean hashed = entries.get(VERSION) instanceof Integer version && version >= HASHED;
        if (hashed && !CardHash.of(entries).equals(entries.get(CardHash.ENTRY))) {
            checkBinding(folder, folder.resolve(WEIGHTS));
            throw new ModelException(
                    folder.resolve(FILE_NAME) + " was changed after it was written: its entries have another SHA-256"
                            + " than its " + CardHash.ENTRY,
                    "put the file of that run back");
        }
    }

    /**
     * The hash of a card's entries, which is their {@code card_sha256}: SHA-256 of a text that is the same for the same
     * entries, whatever their order. Whoever can change the card can write a new hash; it tells of mistakes and of
     * those who do not know of it.
     *
     * @param entries of {@code model.json}; the hash itself does not count
     */
    public static String sha256(Map<String, Object> entries) {
        return CardHash.of(entries);
    }

    /** @param file that the entries come from, for errors */
    private static ModelCard of(Path file, Map<String, Object> map) {
        try {
            Object version = map.remove(VERSION);
            boolean versioned = checkVersion(file, version);
            boolean hashed = version instanceof Integer number && number >= HASHED;
            String task = versioned || map.containsKey(TASK) ? text(file, map, TASK) : IMAGE_CLASSIFICATION;
            String architecture = text(file, map, "architecture");
            List<String> classes = ((List<?>) require(file, map, "classes"))
                    .stream().map(name -> text(name, "classes")).toList();
            checkClasses(file, classes);
            Map<String, Object> preprocessing = new LinkedHashMap<>();
            ((Map<?, ?>) require(file, map, "preprocessing"))
                    .forEach((key, value) -> preprocessing.put((String) key, value));
            if (versioned && !map.containsKey(HASH)) {
                throw lacks(file, HASH);
            }
            if (hashed && !map.containsKey(CardHash.ENTRY)) {
                throw lacks(file, CardHash.ENTRY);
            }
            checkFacts(file, map);
            map.remove(CardHash.ENTRY);
            ModelCard card = new ModelCard(task, architecture, classes, preprocessing, map);
            card.checkDecision(file);
            return card;
        } catch (ClassCastException e) {
            throw new ModelException(
                    file + " is damaged: an entry has the wrong type", "restore it, or train the model again", e);
        }
    }

    private void checkDecision(Path file) {
        try {
            decision();
            averagedDecision("");
            inputs();
        } catch (IllegalArgumentException e) {
            throw new ModelException(
                    file + " is damaged: its " + DECISION + " or " + INPUTS + " cannot be: " + Explained.problem(e),
                    "restore it, or train the model again",
                    e);
        }
    }

    /**
     * How the network's probabilities become an answer; {@link Decision#NONE} where the card does not say, as those of
     * older versions.
     */
    public Decision decision() {
        return facts.get(DECISION) instanceof Map<?, ?> map
                ? Decision.of(map, classes.size(), isMultiLabel())
                : Decision.NONE;
    }

    /**
     * How the mean of several answers becomes an answer; empty where that was not fitted.
     *
     * @param averaged which answers the mean is of, such as {@code hflip}
     */
    public Optional<Decision> averagedDecision(String averaged) {
        return Decision.averaged(facts, averaged, classes.size(), isMultiLabel());
    }

    /** What the inputs of the training were like; {@link InputProfile#NONE} where the card does not say. */
    public InputProfile inputs() {
        return facts.get(INPUTS) instanceof Map<?, ?> map ? InputProfile.of(map) : InputProfile.NONE;
    }

    /** Whether an example has any number of the classes, each by itself. */
    public boolean isMultiLabel() {
        return task.endsWith(MULTI_LABEL);
    }

    /** Whether the card says its format; else it is of format 0. */
    private static boolean checkVersion(Path file, @Nullable Object version) {
        if (version == null) {
            return false;
        }
        if (!(version instanceof Integer number) || number < 1) {
            throw new ModelException(
                    file + " is damaged: its " + VERSION + " is " + version, "restore it, or train the model again");
        }
        if (number > FORMAT_VERSION) {
            throw new ModelException(
                    file + " has " + VERSION + " " + number + ", and this version of Graft reads up to "
                            + FORMAT_VERSION,
                    "use the version of Graft that wrote it, or a newer one");
        }
        return true;
    }

    /** What the schema says of the entries that people read, and of the hashes. */
    private static void checkFacts(Path file, Map<String, Object> facts) {
        checkTypes(facts, TEXTS, String.class);
        checkTypes(facts, OBJECTS, Map.class);
        Object seed = facts.getOrDefault("seed", 0);
        if (!(seed instanceof Integer || seed instanceof Long)) {
            throw new ClassCastException("seed");
        }
        checkHash(file, facts, HASH);
        checkHash(file, facts, RUN);
        checkHash(file, facts, CardHash.ENTRY);
        if (!"none".equals(facts.get(START))) {
            checkHash(file, facts, START);
        }
        if (facts.get("versions") instanceof Map<?, ?> versions
                && !versions.values().stream().allMatch(String.class::isInstance)) {
            throw new ClassCastException("versions");
        }
        if (facts.get(FILES) instanceof Map<?, ?> files
                && !files.values().stream().allMatch(String.class::isInstance)) {
            throw new ClassCastException(FILES);
        }
    }

    private static void checkTypes(Map<String, Object> facts, List<String> names, Class<?> type) {
        for (String name : names) {
            if (facts.containsKey(name) && !type.isInstance(facts.get(name))) {
                throw new ClassCastException(name);
            }
        }
    }

    private static void checkHash(Path file, Map<String, Object> facts, String name) {
        if (facts.containsKey(name) && !((String) facts.get(name)).matches("[0-9a-f]{64}")) {
            throw new ModelException(
                    file + " is damaged: its " + name + " is no SHA-256 (64 digits of 0 to f): " + facts.get(name),
                    "restore it, or train the model again");
        }
    }

    private static void checkClasses(Path file, List<String> classes) {
        Set<String> seen = new HashSet<>();
        for (String name : classes) {
            if (!seen.add(name)) {
                throw new ModelException(
                        file + " names the class \"" + name + "\" twice, as number " + classes.indexOf(name) + " and "
                                + classes.lastIndexOf(name),
                        "give every class a name of its own, or put the file of that run back");
            }
        }
        if (classes.isEmpty()) {
            throw new ModelException(file + " names no classes", "put the file of that run back");
        }
    }

    /** For the metadata of the weights that this card is about. */
    public String binding() {
        return Json.write(predictionFields()).replaceAll("\\s*\\R\\s*", "");
    }

    private Map<String, Object> predictionFields() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("architecture", architecture);
        map.put("classes", classes);
        map.put("preprocessing", preprocessing);
        if (!task.equals(IMAGE_CLASSIFICATION)) { // weights of before there was another task say none
            map.put(TASK, task);
        }
        for (String entry : BOUND_FACTS) {
            if (facts.containsKey(entry)) {
                map.put(entry, facts.get(entry));
            }
        }
        return map;
    }

    /**
     * Compares this card with what the weights say it was; those of older versions say nothing.
     *
     * @throws ModelException where the card was changed since
     */
    private void checkBinding(Path folder, Path weights) {
        if (!Files.isRegularFile(weights)) {
            return;
        }
        String bound = bindingOf(weights);
        if (bound.isEmpty()) {
            return;
        }
        Map<String, Object> then = Json.parseObject(bound, weights);
        List<String> changed = new ArrayList<>();
        if (!architecture.equals(then.get("architecture"))) {
            changed.add("architecture");
        }
        if (!classes.equals(then.get("classes"))) {
            changed.add("classes");
        }
        if (!task.equals(then.getOrDefault(TASK, IMAGE_CLASSIFICATION))) {
            changed.add(TASK);
        }
        if (then.get("preprocessing") instanceof Map<?, ?> before) {
            Set<Object> names = new LinkedHashSet<>(preprocessing.keySet());
            names.addAll(before.keySet());
            names.stream()
                    .filter(name -> !Json.same(preprocessing.get(name), before.get(name)))
                    .forEach(name -> changed.add("preprocessing." + name));
        }
        for (String entry : BOUND_FACTS) {
            if (!Json.same(facts.get(entry), then.get(entry))) {
                changed.add(entry);
            }
        }
        if (!changed.isEmpty()) {
            throw new ModelException(
                    folder.resolve(FILE_NAME) + " was changed after " + weights.getFileName() + " was written: other "
                            + String.join(", ", changed),
                    "put the file of that run back; a model with other classes or another input is trained again");
        }
    }

    /**
     * Answers early whether this card still says what it said when the folder's weights were written.
     *
     * @throws ModelException naming what was changed
     */
    public void checkUnchanged(Path folder) {
        checkBinding(folder, folder.resolve(WEIGHTS));
    }

    private static String bindingOf(Path weights) {
        try {
            return Safetensors.metadata(weights).getOrDefault(BINDING, "");
        } catch (WeightFileException e) {
            return ""; // another container, or damage that loading tells of
        }
    }

    /**
     * What weights that graft wrote say of themselves, wherever they were copied to; empty for others, and for those of
     * older versions.
     *
     * @throws ModelException where they say it unreadably
     */
    public static Optional<ModelCard> inside(Path weights) {
        String bound = bindingOf(weights);
        return bound.isEmpty()
                ? Optional.empty()
                : Optional.of(of(weights, new LinkedHashMap<>(Json.parseObject(bound, weights))));
    }

    private static Object require(Path file, Map<String, Object> map, String key) {
        Object value = map.remove(key);
        if (value == null) {
            throw lacks(file, key);
        }
        return value;
    }

    private static String text(Path file, Map<String, Object> map, String key) {
        String value = (String) require(file, map, key);
        if (value.isEmpty()) {
            throw lacks(file, key);
        }
        return value;
    }

    /** @throws ClassCastException for everything else, also for nothing, which a cast lets through */
    private static String text(@Nullable Object value, String key) {
        if (value instanceof String text) {
            return text;
        }
        throw new ClassCastException(key);
    }

    private static ModelException lacks(Path file, String key) {
        return new ModelException(file + " lacks \"" + key + "\"", "restore it, or train the model again");
    }

    /**
     * The card that names a weight file; empty if there is none. A {@code model.json} that graft did not write, or that
     * is the card of another file, is none.
     *
     * @param sha256 of the file
     * @param note told why a card beside the file is not its card
     */
    public static Optional<ModelCard> of(Path file, String sha256, Consumer<String> note) {
        Path folder = Optional.ofNullable(file.toAbsolutePath().getParent()).orElse(Path.of("."));
        if (!Files.isRegularFile(folder.resolve(FILE_NAME))) {
            return Optional.empty();
        }
        ModelCard card;
        Map<String, Object> entries;
        try {
            entries = Json.readObject(folder.resolve(FILE_NAME));
            card = of(folder.resolve(FILE_NAME), new LinkedHashMap<>(entries));
        } catch (ModelException | FileException e) {
            return Optional.empty();
        }
        if (card.weightsSha256().equals(Optional.of(sha256))) {
            card.checkHash(folder, entries);
            card.checkBinding(folder, file);
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
    public Optional<String> weightsSha256() {
        return Optional.ofNullable((String) facts.get(HASH));
    }

    /**
     * What a user of this model should know about the card: that nothing tells whether its weights are its own, or
     * which further files of the result are not as they were written. Files that were left behind are no change.
     */
    public Optional<String> note(Path folder) {
        List<String> notes = new ArrayList<>();
        if (weightsSha256().isEmpty()) {
            notes.add(
                    folder.resolve(FILE_NAME)
                            + " has no SHA-256 of its weights, as in old models, so it is not checked whether they belong together");
        }
        List<String> changed = changedFiles(folder);
        if (!changed.isEmpty()) {
            notes.add(folder + ": " + String.join(", ", changed) + (changed.size() == 1 ? " is" : " are")
                    + " not as the training wrote " + (changed.size() == 1 ? "it" : "them")
                    + ": another SHA-256 than in " + FILE_NAME + ". The model is not affected");
        }
        return notes.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", notes));
    }

    /** The further files of the result that are there, and have another SHA-256 than this card says. */
    public List<String> changedFiles(Path folder) {
        List<String> changed = new ArrayList<>();
        if (facts.get(FILES) instanceof Map<?, ?> files) {
            files.forEach((name, hash) -> {
                Path file = folder.resolve((String) name);
                if (Files.isRegularFile(file) && !Sha256.of(file).equals(hash)) {
                    changed.add((String) name);
                }
            });
        }
        return changed;
    }

    /** This card with one more entry, or another value of it. */
    public ModelCard withFact(String name, Object value) {
        Map<String, Object> more = new LinkedHashMap<>(facts);
        more.put(name, value);
        return new ModelCard(task, architecture, classes, preprocessing, more);
    }

    /** For the card's file. */
    public Map<String, Object> toMap() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put(VERSION, FORMAT_VERSION);
        map.put(TASK, task);
        map.putAll(predictionFields());
        map.putAll(facts);
        // of what is read from the file: numbers may come back in another type
        map.put(CardHash.ENTRY, CardHash.of(Json.parseObject(Json.write(map), Path.of(FILE_NAME))));
        return map;
    }

    /**
     * The network with the folder's weights, in evaluation mode.
     *
     * @param network builds it, with any weights, for the card's architecture and number of classes
     * @throws ModelException where the folder's weights are not those that this card is about, or do not fit the
     *     network
     */
    public <M extends Module> M load(Path folder, Supplier<M> network) {
        Path weights = folder.resolve(WEIGHTS);
        checkWeights(folder, weights);
        M model = network.get();
        try (StateDict state = WeightFiles.load(weights)) {
            model.load(state);
            FiniteWeights.check(weights, model);
            model.eval();
            return model;
        } catch (IllegalArgumentException e) {
            model.close();
            throw new ModelException(
                    weights + " does not fit " + FILE_NAME + ", which says " + architecture + " with " + classes.size()
                            + " classes: " + Explained.of(e).marked().split("\\s*Hint: ", 2)[0],
                    "put the two files of one run back",
                    e);
        } catch (RuntimeException | Error e) {
            model.close();
            throw e;
        }
    }

    private void checkWeights(Path folder, Path weights) {
        Optional<String> wanted = weightsSha256();
        if (wanted.isPresent()
                && Files.isRegularFile(weights)
                && !Sha256.of(weights).equals(wanted.get())) {
            throw new ModelException(
                    weights + " is not the file that " + FILE_NAME + " describes: it has another SHA-256 than "
                            + wanted.get(),
                    isBetweenRuns(folder)
                            ? "a run was interrupted while it put its result in place; finish it with "
                                    + setting("FineTuning.resume", folder)
                            : "put the file of that run back, or give this one by its own name as "
                                    + setting("weights"));
        }
        checkBinding(folder, weights);
    }

    /** Whether the folder's run is not the one that made the card: its weights may be in place, its card is not. */
    private boolean isBetweenRuns(Path folder) {
        try {
            Object run = Json.readObject(folder.resolve("run.json")).get(RUN);
            return run != null && !run.equals(facts.get(RUN));
        } catch (FileException e) {
            return false;
        }
    }
}
