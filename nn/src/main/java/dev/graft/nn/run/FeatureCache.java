package dev.graft.nn.run;

import dev.graft.io.file.AtomicFile;
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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
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
    private final FrozenMark frozen;
    private final FeatureStore store;
    private final int[] shape;
    private final int views;
    private final int taken;

    private FeatureCache(
            LabelledDataset examples, FrozenMark frozen, FeatureStore store, int[] shape, int views, int taken) {
        this.examples = examples;
        this.frozen = frozen;
        this.store = store;
        this.shape = shape;
        this.views = views;
        this.taken = taken;
    }

    /** As the other {@code compute}, for features that end with the program. */
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
        return compute(model, features, examples, loader, views, name, spill, Optional.empty(), stop, progress);
    }

    /**
     * Runs the frozen part over all examples, in evaluation mode; its own mode stays. Closes the loader.
     *
     * @param model whose part is frozen; put in evaluation mode for this thread
     * @param features the frozen part, from a batch of inputs {@code [N, ...]} to {@code [N, ...]}
     * @param loader over {@code examples} in order; its epochs from 1 on are the views
     * @param views how many to keep of each example
     * @param name what to call the pass
     * @param spill folder for features that do not fit in memory
     * @param kept where they outlive a stop, in this pass or later, or a kill; what is there already is taken, and the
     *     pass continues after it. If that file cannot be written, the pass continues without it
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
            Optional<KeptFeatures> kept,
            StopSignal stop,
            Progress progress)
            throws IOException {
        int count = examples.size();
        long total = (long) count * views;
        if (total > Integer.MAX_VALUE) {
            loader.close();
            throw new IOException(views + " views of " + count + " examples are more than a cache can count");
        }
        FeatureFile.Layout layout = new FeatureFile.Layout(count, loader.batchSize(), views);
        Optional<FeatureFile> found = kept.flatMap(before -> FeatureFile.open(before, layout));
        int[] shape = found.map(FeatureFile::shape).orElse(new int[0]);
        int taken = found.map(FeatureFile::size).orElse(0);
        @Nullable FeatureStore store = null;
        Optional<String> lost = Optional.empty();
        FrozenMark frozen = FrozenMark.of(model);
        progress.passStarted(name, total, taken);
        try (Autograd.Guard guard = Autograd.noGrad()) {
            if (found.isPresent()) {
                int length = length(shape);
                store = FeatureStore.keeping(found.get(), length, total * length * Float.BYTES, budget());
            }
            for (int view = taken / count; view < views; view++) {
                int first = view == taken / count ? taken % count / loader.batchSize() : 0;
                for (Batch batch : loader.at(view + 1, first)) {
                    Tensor output = model.evaluating(() -> features.apply(batch.inputs()));
                    if (store == null) {
                        shape = withoutBatch(output.shape());
                        try {
                            store = kept.isPresent() ? keeping(kept.get(), layout, shape) : null;
                        } catch (IOException e) {
                            lost = Optional.of(AtomicFile.reason(e));
                        }
                        store = store == null ? FeatureStore.create(total, length(shape), budget(), spill) : store;
                    }
                    store.append(output.toFloatArray());
                    progress.passAdvanced(batch.size());
                    Stopped.check(stop);
                }
            }
            Objects.requireNonNull(store, "no examples").complete();
            return new FeatureCache(examples, frozen, store, shape, views, taken);
        } catch (RuntimeException | IOException | Error e) {
            if (store != null) {
                store.close();
            } else if (found.isPresent()) {
                found.get().close();
            }
            throw e;
        } finally {
            progress.passDone();
            loader.close();
            if (store != null && store.lost().isPresent()) {
                lost = store.lost();
            }
            // not before, where it would be written into the bar of the pass
            lost.ifPresent(why -> kept.orElseThrow()
                    .log()
                    .accept("feature cache: a stop would lose the " + name + ", whose file cannot be written (" + why
                            + ")"));
        }
    }

    private static FeatureStore keeping(KeptFeatures kept, FeatureFile.Layout layout, int[] shape) throws IOException {
        int length = length(shape);
        long bytes = FeatureFile.bytes(layout, length);
        Path folder = Objects.requireNonNull(kept.file().toAbsolutePath().getParent(), "a file has a folder");
        if (Files.getFileStore(folder).getUsableSpace() < bytes) {
            throw new IOException("the disk has no room for " + (bytes >> 20) + " MB");
        }
        return FeatureStore.keeping(
                FeatureFile.create(kept, layout, shape),
                length,
                (long) layout.total() * length * Float.BYTES,
                budget());
    }

    private static long budget() {
        return Runtime.getRuntime().maxMemory() / MEMORY_SHARE;
    }

    private static int length(int[] shape) {
        int length = 1;
        for (int dimension : shape) {
            length = Math.multiplyExact(length, dimension);
        }
        return length;
    }

    /** Of a data set without examples, through which no loader passes. */
    public static FeatureCache ofNone(LabelledDataset examples, Path spill) throws IOException {
        return new FeatureCache(
                examples, FrozenMark.ofNothing(), FeatureStore.create(0, 1, 0, spill), new int[0], 1, 0);
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

    /** How many features were there from an earlier pass, each view of an example counted. */
    public int taken() {
        return taken;
    }

    /** How many bytes of them outlive a stop or a kill of the program; 0 where none do. */
    public long keptBytes() {
        return store.keptBytes();
    }

    @Override
    public int size() {
        return examples.size();
    }

    /**
     * An example of stored features.
     *
     * @throws IllegalStateException if a parameter that was frozen when the features were computed has been unfrozen or
     *     changed since: the features would be those of another network
     */
    @Override
    public Example get(int index, RandomGenerator random) {
        frozen.check();
        return examples.example(Tensor.of(store.get(view(random) * examples.size() + index), shape), index);
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
    public boolean isMultiLabel() {
        return examples.isMultiLabel();
    }

    @Override
    public boolean[] has(int index) {
        return examples.has(index);
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
