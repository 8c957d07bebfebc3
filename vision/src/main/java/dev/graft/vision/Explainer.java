package dev.graft.vision;

import dev.graft.nn.Module;
import dev.graft.tensor.Device;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import dev.graft.vision.explain.Explanation;
import dev.graft.vision.explain.ExplanationMethod;
import dev.graft.vision.explain.GradCam;
import dev.graft.vision.explain.Occlusion;
import dev.graft.vision.explain.SanityCheck;
import dev.graft.vision.image.Image;
import dev.graft.vision.image.transform.Preprocessing;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** Explains what one classifier predicts, for any number of threads at once. */
final class Explainer {
    private final Module network;
    private final boolean multiLabel;
    private final Preprocessing preprocessing;
    private final Device device;
    private final GradCam gradCam;
    private final GradCam plusPlus;

    Explainer(Module network, boolean multiLabel, Preprocessing preprocessing, Device device) {
        this.network = network;
        this.multiLabel = multiLabel;
        this.preprocessing = preprocessing;
        this.device = device;
        this.gradCam = GradCam.of(network);
        this.plusPlus = gradCam.plusPlus();
    }

    Explanation explain(Image image, Prediction prediction, ExplanationMethod method, int classIndex) {
        return Explanation.of(
                method,
                classIndex,
                prediction.classes().get(classIndex),
                prediction.probabilities()[classIndex],
                map(image, method, classIndex),
                preprocessing.cropSize(),
                image,
                preprocessing.placement(image.width(), image.height()));
    }

    SanityCheck sanityCheck(List<Image> images, List<Prediction> predictions, ExplanationMethod method) {
        List<Integer> all = IntStream.range(0, images.size()).boxed().toList();
        return SanityCheck.of(
                method,
                network,
                all,
                preprocessing.cropSize(),
                i -> map(images.get(i), method, predictions.get(i).index()),
                0);
    }

    /** In the method's own size and unit. */
    private float[][] map(Image image, ExplanationMethod method, int classIndex) {
        try (Scope scope = Scope.open()) {
            Tensor pixels = preprocessing.eval().apply(image, new SplittableRandom(0));
            Tensor batch = pixels.to(device).unsqueeze(0);
            return switch (method) {
                case GRAD_CAM -> gradCam.maps(batch, classIndex)[0];
                case GRAD_CAM_PLUS_PLUS -> plusPlus.maps(batch, classIndex)[0];
                case OCCLUSION -> Occlusion.forImages(batch).maps(network, batch, multiLabel, classIndex)[0];
            };
        }
    }
}
