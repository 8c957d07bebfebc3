package dev.graft.vision;

import static dev.graft.message.Message.inJava;
import static dev.graft.message.Message.setting;

import dev.graft.io.StateDict;
import dev.graft.message.Message;
import dev.graft.message.SettingException;
import dev.graft.nn.Module;
import dev.graft.nn.model.Decision;
import dev.graft.nn.model.FiniteWeights;
import dev.graft.nn.model.LabelFile;
import dev.graft.nn.model.ModelCard;
import dev.graft.nn.model.ModelException;
import dev.graft.vision.image.transform.Preprocessing;
import dev.graft.vision.model.Backbone;
import dev.graft.vision.model.zoo.PretrainedFolder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What an {@link ImageClassifier} is made of, wherever it came from.
 *
 * @param network whoever takes it closes it
 * @param classes in the order of its outputs
 * @param multiLabel whether an image may have any number of them
 * @param decision how probabilities become answers
 * @param inputs what tells images unlike the training images
 * @param preprocessing from an image to the network's input
 * @param notes what a user should know
 * @param training the images that it was fitted on, if the folder tells
 * @param decidesMeans whether {@code decision} was fitted to the mean of the answers that are asked for
 */
record LoadedModel(
        Module network,
        List<String> classes,
        boolean multiLabel,
        Decision decision,
        InputCheck inputs,
        Preprocessing preprocessing,
        List<Message> notes,
        Optional<TrainingImages> training,
        boolean decidesMeans) {
    private LoadedModel(
            Module network,
            List<String> classes,
            boolean multiLabel,
            Decision decision,
            InputCheck inputs,
            Preprocessing preprocessing,
            List<Message> notes,
            Optional<TrainingImages> training) {
        this(network, classes, multiLabel, decision, inputs, preprocessing, notes, training, false);
    }

    /** With the decision that was fitted to the mean of the answers that are asked for, if one was. */
    private LoadedModel deciding(Optional<Decision> ofMean) {
        return ofMean.isEmpty()
                ? this
                : new LoadedModel(
                        network, classes, multiLabel, ofMean.get(), inputs, preprocessing, notes, training, true);
    }

    /** See {@link ImageClassifier#load(Path, ImageClassifierOptions)}. */
    static LoadedModel folder(Path folder, ImageClassifierOptions options) {
        if (PretrainedFolder.isOne(folder)) {
            return named(PretrainedFolder.open(folder).architecture().name(), folder.toString(), options);
        }
        if (options.stateDict().isPresent()
                || options.labels().isPresent()
                || options.imageSize().isPresent()) {
            throw new SettingException(
                    setting("stateDict") + ", " + setting("labels") + " and " + setting("imageSize")
                            + " are for a network's name; " + folder + " is a model's folder",
                    "leave them out");
        }
        if (EnsembleFolder.isOne(folder)) {
            EnsembleFolder ensemble = EnsembleFolder.read(folder);
            checkWindow(options, ensemble.preprocessing());
            return closedOnFailure(
                    ensemble.network(),
                    network -> new LoadedModel(
                                    network,
                                    ensemble.card().classes(),
                                    ensemble.card().isMultiLabel(),
                                    ensemble.decision(),
                                    ensemble.inputs(),
                                    ensemble.preprocessing(),
                                    ensemble.notes(),
                                    ensemble.training())
                            .deciding(ofMean(options.averaging(), ensemble::averagedDecision)));
        }
        Optional<UnfinishedRun> unfinished = UnfinishedRun.open(folder);
        if (unfinished.isPresent()) {
            UnfinishedRun run = unfinished.get();
            return closedOnFailure(run.network(), network -> {
                checkWindow(options, run.preprocessing());
                return new LoadedModel(
                        network,
                        run.classes(),
                        run.multiLabel(),
                        Decision.NONE, // it is chosen when the run is finished
                        InputCheck.NONE,
                        run.preprocessing(),
                        List.of(Message.of(run.note())),
                        Optional.empty());
            });
        }
        ModelCard card = ModelCard.read(folder);
        Preprocessing preprocessing = ImageModels.preprocessing(card, folder.resolve(ModelCard.FILE_NAME));
        checkWindow(options, preprocessing);
        return closedOnFailure(
                ImageModels.load(card, folder),
                network -> new LoadedModel(
                                network,
                                card.classes(),
                                card.isMultiLabel(),
                                card.decision(),
                                InputCheck.of(card, folder),
                                preprocessing,
                                Stream.concat(card.note(folder).stream(), InputCheck.note(card, folder).stream())
                                        .map(Message::of)
                                        .toList(),
                                TrainingImages.of(folder, card))
                        .deciding(ofMean(options.averaging(), card::averagedDecision)));
    }

    private static Optional<Decision> ofMean(Averaging averaging, Function<String, Optional<Decision>> fitted) {
        return averaging.isOfViewsOnly() ? fitted.apply(averaging.tta().word()) : Optional.empty();
    }

    private static void checkWindow(ImageClassifierOptions options, Preprocessing preprocessing) {
        options.window()
                .filter(window -> !window.equals(preprocessing.window()))
                .ifPresent(window -> {
                    throw new SettingException(
                            setting("window") + " " + window + " is not the model's: it was trained with "
                                    + inJava(
                                            "window(Window.parse(\"" + preprocessing.window() + "\"))",
                                            "window",
                                            preprocessing.window()),
                            "leave it out");
                });
    }

    /** See {@link ImageClassifier#of(String, String, ImageClassifierOptions)}. */
    static LoadedModel named(String model, String weights, ImageClassifierOptions options) {
        StartingPoint start = StartingPoint.of(model, weights, options.stateDict(), options.downloads());
        Path file = start.file()
                .orElseThrow(() -> new ModelException(
                        setting("weights") + " none leaves nothing to predict with", "give a weight file"));
        Preprocessing sized = options.imageSize().isPresent()
                ? start.preprocessing().withImageSize(options.imageSize().getAsInt())
                : start.preprocessing();
        Preprocessing preprocessing = options.window().map(sized::withWindow).orElse(sized);
        return closedOnFailure(start.network(new SplittableRandom(0)), network -> {
            FiniteWeights.check(file, network);
            List<Message> said =
                    new ArrayList<>(start.notes().stream().map(Message::of).toList());
            return new LoadedModel(
                    network,
                    labels(network, start, options.labels(), said),
                    false,
                    options.labels().isPresent() ? Decision.NONE : decision(start),
                    InputCheck.NONE,
                    preprocessing,
                    said,
                    Optional.empty());
        });
    }

    /** What the card of a run's weights says, or the weights themselves, wherever they were copied to. */
    private static Decision decision(StartingPoint start) {
        Path file = start.file().orElseThrow();
        return ModelCard.of(file, start.sha256().orElse(""), note -> {})
                .or(() -> ModelCard.inside(file))
                .filter(card -> !card.isMultiLabel() && start.classes().equals(Optional.of(card.classes())))
                .map(ModelCard::decision)
                .orElse(Decision.NONE);
    }

    private static <M extends Module> LoadedModel closedOnFailure(M network, Function<M, LoadedModel> build) {
        try {
            return build.apply(network);
        } catch (RuntimeException | Error e) {
            network.close();
            throw e;
        }
    }

    private static List<String> labels(
            Backbone network, StartingPoint start, Optional<Path> labelFile, List<Message> notes) {
        int outputs = outputs(network);
        if (labelFile.isPresent()) {
            return LabelFile.read(labelFile.get(), outputs);
        }
        // a published file whose head was changed since has the published name, but not the published classes
        Optional<List<String>> known = start.classes().filter(names -> names.size() == outputs);
        if (known.isEmpty()) {
            notes.add(Message.of("nothing names its classes, so they are numbers. Hint: give " + setting("labels")
                    + " FILE, one name a line"));
        }
        return known.orElseGet(
                () -> IntStream.range(0, outputs).mapToObj(Integer::toString).toList());
    }

    private static int outputs(Backbone network) {
        try (StateDict state = network.stateDict()) {
            return state.get(network.headPath() + ".weight").dim(0);
        }
    }
}
