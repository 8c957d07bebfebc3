package dev.graft.vision.explain;

import dev.graft.nn.Module;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Class activation maps by gradients: which places of a layer's maps raise the score of a class. With the layer's
 * output {@code A [K, h, w]} and the gradient {@code g = d y / d A} of the class's score {@code y} (before softmax or
 * sigmoid), the map is {@code relu(sum_k w_k A_k)} with {@code w_k = mean(g_k)}; of {@link #plusPlus} with {@code w_k =
 * sum(a_k relu(g_k))}, {@code a_k = g_k^2 / (2 g_k^2 + sum(A_k) g_k^3)}.
 *
 * <pre>{@code
 * float[][] map = GradCam.of(model).maps(images, 1)[0];          // where image 0 shows class 1
 * float[][] finer = GradCam.of(model, "layer3").plusPlus().maps(images, 1)[0];
 * }</pre>
 *
 * <p>Any network will do whose output is {@code [N, classes]} and that has a layer of maps {@code [N, K, h, w]}, also
 * one that is frozen. It computes in evaluation mode and gets no gradients; only what follows the layer is recorded. So
 * any number of threads may explain with one network at once, also within {@link Autograd#noGrad()}.
 *
 * @see <a href="https://arxiv.org/abs/1610.02391">Selvaraju et al. 2017</a>
 * @see <a href="https://arxiv.org/abs/1710.11063">Chattopadhay et al. 2018</a>
 */
public final class GradCam {
    private static final double TINY = 1e-30;

    private final Module network;
    private final Optional<String> named;
    private final boolean plusPlus;
    private volatile @Nullable MapLayer found;

    private GradCam(Module network, Optional<String> named, boolean plusPlus) {
        this.network = network;
        this.named = named;
        this.plusPlus = plusPlus;
    }

    /** Looks at the last layer, outside the head, whose maps have more than one position. */
    public static GradCam of(Module network) {
        return new GradCam(network, Optional.empty(), false);
    }

    /**
     * Looks at a layer of choice; earlier ones are finer, and less about the class.
     *
     * @param layer as for {@link Module#module}
     * @throws IllegalArgumentException if there is no such layer, listing the children that exist
     */
    public static GradCam of(Module network, String layer) {
        network.module(layer);
        return new GradCam(network, Optional.of(layer), false);
    }

    /** Grad-CAM++ with the same layer. */
    public GradCam plusPlus() {
        return new GradCam(network, named, true);
    }

    /**
     * The path of the layer that is looked at.
     *
     * @param images as the network gets them, {@code [N, C, H, W]}
     */
    public String layer(Tensor images) {
        return mapLayer(images).path();
    }

    private MapLayer mapLayer(Tensor images) {
        MapLayer known = found;
        if (known == null) {
            known = MapLayer.find(network, named, images);
            found = known;
        }
        return known;
    }

    /**
     * The map of each image, {@code [h][w]} of the layer, not negative and not scaled; all zero where nothing raises
     * the score.
     *
     * @param images as the network gets them, {@code [N, C, H, W]}
     * @param classes one for all images, or one for each; without any, that of each image's highest score
     * @throws IllegalArgumentException for a class that does not exist, or another number of them; for a network
     *     without maps
     */
    public float[][][] maps(Tensor images, int... classes) {
        MapLayer layer = mapLayer(images);
        return Autograd.enableGrad(
                () -> network.evaluating(() -> network.withConstantParameters(() -> maps(layer, images, classes))));
    }

    private float[][][] maps(MapLayer layer, Tensor images, int[] classes) {
        try (Scope scope = Scope.open();
                LeafOutput output = new LeafOutput(layer.calls())) {
            Tensor scores = network.replacingOutputs(layer.path(), output, () -> network.forward(images.detach()));
            int[] chosen = Scores.classes("gradCam", scores, classes);
            Tensor maps = output.leaf();
            if (!scores.requiresGrad()) {
                throw new IllegalArgumentException("gradCam: the scores do not depend on the layer '" + layer.path()
                        + "'. Hint: name a layer that the scores are computed from.");
            }
            Scores.of(scores, chosen).sum().backward();
            int[] shape = maps.shape().toArray();
            float[] a = maps.detach().toFloatArray();
            float[] g = maps.grad().map(Tensor::toFloatArray).orElseGet(() -> new float[a.length]);
            float[][][] all = new float[shape[0]][][];
            for (int i = 0; i < all.length; i++) {
                all[i] = map(a, g, i, shape[1], shape[2], shape[3]);
            }
            return all;
        }
    }

    private float[][] map(float[] a, float[] g, int image, int channels, int height, int width) {
        int area = height * width;
        double[] sum = new double[area];
        for (int k = 0; k < channels; k++) {
            int from = (image * channels + k) * area;
            double weight = plusPlus ? plusPlusWeight(a, g, from, area) : mean(g, from, area);
            for (int p = 0; p < area; p++) {
                sum[p] += weight * a[from + p];
            }
        }
        float[][] map = new float[height][width];
        for (int p = 0; p < area; p++) {
            map[p / width][p % width] = (float) Math.max(sum[p], 0);
        }
        return map;
    }

    private static double mean(float[] g, int from, int area) {
        double sum = 0;
        for (int p = 0; p < area; p++) {
            sum += g[from + p];
        }
        return sum / area;
    }

    private static double plusPlusWeight(float[] a, float[] g, int from, int area) {
        double activation = 0;
        for (int p = 0; p < area; p++) {
            activation += a[from + p];
        }
        double weight = 0;
        for (int p = 0; p < area; p++) {
            double slope = g[from + p];
            if (slope > 0) { // relu; a slope of 0 has no alpha
                double square = slope * slope;
                double below = 2 * square + activation * square * slope;
                weight += (Math.abs(below) < TINY ? 0 : square / below) * slope;
            }
        }
        return weight;
    }
}
