package dev.graft.vision;

import static dev.graft.message.Message.setting;

import dev.graft.message.Explained;
import dev.graft.message.SettingException;
import dev.graft.nn.Module;
import dev.graft.nn.Stochastic;
import dev.graft.nn.model.Decision;
import dev.graft.nn.model.ModelCard;
import dev.graft.nn.uncertainty.McDropout;
import dev.graft.nn.uncertainty.TestTimeAugmentation;
import dev.graft.tensor.Tensor;
import dev.graft.vision.model.Backbone;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * How many answers to an image a classifier takes the mean of.
 *
 * @param tta which views of the image it sees
 * @param mcDropout how many answers it gives to each view with its dropout on; 0 for one with dropout off
 * @param seed of what is dropped
 */
public record Averaging(Views tta, int mcDropout, long seed) {
    private static final Averaging NONE = new Averaging(Views.NONE, 0, 0);

    /** Views of an image. A mirrored radiograph has its heart on the wrong side, so none is mirrored by default. */
    public enum Views {
        /** The image alone. */
        NONE(List.of(UnaryOperator.identity())),
        /** The image, and mirrored left to right. */
        HFLIP(List.of(UnaryOperator.identity(), image -> image.flip(3))),
        /** The image, mirrored left to right, top to bottom, and both. */
        FLIPS(List.of(
                UnaryOperator.identity(), image -> image.flip(3), image -> image.flip(2), image -> image.flip(2, 3)));

        private final List<UnaryOperator<Tensor>> ofBatch;

        Views(List<UnaryOperator<Tensor>> ofBatch) {
            this.ofBatch = ofBatch;
        }

        /** For the card: a decision for the mean over these views. */
        Map<String, Object> decision(Decision fitted) {
            Map<String, Object> map = new LinkedHashMap<>();
            map.put(ModelCard.AVERAGED, word());
            map.putAll(fitted.toMap());
            return map;
        }

        /** As the card names it, such as {@code hflip}. */
        String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** @throws SettingException for a negative number of answers */
    public Averaging {
        if (mcDropout < 0) {
            throw new SettingException(
                    setting("mcDropout") + " must not be negative, was " + mcDropout, "30 answers are usual");
        }
    }

    /** One answer to the image as it is. */
    public static Averaging none() {
        return NONE;
    }

    /** This with other views. */
    public Averaging tta(Views views) {
        return new Averaging(views, mcDropout, seed);
    }

    /** This with another number of answers with dropout. */
    public Averaging mcDropout(int answers) {
        return new Averaging(tta, answers, seed);
    }

    /** This with another seed of what is dropped. */
    public Averaging seed(long value) {
        return new Averaging(tta, mcDropout, value);
    }

    /** Whether there is one answer to the image as it is. */
    boolean isNone() {
        return tta == Views.NONE && mcDropout == 0;
    }

    /** Whether the mean is over views alone, for which a decision can be fitted. */
    boolean isOfViewsOnly() {
        return tta != Views.NONE && mcDropout == 0;
    }

    /** Of what the mean is taken, for people; empty for one answer to the image as it is. */
    String describe() {
        String views = tta == Views.NONE ? "" : tta.ofBatch.size() + " views of an image (" + tta.word() + ")";
        String dropped = mcDropout == 0 ? "" : mcDropout + " answers with dropout";
        return views + (views.isEmpty() || dropped.isEmpty() ? "" : ", and of each ") + dropped;
    }

    /** @throws SettingException for dropout that the network does not have */
    Module of(Module network, boolean multiLabel) {
        Module answers = mcDropout == 0 ? network : withDropout(network, multiLabel);
        return tta == Views.NONE ? answers : new TestTimeAugmentation(answers, tta.ofBatch, multiLabel);
    }

    private Module withDropout(Module network, boolean multiLabel) {
        try {
            return network instanceof Backbone backbone && dropsInHeadOnly(backbone)
                    ? McDropout.of(network, mcDropout, seed, multiLabel, backbone::features, backbone::classify)
                    : McDropout.of(network, mcDropout, seed, multiLabel);
        } catch (IllegalArgumentException e) {
            throw new SettingException(
                    setting("mcDropout", mcDropout) + " cannot be: " + Explained.problem(e),
                    "use a network with dropout, such as efficientnet_lite0, or an ensemble of several trainings");
        }
    }

    private static boolean dropsInHeadOnly(Backbone network) {
        Set<Module> head = Collections.newSetFromMap(new IdentityHashMap<>());
        network.headModules().forEach(name -> head.addAll(network.module(name).modules()));
        return network.modules().stream().allMatch(module -> head.contains(module) || !(module instanceof Stochastic));
    }
}
