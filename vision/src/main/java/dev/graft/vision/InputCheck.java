package dev.graft.vision;

import dev.graft.nn.Module;
import dev.graft.nn.model.FeatureSpace;
import dev.graft.nn.model.InputFlag;
import dev.graft.nn.model.InputProfile;
import dev.graft.nn.model.ModelCard;
import dev.graft.tensor.Tensor;
import dev.graft.vision.model.Backbone;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Tells images that are unlike a model's training images.
 *
 * @param profile what those were like
 * @param space where their features lie; empty if it is not known
 */
record InputCheck(InputProfile profile, Optional<FeatureSpace> space) {
    /** Tells nothing. */
    static final InputCheck NONE = new InputCheck(InputProfile.NONE, Optional.empty());

    /** Of a model's folder; the feature space may have been left behind when the model was passed on. */
    static InputCheck of(ModelCard card, Path folder) {
        InputProfile profile = card.inputs();
        Path file = folder.resolve(FeatureSpace.FILE_NAME);
        return new InputCheck(
                profile,
                profile.featureSpaceHash()
                        .filter(hash -> Files.isRegularFile(file))
                        .map(hash -> FeatureSpace.load(file, hash)));
    }

    /** What a user should know. */
    static Optional<String> note(ModelCard card, Path folder) {
        Path file = folder.resolve(FeatureSpace.FILE_NAME);
        return card.inputs()
                .featureSpaceHash()
                .filter(hash -> !Files.isRegularFile(file))
                .map(hash ->
                        file + " is missing, so inputs that are far from the training data in feature space are not"
                                + " flagged");
    }

    /** Whether there is anything to compare an image with. */
    boolean measures() {
        return !profile.ranges().isEmpty();
    }

    /**
     * A network's answer to a batch.
     *
     * @param model the network, or one that averages several of its answers
     * @param network whose features are compared; of several the first, whose features {@link #space} was fitted to
     * @param distances gets each input's distance in feature space; empty if they are not compared
     */
    Tensor logits(Module model, Module network, Tensor batch, List<double[]> distances) {
        Optional<Backbone> tapped = space.flatMap(known -> backbone(network));
        if (tapped.isEmpty()) {
            distances.add(new double[0]);
            return model.forward(batch);
        }
        Backbone backbone = tapped.get();
        Tensor features = backbone.features(batch);
        distances.add(distances(features));
        return model == backbone ? backbone.classify(features) : model.forward(batch);
    }

    private static Optional<Backbone> backbone(Module network) {
        return network.modules().stream()
                .filter(Backbone.class::isInstance)
                .map(Backbone.class::cast)
                .findFirst();
    }

    private double[] distances(Tensor features) {
        return Arrays.stream(FeatureTap.rows(features))
                .mapToDouble(space.orElseThrow()::distance)
                .toArray();
    }

    List<InputFlag> flags(Map<String, Double> quantities, double[] distances, int row) {
        return profile.flags(
                quantities, distances.length == 0 ? OptionalDouble.empty() : OptionalDouble.of(distances[row]));
    }

    /** A network that keeps the features of what goes through it, if they are compared. */
    Optional<FeatureTap> tap(Module model) {
        return space.flatMap(known -> backbone(model)).map(network -> FeatureTap.of(model, network));
    }

    /**
     * Of each judged image.
     *
     * @param quantities of all, by position
     * @param indices the position of each
     * @param tap what kept their features
     */
    List<List<InputFlag>> flags(List<Map<String, Double>> quantities, int[] indices, Optional<FeatureTap> tap) {
        double[] distances = tap.map(kept -> Arrays.stream(kept.features())
                        .mapToDouble(space.orElseThrow()::distance)
                        .toArray())
                .orElseGet(() -> new double[0]);
        List<List<InputFlag>> flags = new ArrayList<>();
        for (int i = 0; i < indices.length; i++) {
            flags.add(flags(quantities.get(indices[i]), distances, i));
        }
        return List.copyOf(flags);
    }
}
