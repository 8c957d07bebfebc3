package dev.graft.nn.data;

import dev.graft.tensor.Autograd;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Blends each example of a batch with the one before it, inputs and labels alike: {@code lambda * x + (1 - lambda) *
 * previous x}, with one {@code lambda} from Beta(alpha, alpha) for the batch. Labels become soft, F32 {@code [N,
 * classes]}; {@code CrossEntropyLoss} takes them, and {@code BceWithLogitsLoss} for several labels at once.
 *
 * <pre>{@code
 * DataLoader train = DataLoader.of(images, 32).shuffled(seed).collate(MixUp.of(0.2, 10));
 * }</pre>
 *
 * @param alpha above 0; 1 draws {@code lambda} uniformly, smaller values keep it near 0 or 1
 * @param classes the number of classes
 * @param stacking makes the batch that is blended
 * @see <a href="https://arxiv.org/abs/1710.09412">Zhang et al. 2017</a>
 * @see <a href="https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.MixUp.html">torchvision's
 *     MixUp</a>
 */
public record MixUp(double alpha, int classes, Collate stacking) implements Collate {

    /** @throws IllegalArgumentException unless {@code alpha} is positive and finite, and there is a class */
    public MixUp {
        Mixing.check("mixUp", alpha, classes);
    }

    /** Of stacked batches. */
    public static MixUp of(double alpha, int classes) {
        return new MixUp(alpha, classes, Collate.stacked());
    }

    @Override
    public Batch batch(List<Example> examples, int[] indices, RandomGenerator random) {
        return mix(stacking.batch(examples, indices, random), Mixing.beta(alpha, random));
    }

    /**
     * Blends a batch.
     *
     * @param lambda the share of each example itself, in [0, 1]
     */
    @SuppressWarnings("try")
    Batch mix(Batch batch, double lambda) {
        try (Scope scope = Scope.open();
                Autograd.Guard guard = Autograd.noGrad()) {
            Tensor inputs = Mixing.images("mixUp", batch, 1);
            return new Batch(
                    scope.keep(Mixing.blend(inputs, lambda)),
                    scope.keep(Mixing.blend(Mixing.soft("mixUp", batch, classes), lambda)),
                    batch.indices());
        }
    }
}
