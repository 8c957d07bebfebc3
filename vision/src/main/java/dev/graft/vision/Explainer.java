package dev.graft.vision;

import dev.graft.nn.Module;
import dev.graft.nn.uncertainty.Ensemble;
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
    /** Of each member of an ensemble. */
    private final List<GradCam> gradCam;

    private final List<GradCam> plusPlus;

    Explainer(Module network, boolean multiLabel, Preprocessing preprocessing, Device device) {
        this.network = network;
        this.multiLabel = multiLabel;
        this.preprocessing = preprocessing;
        this.device = device;
        List<Module> members = network instanceof Ensemble ensemble ? ensemble.members() : List.of(network);
        this.gradCam = members.stream().map(GradCam::of).toList();
        this.plusPlus = gradCam.stream().map(GradCam::plusPlus).toList();
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
            Tensor batch = batch(image);
            return switch (method) {
                case GRAD_CAM -> mean(gradCam, batch, classIndex);
                case GRAD_CAM_PLUS_PLUS -> mean(plusPlus, batch, classIndex);
                case OCCLUSION -> Occlusion.forImages(batch).maps(network, batch, multiLabel, classIndex)[0];
            };
        }
    }

    /** What the network gets, {@code [1, C, H, W]}. */
    Tensor batch(Image image) {
        return preprocessing
                .eval()
                .apply(image, new SplittableRandom(0))
                .to(device)
                .unsqueeze(0);
    }

    /** Of an ensemble: the mean of the members' maps, each scaled to 1, since their units have nothing in common. */
    private static float[][] mean(List<GradCam> members, Tensor batch, int classIndex) {
        if (members.size() == 1) {
            return members.get(0).maps(batch, classIndex)[0];
        }
        float[][] mean = new float[0][];
        for (GradCam member : members) {
            float[][] map = member.maps(batch, classIndex)[0];
            float peak = 0;
            for (float[] row : map) {
                for (float value : row) {
                    peak = Math.max(peak, value);
                }
            }
            mean = mean.length == 0 ? new float[map.length][map[0].length] : mean;
            for (int y = 0; y < map.length && peak > 0; y++) {
                for (int x = 0; x < map[y].length; x++) {
                    mean[y][x] += map[y][x] / peak / members.size();
                }
            }
        }
        return mean;
    }
}
