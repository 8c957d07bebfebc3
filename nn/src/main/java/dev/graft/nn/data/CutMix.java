package dev.graft.nn.data;

import dev.graft.random.Draw;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Puts a rectangle of the image before into each image of a batch, one rectangle for the batch. With {@code lambda}
 * from Beta(alpha, alpha), its sides are {@code sqrt(1 - lambda)} of the image's, before it is cut at the borders;
 * labels become soft, F32 {@code [N, classes]}, by the share of the area that is then left.
 *
 * <pre>{@code
 * DataLoader train = DataLoader.of(images, 32).shuffled(seed).collate(CutMix.of(1, 10));
 * }</pre>
 *
 * @param alpha above 0; 1 draws {@code lambda} uniformly
 * @param classes the number of classes
 * @param stacking makes the batch of images {@code [N, C, H, W]}
 * @see <a href="https://arxiv.org/abs/1905.04899">Yun et al. 2019</a>
 * @see <a href="https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.CutMix.html">torchvision's
 *     CutMix</a>
 */
public record CutMix(double alpha, int classes, Collate stacking) implements Collate {

    /** @throws IllegalArgumentException unless {@code alpha} is positive and finite, and there is a class */
    public CutMix {
        Mixing.check("cutMix", alpha, classes);
    }

    /** Of stacked batches. */
    public static CutMix of(double alpha, int classes) {
        return new CutMix(alpha, classes, Collate.stacked());
    }

    /** A rectangle: columns {@code [left, right)}, rows {@code [top, bottom)}; perhaps empty. */
    record Box(int left, int top, int right, int bottom) {

        /** As torchvision's, for the same numbers. */
        static Box of(double lambda, int width, int height, int x, int y) {
            double half = 0.5 * Math.sqrt(1 - lambda);
            int halfWidth = (int) (half * width);
            int halfHeight = (int) (half * height);
            return new Box(
                    Math.max(0, x - halfWidth),
                    Math.max(0, y - halfHeight),
                    Math.min(width, x + halfWidth),
                    Math.min(height, y + halfHeight));
        }

        /** The share of an image that is outside. */
        double left(int width, int height) {
            return 1 - (double) (right - left) * (bottom - top) / ((double) width * height);
        }
    }

    @Override
    public Batch batch(List<Example> examples, int[] indices, RandomGenerator random) {
        Batch batch = stacking.batch(examples, indices, random);
        Tensor images = Mixing.images("cutMix", batch, 4);
        double lambda = Mixing.beta(alpha, random);
        int x = Draw.below(random, images.dim(3));
        int y = Draw.below(random, images.dim(2));
        return mix(batch, Box.of(lambda, images.dim(3), images.dim(2), x, y));
    }

    @SuppressWarnings("try")
    Batch mix(Batch batch, Box box) {
        try (Scope scope = Scope.open();
                Autograd.Guard guard = Autograd.noGrad()) {
            Tensor images = Mixing.images("cutMix", batch, 4);
            int height = images.dim(2);
            int width = images.dim(3);
            float[] inside = new float[height * width];
            for (int y = box.top; y < box.bottom; y++) {
                for (int x = box.left; x < box.right; x++) {
                    inside[y * width + x] = 1;
                }
            }
            Tensor mask =
                    Tensor.of(images.device(), inside, 1, 1, height, width).gt(0f);
            return new Batch(
                    scope.keep(Tensor.where(mask, images.roll(0, 1), images)),
                    scope.keep(Mixing.blend(Mixing.soft("cutMix", batch, classes), box.left(width, height))),
                    batch.indices());
        }
    }
}
