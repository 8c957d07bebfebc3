package dev.graft.vision;

import dev.graft.nn.data.Collate;
import dev.graft.nn.data.CutMix;
import dev.graft.nn.data.MixUp;
import dev.graft.vision.image.transform.Augment;
import dev.graft.vision.image.transform.ImagePipeline;
import dev.graft.vision.image.transform.Preprocessing;
import dev.graft.vision.image.transform.RandAugment;
import dev.graft.vision.image.transform.RandomErasing;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * All chance that training images see.
 *
 * @param crops how much images are cropped, flipped, rotated and coloured
 * @param operations RandAugment's
 * @param erasing of a rectangle
 * @param mixUp alpha of a blend of images
 * @param cutMix alpha of a rectangle of another image; with both, one of them for each batch
 */
record Augmentations(
        Augment crops,
        Optional<RandAugment> operations,
        Optional<RandomErasing> erasing,
        Optional<Double> mixUp,
        Optional<Double> cutMix) {

    /** Whether an image is another one each time that it is seen. */
    boolean variesImages() {
        return crops != Augment.NONE || operations.isPresent() || erasing.isPresent();
    }

    /** Whether images of a batch are mixed, so that what a backbone makes of each by itself is of no use. */
    boolean mixesImages() {
        return mixUp.isPresent() || cutMix.isPresent();
    }

    ImagePipeline train(Preprocessing preprocessing) {
        return preprocessing.train(crops, operations, erasing);
    }

    /** How training batches are made. */
    Collate collate(int classes) {
        List<Collate> rules = new ArrayList<>();
        mixUp.ifPresent(alpha -> rules.add(MixUp.of(alpha, classes)));
        cutMix.ifPresent(alpha -> rules.add(CutMix.of(alpha, classes)));
        return switch (rules.size()) {
            case 0 -> Collate.stacked();
            case 1 -> rules.get(0);
            default -> Collate.oneOf(rules.toArray(Collate[]::new));
        };
    }

    /** For a run's identity; what runs of before could not have is only there if it is on. */
    void addTo(Map<String, Object> map) {
        map.put("augment", crops.name().toLowerCase(Locale.ROOT));
        operations.ifPresent(value -> map.put("rand_augment", value.toString()));
        erasing.ifPresent(value -> map.put("random_erasing", value.toString()));
        mixUp.ifPresent(alpha -> map.put("mixup", alpha));
        cutMix.ifPresent(alpha -> map.put("cutmix", alpha));
    }
}
