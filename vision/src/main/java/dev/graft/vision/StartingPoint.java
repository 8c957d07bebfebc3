package dev.graft.vision;

import static dev.graft.message.Message.setting;

import dev.graft.io.StateDict;
import dev.graft.io.WeightFiles;
import dev.graft.io.file.Sha256;
import dev.graft.io.file.WeightFileException;
import dev.graft.message.Explained;
import dev.graft.nn.LoadOptions;
import dev.graft.nn.model.FiniteWeights;
import dev.graft.nn.run.RunException;
import dev.graft.vision.image.transform.Preprocessing;
import dev.graft.vision.model.Architecture;
import dev.graft.vision.model.Backbone;
import dev.graft.vision.model.download.DownloadListener;
import dev.graft.vision.model.download.WeightCache;
import dev.graft.vision.model.weights.Weights;
import dev.graft.vision.model.zoo.ModelZoo;
import dev.graft.vision.model.zoo.PretrainedFolder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * Where a fine-tuning starts: a network by name, and published weights by name, a weight file, a folder with its
 * description, or none.
 *
 * @param architecture the network
 * @param origin what the user asked for
 * @param file the weight file; empty to train from scratch
 * @param stateDict which of several networks in the file; empty where it holds one
 * @param preprocessing how images are prepared for these weights
 * @param classes the names of the file's classes; empty if unknown
 * @param sha256 of the file
 * @param notes what a user should know about the file
 */
record StartingPoint(
        Architecture architecture,
        String origin,
        Optional<Path> file,
        Optional<String> stateDict,
        Preprocessing preprocessing,
        Optional<List<String>> classes,
        Optional<String> sha256,
        List<String> notes) {
    private static final int LISTED = 5;

    /**
     * Finds, and where needed downloads, the weights.
     *
     * @param weights {@code imagenet} or another published name, a file, a {@link PretrainedFolder}, or {@code none}
     * @param stateDict which of several networks in the file
     */
    static StartingPoint of(String model, String weights, Optional<String> stateDict, DownloadListener downloads) {
        Path file = Path.of(weights);
        Optional<PretrainedFolder> shipped = weights.equals("none") ? Optional.empty() : PretrainedFolder.at(file);
        if (shipped.isPresent()) {
            return of(model, shipped.get(), stateDict);
        }
        if (stateDict.isPresent() && !Files.isRegularFile(file)) {
            throw new RunException(
                    setting("stateDict") + " " + stateDict.get() + " names a part of a weight file, and "
                            + setting("weights") + " " + weights + " is none",
                    "leave it out, or give a file");
        }
        Architecture architecture = ModelZoo.architecture(model);
        if (weights.equals("none")) {
            Preprocessing usual = architecture.preprocessing();
            return new StartingPoint(
                    architecture,
                    weights,
                    Optional.empty(),
                    Optional.empty(),
                    usual,
                    Optional.empty(),
                    Optional.empty(),
                    List.of());
        }
        if (Files.isRegularFile(file)) {
            FileFacts facts = FileFacts.of(architecture, file);
            return new StartingPoint(
                    architecture,
                    weights,
                    Optional.of(file),
                    stateDict,
                    facts.preprocessing(),
                    facts.classes(),
                    Optional.of(facts.sha256()),
                    facts.notes());
        }
        if (Files.exists(file) || weights.contains("/") || weights.contains("\\") || weights.contains(".")) {
            throw new RunException(
                    setting("weights") + " " + weights + (Files.exists(file) ? " is not a file" : " does not exist"),
                    "give a weight file (.safetensors, .pth), a folder as timm ships one, the name of published weights such as imagenet, or none");
        }
        Weights published = architecture.weights(weights);
        Path found = WeightCache.fromEnvironment().fetch(published, downloads);
        return new StartingPoint(
                architecture,
                published.name(),
                Optional.of(found),
                Optional.empty(),
                published.preprocessing(),
                Optional.of(published.classes()),
                Optional.of(Sha256.of(found)),
                List.of());
    }

    private static StartingPoint of(String model, PretrainedFolder shipped, Optional<String> stateDict) {
        Architecture own = shipped.architecture();
        Architecture asked = ModelZoo.architecture(model);
        if (!asked.name().equals(own.name())) {
            throw new RunException(
                    shipped.folder() + " is a " + own + " by its " + PretrainedFolder.CONFIG + ", not a " + asked,
                    "say " + setting("model", own) + ", or leave it out");
        }
        return new StartingPoint(
                own,
                shipped.folder().toString(),
                Optional.of(shipped.weights()),
                stateDict,
                shipped.preprocessing(),
                shipped.classes(),
                Optional.of(Sha256.of(shipped.weights())),
                shipped.notes());
    }

    /**
     * Refuses a network that cannot deny a label where images have any number of labels.
     *
     * @throws RunException with the way out
     */
    static void checkCanDeny(Backbone model, ImageData data) {
        if (data.isMultiLabel() && !model.hasNegativeLogits()) {
            throw new RunException(
                    model.architecture()
                            + " cannot learn any number of labels: its head ends in a ReLU, so each label's"
                            + " probability would be at least 0.5",
                    "use another network, such as " + setting("model", "resnet18"));
        }
    }

    /**
     * Builds the network for a number of classes. The file's head is kept where it has as many outputs; else the new
     * one stays. All other keys must fit exactly.
     */
    Start build(int classes, RandomGenerator random) {
        return build(classes, true, random);
    }

    /** As {@link #build(int, RandomGenerator)}; but a head that is known to be for other classes is not kept. */
    Start build(List<String> names, RandomGenerator random) {
        return build(names.size(), classes.isEmpty() || classes.get().equals(names), random);
    }

    private Start build(int classes, boolean headFits, RandomGenerator random) {
        Backbone model = architecture.create(classes, random);
        if (file.isEmpty()) {
            return new Start(model, "random weights");
        }
        try (StateDict state = load()) {
            boolean sameSize = hasHeadOf(state, model);
            boolean kept = sameSize && headFits;
            fill(model, state, kept ? LoadOptions.strict() : LoadOptions.replacedHead(model.headPath()));
            FiniteWeights.check(file.get(), model);
            String head = kept
                    ? "the head has " + classes + " outputs already and is kept"
                    : "new head " + model.headPath() + " for " + classes + " classes"
                            + (sameSize ? ", since the file's are others (" + listed() + ")" : "");
            return new Start(model, file.get() + ", " + head);
        } catch (RuntimeException | Error e) {
            model.close();
            throw e;
        }
    }

    /**
     * The file's weights, under the names that the network gives them.
     *
     * @throws RunException where the file holds several networks, and it is not said which is meant
     */
    StateDict load() {
        Path path = file.orElseThrow();
        try (StateDict read =
                stateDict.map(name -> WeightFiles.load(path, name)).orElseGet(() -> WeightFiles.load(path))) {
            return architecture.unwrapped(read);
        } catch (IllegalArgumentException e) {
            String[] parts = said(e).split("\\.? Hint: ", 2);
            throw new RunException(
                    path + ": " + parts[0],
                    parts.length == 2
                            ? parts[1].replaceAll("\\.$", "")
                            : "choose one by its name with " + setting("stateDict"),
                    e);
        } catch (WeightFileException e) {
            throw new WeightFileException(
                    e.file(),
                    e.problem(),
                    said(e).replaceFirst("(?s).*\\. Hint: (.*)\\.", "$1"),
                    e.offset().orElse(-1),
                    e);
        }
    }

    /**
     * The network with all of the file's weights, and as many classes as its head has.
     *
     * @throws RunException where the file does not fit
     */
    Backbone network(RandomGenerator random) {
        try (StateDict state = load()) {
            if (architecture.lacksOnlyItsHead(state)) {
                throw new RunException(
                        file.orElseThrow() + " holds a backbone without a classifier, so it tells no classes apart",
                        "fine-tune it on your images first");
            }
            try {
                return architecture.create(state, random);
            } catch (IllegalArgumentException e) {
                throw doesNotFit(e);
            }
        }
    }

    private void fill(Backbone model, StateDict state, LoadOptions options) {
        try {
            model.load(state, options);
        } catch (IllegalArgumentException e) {
            throw doesNotFit(e);
        }
    }

    /** Its message, marked, with settings in the words of {@link FineTuning} rather than those of the file's reader. */
    private static String said(RuntimeException e) {
        return Explained.of(e)
                .render((name, value) ->
                        name.contains(".") || value.isEmpty() ? setting(name) : setting(name, value.get()));
    }

    private RunException doesNotFit(IllegalArgumentException e) {
        String[] parts = said(e).split("\\s*Hint: ", 2);
        return new RunException(
                file.orElseThrow() + " does not fit " + architecture + ": " + parts[0],
                parts.length == 2 && parts[1].contains("in Python") // another network would not help
                        ? parts[1].replaceAll("\\.$", "")
                        : "name the network that the file was saved from with " + setting("model"),
                e);
    }

    private String listed() {
        List<String> names = classes.orElseThrow();
        return String.join(", ", names.subList(0, Math.min(LISTED, names.size())))
                + (names.size() > LISTED ? ", ..." : "");
    }

    private static boolean hasHeadOf(StateDict state, Backbone model) {
        String prefix = model.headPath() + ".";
        try (StateDict own = model.stateDict()) {
            return own.names().stream()
                    .filter(name -> name.startsWith(prefix))
                    .allMatch(name -> state.find(name)
                            .filter(tensor ->
                                    tensor.shape().equals(own.get(name).shape()))
                            .isPresent());
        }
    }

    /**
     * A network ready to be trained.
     *
     * @param model owns its weights
     * @param description where they come from, for display
     */
    record Start(Backbone model, String description) {}
}
