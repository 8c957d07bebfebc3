package dev.graft.nn.run;

import dev.graft.nn.Module;
import dev.graft.nn.data.Batch;
import dev.graft.nn.data.DataLoader;
import dev.graft.nn.data.Example;
import dev.graft.nn.data.LabelledDataset;
import dev.graft.nn.train.Progress;
import dev.graft.nn.train.StopSignal;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Tensor;
import dev.graft.type.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * What a frozen part of a network makes of each example, computed once. With nothing random before it, its output never
 * changes, so training the head on stored features is the same training at a fraction of the cost. With augmentation a
 * number of views of each image is kept, and every epoch draws one of them.
 */
public final class FeatureCache implements LabelledDataset, AutoCloseable {
    private static final long MEMORY_SHARE = 4;

    private final LabelledDataset examples;
    private final FeatureStore store;
    private final int[] shape;
    private final int views;

    private FeatureCache(LabelledDataset examples, FeatureStore store, int[] shape, int views) {
        this.examples = examples;
        this.store = store;
        this.shape = shape;
        this.views = views;
    }

    /**
     * Runs the frozen part over all examples, in evaluation mode; its own mode stays. Closes the loader.
     *
     * @param model whose part is frozen; put in evaluation mode for this thread
     * @param features the frozen part, from a batch of inputs {@code [N, ...]} to {@code [N, ...]}
     * @param loader over {@code examples} in order; each of its epochs is a view
     * @param views how many to keep of each example
     * @param name what to call the pass
     * @param spill folder for features that do not fit in memory
     * @param progress told of the pass
     * @throws IOException where there is room for them nowhere
     * @throws Stopped where {@code stop} was requested
     */
    public static FeatureCache compute(
            Module model,
            UnaryOperator<Tensor> features,
            LabelledDataset examples,
            DataLoader loader,
            int views,
            String name,
            Path spill,
            StopSignal stop,
            Progress progress)
            throws IOException {
        @Nullable FeatureStore store = null;
        int[] shape = new int[0];
        long total = (long) examples.size() * views;
        if (total > Integer.MAX_VALUE) {
            loader.close();
            throw new IOException(views + " views of " + examples.size() + " examples are more than a cache can count");
        }
        progress.passStarted(name, total, 0);
        try (Autograd.Guard guard = Autograd.noGrad()) {
            for (int view = 0; view < views; view++) {
                for (Batch batch : loader) {
                    Tensor output = model.evaluating(() -> features.apply(batch.inputs()));
                    if (store == null) {
                        shape = withoutBatch(output.shape());
                        store = FeatureStore.create(
                                total,
                                output.numel() / batch.size(),
                                Runtime.getRuntime().maxMemory() / MEMORY_SHARE,
                                spill);
                    }
                    store.append(output.toFloatArray());
                    progress.passAdvanced(batch.size());
                    Stopped.check(stop);
                }
            }
            return new FeatureCache(examples, Objects.requireNonNull(store, "no examples"), shape, views);
        } catch (RuntimeException | IOException | Error e) {
            if (store != null) {
                store.close();
            }
            throw e;
        } finally {
            progress.passDone();
            loader.close();
        }
    }

    /** Of a data set without examples, through which no loader passes. */
    public static FeatureCache ofNone(LabelledDataset examples, Path spill) throws IOException {
        return new FeatureCache(examples, FeatureStore.create(0, 1, 0, spill), new int[0], 1);
    }

    private static int[] withoutBatch(Shape shape) {
        int[] dims = new int[shape.rank() - 1];
        for (int i = 0; i < dims.length; i++) {
            dims[i] = shape.dim(i + 1);
        }
        return dims;
    }

    /** Whether the features are in memory, not in a temporary file. */
    public boolean isInMemory() {
        return store.isInMemory();
    }

    @Override
    public int size() {
        return examples.size();
    }

    @Override
    public Example get(int index, RandomGenerator random) {
        return Example.of(Tensor.of(store.get(view(random) * examples.size() + index), shape), examples.label(index));
    }

    // One view alone takes no number from the generator: training then has the randomness it has without a cache.
    private int view(RandomGenerator random) {
        return views == 1 ? 0 : random.nextInt(views);
    }

    @Override
    public String describe(int index) {
        return examples.describe(index);
    }

    @Override
    public int[] labels() {
        return examples.labels();
    }

    @Override
    public int label(int index) {
        return examples.label(index);
    }

    @Override
    public List<String> classes() {
        return examples.classes();
    }

    @Override
    public void close() {
        store.close();
    }
}
