package dev.graft.nn.data;

import dev.graft.random.Draw;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Makes one batch of several examples, on a worker thread of the {@link DataLoader}. What it makes is closed with the
 * batch.
 *
 * <pre>{@code
 * loader = loader.collate((examples, indices, random) -> {      // images of several sizes, as a list of inputs
 *     ...
 *     return new Batch(inputs, targets, indices);
 * });
 * }</pre>
 *
 * @see <a href="https://pytorch.org/docs/stable/data.html#working-with-collate-fn">PyTorch's collate_fn</a>
 */
@FunctionalInterface
public interface Collate {

    /**
     * The batch of these examples.
     *
     * @param indices the position of each example in the data set, for the batch
     * @param random for augmentation over whole batches, such as mixup; seeded by loader, epoch and the batch's
     *     position, so that results do not depend on the number of workers
     */
    Batch batch(List<Example> examples, int[] indices, RandomGenerator random);

    /** Stacks each input and each target by itself; all examples must have one shape. The loader's default. */
    static Collate stacked() {
        return new StackedBatches(List.of(), 0, List.of(), 0);
    }

    /** One of several rules for each batch, each with the same chance: torchvision's {@code RandomChoice}. */
    static Collate oneOf(Collate... rules) {
        List<Collate> all = List.of(rules);
        if (all.isEmpty()) {
            throw new IllegalArgumentException("collate: there is no rule to choose. Hint: give at least one.");
        }
        return (examples, indices, random) ->
                all.get(Draw.below(random, all.size())).batch(examples, indices, random);
    }

    /**
     * Also pads sequences of unequal lengths.
     *
     * @param inputs which of the inputs are sequences, from 0; each is {@code [length, ...]}
     */
    static StackedBatches padded(int... inputs) {
        return StackedBatches.padding(inputs);
    }
}
