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
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
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
    private final List<int[]> shapes;
    private final int views;
    private final int taken;

    private FeatureCache(
            LabelledDataset examples, FrozenMark frozen, FeatureStore store, List<int[]> shapes, int views, int taken) {
        this.examples = examples;
        this.frozen = frozen;
        this.store = store;
        this.shapes = shapes;
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
     * As the other {@code compute}, for a frozen part of one input and one output.
     *
     * @param features from a batch of inputs {@code [N, ...]} to {@code [N, ...]}
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
        return computeAll(
                model,
                batch -> List.of(features.apply(batch.inputs())),
                examples,
                loader,
                views,
                name,
                spill,
                kept,
                stop,
                progress);
    }

    /**
     * Runs the frozen part over all examples, in evaluation mode; its own mode stays. Closes the loader.
     *
     * <p>Examples may have several inputs, and several features that the rest of the network takes: what the frozen
     * part makes of an image, say, and a row of a table as it is.
     *
     * <pre>{@code
     * FeatureCache.computeAll(model, batch -> List.of(body.forward(batch.allInputs().get(0)), batch.allInputs().get(1)), ...)
     * }</pre>
     *
     * @param model whose part is frozen; put in evaluation mode for this thread
     * @param features the frozen part, from a batch to F32 tensors {@code [N, ...]}: as many for each batch, of one
     *     shape each apart from N
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
    public static FeatureCache computeAll(
            Module model,
            Function<Batch, List<Tensor>> features,
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
        List<int[]> shapes = found.map(FeatureFile::shapes).orElse(List.of());
        int taken = found.map(FeatureFile::size).orElse(0);
        @Nullable FeatureStore store = null;
        Optional<String> lost = Optional.empty();
        FrozenMark frozen = FrozenMark.of(model);
        progress.passStarted(name, total, taken);
        try (Autograd.Guard guard = Autograd.noGrad()) {
            if (found.isPresent()) {
                int length = length(shapes);
                store = FeatureStore.keeping(found.get(), length, total * length * Float.BYTES, budget());
            }
            for (int view = taken / count; view < views; view++) {
                int first = view == taken / count ? taken % count / loader.batchSize() : 0;
                for (Batch batch : loader.at(view + 1, first)) {
                    List<Tensor> outputs = checked(model.evaluating(() -> features.apply(batch)), batch.size(), shapes);
                    if (store == null) {
                        shapes = outputs.stream()
                                .map(o -> withoutBatch(o.shape()))
                                .toList();
                        try {
                            store = kept.isPresent() ? keeping(kept.get(), layout, shapes) : null;
                        } catch (IOException e) {
                            lost = Optional.of(AtomicFile.reason(e));
                        }
                        store = store == null ? FeatureStore.create(total, length(shapes), budget(), spill) : store;
                    }
                    store.append(sideBySide(outputs, batch.size()));
                    progress.passAdvanced(batch.size());
                    Stopped.check(stop);
                }
            }
            Objects.requireNonNull(store, "no examples").complete();
            return new FeatureCache(examples, frozen, store, shapes, views, taken);
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

    private static FeatureStore keeping(KeptFeatures kept, FeatureFile.Layout layout, List<int[]> shapes)
            throws IOException {
        int length = length(shapes);
        long bytes = FeatureFile.bytes(layout, length);
        Path folder = Objects.requireNonNull(kept.file().toAbsolutePath().getParent(), "a file has a folder");
        if (Files.getFileStore(folder).getUsableSpace() < bytes) {
            throw new IOException("the disk has no room for " + (bytes >> 20) + " MB");
        }
        return FeatureStore.keeping(
                FeatureFile.create(kept, layout, shapes),
                length,
                (long) layout.total() * length * Float.BYTES,
                budget());
    }

    private static long budget() {
        return Runtime.getRuntime().maxMemory() / MEMORY_SHARE;
    }

    private static int length(List<int[]> shapes) {
        return Math.toIntExact(FeatureFile.elements(shapes));
    }

    /**
     * Refuses what cannot be stored, or is not what earlier batches had.
     *
     * @param shapes those of earlier batches; empty if there are none
     */
    private static List<Tensor> checked(List<Tensor> outputs, int batch, List<int[]> shapes) {
        if (outputs.isEmpty()) {
            throw new IllegalArgumentException(
                    "feature cache: there are no features. Hint: return at least one tensor.");
        }
        List<Shape> found = outputs.stream().map(Tensor::shape).toList();
        boolean fits = shapes.isEmpty() || shapes.size() == outputs.size();
        for (int i = 0; i < outputs.size(); i++) {
            Tensor output = outputs.get(i);
            if (output.dtype() != DType.F32) {
                throw new IllegalArgumentException("feature cache: feature " + i + " is " + output.dtype() + " "
                        + output.shape() + ", not F32. Hint: embed indices in the frozen part.");
            }
            fits &= output.rank() > 0 && output.dim(0) == batch;
            fits = fits && (shapes.isEmpty() || Arrays.equals(withoutBatch(output.shape()), shapes.get(i)));
        }
        if (!fits) {
            String before = shapes.isEmpty()
                    ? ""
                    : ", and of earlier ones "
                            + shapes.stream().map(Arrays::toString).collect(Collectors.joining(", "));
            throw new IllegalArgumentException("feature cache: the features of a batch of " + batch
                    + " must begin with its size, and must be of one shape for all (of this batch " + found + before
                    + ").");
        }
        return outputs;
    }

    /** Example by example, the features one after the other. */
    private static float[] sideBySide(List<Tensor> features, int batch) {
        if (features.size() == 1) {
            return features.get(0).toFloatArray();
        }
        List<float[]> values = features.stream().map(Tensor::toFloatArray).toList();
        int length = values.stream().mapToInt(v -> v.length / batch).sum();
        float[] all = new float[batch * length];
        int at = 0;
        for (float[] part : values) {
            int width = part.length / batch;
            for (int n = 0; n < batch; n++) {
                System.arraycopy(part, n * width, all, n * length + at, width);
            }
            at += width;
        }
        return all;
    }

    /** Of a data set without examples, through which no loader passes. */
    public static FeatureCache ofNone(LabelledDataset examples, Path spill) throws IOException {
        return new FeatureCache(
                examples, FrozenMark.ofNothing(), FeatureStore.create(0, 1, 0, spill), List.of(new int[0]), 1, 0);
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
        float[] values = store.get(view(random) * examples.size() + index);
        List<Tensor> inputs = new ArrayList<>();
        int at = 0;
        for (int[] shape : shapes) {
            int next = at + length(List.of(shape));
            inputs.add(Tensor.of(shapes.size() == 1 ? values : Arrays.copyOfRange(values, at, next), shape));
            at = next;
        }
        Example target = examples.example(inputs.get(0), index);
        return inputs.size() == 1 ? target : new Example(inputs, target.allTargets());
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
