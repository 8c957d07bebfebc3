package dev.graft.vision.explain;

import dev.graft.nn.Module;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Occlusion maps: a grey square is put over each part of an image in turn. The value of a pixel is by how much the
 * probability of the class fell, on the mean over all squares that covered the pixel: positive where the pixel speaks
 * for the class, negative where it speaks against it.
 *
 * <pre>{@code float[][] map = Occlusion.forImages(images).maps(model, images, false, 1)[0];}</pre>
 *
 * <p>The first square lies in the corner; those at the right and lower edge are cut off there. What covers is 0 in each
 * channel, which is the mean colour after normalisation.
 *
 * @param window the square's side in pixels of the network's input, at least 1
 * @param stride from one square to the next, from 1 to {@code window}, so that each pixel is covered
 * @param batch the most images that go through the network together, at least 1
 * @see <a href="https://arxiv.org/abs/1311.2901">Zeiler and Fergus 2014</a>
 */
public record Occlusion(int window, int stride, int batch) {
    private static final int BATCH = 32;

    /** @throws IllegalArgumentException for sizes that are not possible */
    public Occlusion {
        if (window < 1 || stride < 1 || stride > window || batch < 1) {
            throw new IllegalArgumentException("occlusion: window " + window + ", stride " + stride + ", batch " + batch
                    + ". Hint: each at least 1, and the stride at most the window.");
        }
    }

    /** Squares of a seventh of the image's shorter side, which overlap by half. */
    public static Occlusion forImages(Tensor images) {
        int window = Math.max(1, (int) Math.rint(Math.min(images.dim(2), images.dim(3)) / 7.0));
        return new Occlusion(window, Math.max(1, window / 2), BATCH);
    }

    /** A square, given by its upper left corner and what follows the lower right one. */
    private record Square(int top, int left, int bottom, int right) {}

    /**
     * The map of each image, {@code [H][W]} as the images.
     *
     * @param images as the network gets them, {@code [N, C, H, W]}
     * @param multiLabel whether probabilities are those of labels by themselves (sigmoid), or of classes (softmax)
     * @param classes one for all images, or one for each; without any, the most probable one of each image
     * @throws IllegalArgumentException for a class that does not exist, or another number of them
     */
    public float[][][] maps(Module network, Tensor images, boolean multiLabel, int... classes) {
        return Autograd.noGrad(() -> network.evaluating(() -> {
            try (Scope scope = Scope.open()) {
                Tensor scores = network.forward(images);
                int[] chosen = Scores.classes("occlusion", scores, classes);
                float[] whole =
                        Scores.of(probabilities(scores, multiLabel), chosen).toFloatArray();
                float[][][] maps = new float[whole.length][][];
                for (int i = 0; i < maps.length; i++) {
                    maps[i] = map(network, images.slice(0, i, i + 1), multiLabel, chosen[i], whole[i]);
                }
                return maps;
            }
        }));
    }

    private float[][] map(Module network, Tensor image, boolean multiLabel, int index, float whole) {
        int channels = image.dim(1);
        int height = image.dim(2);
        int width = image.dim(3);
        float[] pixels = image.permute(0, 2, 3, 1).toFloatArray();
        double[][] sums = new double[height][width];
        int[][] counts = new int[height][width];
        List<Square> squares = squares(height, width);
        for (int from = 0; from < squares.size(); from += batch) {
            List<Square> some = squares.subList(from, Math.min(squares.size(), from + batch));
            float[] input = new float[some.size() * pixels.length];
            for (int i = 0; i < some.size(); i++) {
                System.arraycopy(pixels, 0, input, i * pixels.length, pixels.length);
                Square square = some.get(i);
                for (int y = square.top; y < square.bottom; y++) {
                    int row = i * pixels.length + y * width * channels;
                    java.util.Arrays.fill(input, row + square.left * channels, row + square.right * channels, 0f);
                }
            }
            try (Scope scope = Scope.open()) {
                Tensor covered = Tensor.of(input, some.size(), height, width, channels)
                        .to(image.device())
                        .permute(0, 3, 1, 2);
                float[] answers = probabilities(network.forward(covered), multiLabel)
                        .select(1, index)
                        .toFloatArray();
                for (int i = 0; i < answers.length; i++) {
                    add(some.get(i), (double) whole - answers[i], sums, counts);
                }
            }
        }
        float[][] map = new float[height][width];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                map[y][x] = (float) (sums[y][x] / counts[y][x]);
            }
        }
        return map;
    }

    private static void add(Square square, double fall, double[][] sums, int[][] counts) {
        for (int y = square.top; y < square.bottom; y++) {
            for (int x = square.left; x < square.right; x++) {
                sums[y][x] += fall;
                counts[y][x]++;
            }
        }
    }

    private List<Square> squares(int height, int width) {
        List<Square> squares = new ArrayList<>();
        for (int y = 0; y < steps(height); y++) {
            for (int x = 0; x < steps(width); x++) {
                squares.add(new Square(
                        y * stride,
                        x * stride,
                        Math.min(height, y * stride + window),
                        Math.min(width, x * stride + window)));
            }
        }
        return squares;
    }

    private int steps(int size) {
        return Math.max(0, (size - window + stride - 1) / stride) + 1;
    }

    private static Tensor probabilities(Tensor scores, boolean multiLabel) {
        return multiLabel ? scores.sigmoid() : scores.softmax(1);
    }
}
