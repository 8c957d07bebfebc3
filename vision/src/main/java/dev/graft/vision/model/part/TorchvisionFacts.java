package dev.graft.vision.model.part;

import dev.graft.vision.image.Interpolation;
import dev.graft.vision.image.transform.Preprocessing;
import dev.graft.vision.model.weights.Accuracy;
import dev.graft.vision.model.weights.ClassNames;
import dev.graft.vision.model.weights.WeightsFacts;
import java.net.URI;

/** What torchvision's ImageNet files share. */
public final class TorchvisionFacts {
    private static final String FOLDER = "https://download.pytorch.org/models/";

    private TorchvisionFacts() {}

    /** The first recipe: shorter side 256. */
    public static WeightsFacts v1(String architecture, String sha256, double top1, double top5) {
        return facts(architecture, sha256, Preprocessing.imageNet(), top1, top5);
    }

    /** The recipe of 2021: shorter side 232. */
    public static WeightsFacts v2(String architecture, String sha256, double top1, double top5) {
        return facts(architecture, sha256, Preprocessing.imageNet(224, 232, Interpolation.BILINEAR), top1, top5);
    }

    private static WeightsFacts facts(
            String architecture, String sha256, Preprocessing preprocessing, double top1, double top5) {
        String fileName = architecture + "-" + sha256.substring(0, 8) + ".pth";
        return WeightsFacts.of(architecture, fileName, sha256, ClassNames.imageNet(), preprocessing)
                .url(URI.create(FOLDER + fileName))
                .origin("torchvision, BSD-3-Clause")
                .accuracy(Accuracy.of(top1, top5));
    }
}
