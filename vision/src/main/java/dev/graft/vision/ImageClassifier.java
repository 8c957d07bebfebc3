package dev.graft.vision;

import static dev.graft.message.Message.setting;

import dev.graft.message.Message;
import dev.graft.message.SettingException;
import dev.graft.nn.Module;
import dev.graft.nn.metric.Cases;
import dev.graft.nn.metric.interval.Condition;
import dev.graft.nn.metric.interval.Intervals;
import dev.graft.nn.metric.interval.Robustness;
import dev.graft.nn.model.Decision;
import dev.graft.nn.model.InputFlag;
import dev.graft.nn.model.ModelException;
import dev.graft.nn.uncertainty.AveragedNetwork;
import dev.graft.nn.uncertainty.Spread;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Device;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import dev.graft.vision.explain.Explanation;
import dev.graft.vision.explain.ExplanationMethod;
import dev.graft.vision.explain.SanityCheck;
import dev.graft.vision.image.Image;
import dev.graft.vision.image.file.Decoding;
import dev.graft.vision.image.file.ImageFormatException;
import dev.graft.vision.image.file.ImageNotes;
import dev.graft.vision.image.transform.ImagePipeline;
import dev.graft.vision.image.transform.Perturbation;
import dev.graft.vision.image.transform.Preprocessing;
import dev.graft.vision.model.zoo.PretrainedFolder;
import java.awt.image.BufferedImage;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A network with names for its classes: images in, probabilities out.
 *
 * <pre>{@code
 * try (ImageClassifier classifier = ImageClassifier.load(Path.of("run1"))) {      // a model folder
 *     Prediction prediction = classifier.predict(Path.of("scan.jpg"));
 *     System.out.println(prediction.label() + " " + prediction.probability());
 *     List<Prediction> many = classifier.predict(List.of(Path.of("a.png"), Path.of("b.png")));
 * }
 * }</pre>
 *
 * <p><b>Images</b> are a {@link Path}, the bytes of an image file as {@code byte[]} or {@link InputStream} (read to its
 * end, not closed), a {@link BufferedImage}, or an {@link Image}. They are prepared as the model's training images
 * were.
 *
 * <p><b>Threads.</b> Any number of threads may predict with one classifier at once, and none waits for another; each
 * gets the same bits as alone. A list goes through the network in batches of at most
 * {@link ImageClassifierOptions#maxBatch}, and its images are decoded in parallel. The same list gives the same bits
 * again; in a batch of another size, an image's probabilities may differ in their last digits. {@link #close()} waits
 * for the predictions that have begun; later ones fail with {@link IllegalStateException}.
 */
public final class ImageClassifier implements AutoCloseable {
    private final Module network;

    /** The network, or one that averages several of its answers. */
    private final Module model;

    private final List<String> classes;
    private final boolean multiLabel;
    private final Decision decision;
    private final InputCheck inputs;
    private final ImagePipeline pipeline;
    private final Explainer explainer;
    private final List<Message> notes;
    private final Optional<TrainingImages> training;
    private final ImageClassifierOptions options;
    private final Decoding decoding;
    private final Device device;
    private final ReentrantReadWriteLock use = new ReentrantReadWriteLock();
    private boolean closed;

    private ImageClassifier(LoadedModel loaded, ImageClassifierOptions options) {
        this.network = loaded.network();
        this.model = options.averaging().of(network, loaded.multiLabel());
        this.training = loaded.training();
        this.classes = loaded.classes();
        this.multiLabel = loaded.multiLabel();
        this.decision = loaded.decision();
        this.inputs = loaded.inputs();
        Preprocessing preprocessing = loaded.preprocessing();
        this.pipeline = (options.frame().isPresent()
                        ? preprocessing.withFrame(options.frame().getAsInt())
                        : preprocessing)
                .eval();
        this.notes = Stream.concat(loaded.notes().stream(), averagingNote(options, loaded).stream())
                .toList();
        this.options = options;
        this.decoding = pipeline.decoding().notes(options.notes());
        this.device = Device.of(options.device());
        model.eval();
        model.to(device);
        this.explainer = new Explainer(network, multiLabel, preprocessing, device);
    }

    /** The mean of several answers is less extreme than one, which the model's decision was mostly fitted to. */
    private static Optional<Message> averagingNote(ImageClassifierOptions options, LoadedModel loaded) {
        return options.averaging().isNone()
                        || loaded.decidesMeans()
                        || loaded.decision().equals(Decision.NONE)
                ? Optional.empty()
                : Optional.of(Message.of(
                        "the model's temperature, thresholds and sets of classes were fitted to single answers, and this takes the mean of several."
                                + " Hint: judge it with the same averaging on labelled images before its probabilities are relied on, or fine-tune with the same "
                                + setting("tta")));
    }

    /** The model in a folder, by {@link ImageClassifierOptions#defaults()}. */
    public static ImageClassifier load(Path folder) {
        return load(folder, ImageClassifierOptions.defaults());
    }

    /**
     * The model in a folder, such as the {@code out} folder of a {@link FineTuning}. Its weights are compared with the
     * hash in its card, and the card with what the weights say. A run that is not finished is loaded with the weights
     * of its best epoch so far, or else of its last checkpoint; {@link #notes()} says which. A folder as timm ships
     * one, see {@link PretrainedFolder}, is loaded too if it has a classifier.
     *
     * @throws ModelException where the folder holds no whole model of a format that this version knows
     * @throws SettingException for options that are for a network by its name, or another window than the model's
     */
    public static ImageClassifier load(Path folder, ImageClassifierOptions options) {
        return opened(LoadedModel.folder(folder, options), options);
    }

    /**
     * A network of the zoo with a weight file or published weights.
     *
     * @param model the network's name, such as {@code resnet18}
     * @param weights {@code imagenet} or another published name, a weight file, or a {@link PretrainedFolder}
     */
    public static ImageClassifier of(String model, String weights) {
        return of(model, weights, ImageClassifierOptions.defaults());
    }

    /**
     * As {@link #of(String, String)}, with options.
     *
     * @throws ModelException where the label file does not fit
     * @throws dev.graft.nn.run.RunException where the weights cannot be used
     */
    public static ImageClassifier of(String model, String weights, ImageClassifierOptions options) {
        return opened(LoadedModel.named(model, weights, options), options);
    }

    private static ImageClassifier opened(LoadedModel loaded, ImageClassifierOptions options) {
        try {
            return new ImageClassifier(loaded, options);
        } catch (RuntimeException | Error e) {
            loaded.network().close();
            throw e;
        }
    }

    /**
     * What is on an image file.
     *
     * @throws ImageFormatException where it is not a whole image of a known format
     * @throws UncheckedIOException where it cannot be read
     */
    public Prediction predict(Path file) {
        return one(() -> Image.read(file, decoding));
    }

    /**
     * What is on an encoded image, such as an uploaded file.
     *
     * @throws ImageFormatException where it is not a whole image of a known format
     */
    public Prediction predict(byte[] encoded) {
        return one(() -> Image.read(encoded, "image", decoding));
    }

    /**
     * What is on an encoded image; the stream is read to its end and not closed.
     *
     * @throws ImageFormatException where it is not a whole image of a known format
     * @throws UncheckedIOException where the stream cannot be read
     */
    public Prediction predict(InputStream encoded) {
        return one(() -> Image.read(encoded, "image", decoding));
    }

    /** What is on an image in memory; its samples are taken as they are, without colour management. */
    public Prediction predict(BufferedImage image) {
        return one(() -> Image.of(image, decoding));
    }

    /** What is on a decoded image. */
    public Prediction predict(Image image) {
        return one(() -> image);
    }

    /**
     * What is on each image, in order. Images may be of all the kinds that {@code predict} takes.
     *
     * @throws ImageFormatException naming the first image that cannot be read, by its file or its place in the list;
     *     see {@link #outcomes} to continue without it
     * @throws IllegalArgumentException for something that is not an image, or a stream that is there twice
     */
    public List<Prediction> predict(List<?> images) {
        return outcomes(images).stream().map(PredictionOutcome::orElseThrow).toList();
    }

    /**
     * What became of each image, in order: a prediction, or why there is none.
     *
     * @throws IllegalArgumentException for something that is not an image, or a stream that is there twice
     */
    public List<PredictionOutcome> outcomes(List<?> images) {
        checkStreams(images);
        List<Supplier<Image>> sources = IntStream.range(0, images.size())
                .mapToObj(i -> source(images.get(i), "image " + i + " of the list"))
                .toList();
        return whileOpen(
                () -> { // all of it: a list that has begun is predicted to its end
                    List<PredictionOutcome> outcomes = new ArrayList<>(sources.size());
                    for (int from = 0, to; from < sources.size(); from = to) {
                        to = from + Math.min(options.maxBatch(), sources.size() - from);
                        outcomes.addAll(batch(sources.subList(from, to)));
                    }
                    return List.copyOf(outcomes);
                });
    }

    /** Of one stream in two places, chance would say which of them gets the image. */
    private static void checkStreams(List<?> images) {
        IdentityHashMap<Object, Integer> seen = new IdentityHashMap<>();
        for (int i = 0; i < images.size(); i++) {
            Integer before = images.get(i) instanceof InputStream stream ? seen.putIfAbsent(stream, i) : null;
            if (before != null) {
                throw new IllegalArgumentException("image " + i + " of the list is the stream of image " + before
                        + ", which can be read once. Hint: give its bytes as byte[].");
            }
        }
    }

    private Supplier<Image> source(Object image, String name) {
        if (image instanceof Path file) {
            return () -> Image.read(file, decoding);
        }
        if (image instanceof byte[] bytes) {
            return () -> Image.read(bytes, name, decoding);
        }
        if (image instanceof InputStream stream) {
            return () -> Image.read(stream, name, decoding);
        }
        if (image instanceof BufferedImage buffered) {
            return () -> Image.of(buffered, decoding);
        }
        if (image instanceof Image decoded) {
            return () -> decoded;
        }
        throw new IllegalArgumentException(name + " is a "
                + (image == null ? "null" : image.getClass().getName())
                + ". Hint: give a Path, byte[], InputStream, BufferedImage or Image.");
    }

    private Prediction one(Supplier<Image> source) {
        return whileOpen(() -> batch(List.of(source)).get(0)).orElseThrow();
    }

    /** @throws IllegalStateException once closed */
    private <T> T whileOpen(Supplier<T> work) {
        use.readLock().lock();
        try {
            if (closed) {
                throw new IllegalStateException("predict: this classifier was closed. Hint: load it again.");
            }
            return work.get();
        } finally {
            use.readLock().unlock();
        }
    }

    private List<PredictionOutcome> batch(List<Supplier<Image>> sources) {
        PredictionOutcome[] outcomes = new PredictionOutcome[sources.size()];
        Image[] images = new Image[sources.size()];
        List<Map<String, Double>> quantities = new ArrayList<>(Collections.nCopies(sources.size(), Map.of()));
        IntStream all = IntStream.range(0, sources.size());
        (sources.size() == 1 ? all : all.parallel()).forEach(i -> {
            try {
                Image image = sources.get(i).get();
                if (inputs.measures()) {
                    quantities.set(i, ImageQuantities.of(image));
                }
                images[i] = pipeline.transformed(image, new SplittableRandom(0));
            } catch (RuntimeException e) {
                outcomes[i] = PredictionOutcome.of(e);
            }
        });
        int[] readable = IntStream.range(0, images.length)
                .filter(i -> outcomes[i] == null)
                .toArray();
        if (readable.length > 0) {
            List<double[]> distances = new ArrayList<>();
            float[] probabilities = probabilities(images, readable, distances);
            for (int row = 0; row < readable.length; row++) {
                List<InputFlag> flags = inputs.flags(quantities.get(readable[row]), distances.get(0), row);
                outcomes[readable[row]] = outcome(probabilities, row, flags);
            }
        }
        return List.of(outcomes);
    }

    /**
     * {@code [readable][classes]} in row-major order.
     *
     * @param distances gets the distances in feature space, or none of them
     */
    private float[] probabilities(Image[] images, int[] readable, List<double[]> distances) {
        int height = images[readable[0]].height();
        int width = images[readable[0]].width();
        int channels = images[readable[0]].channels();
        float[] input = new float[readable.length * height * width * channels];
        for (int row = 0; row < readable.length; row++) {
            float[] one = pipeline.normalize().toFloats(images[readable[row]]);
            System.arraycopy(one, 0, input, row * one.length, one.length);
        }
        try (Scope scope = Scope.open();
                Autograd.Guard guard = Autograd.noGrad()) {
            Tensor pixels = Tensor.of(input, readable.length, height, width, channels);
            Tensor batch = pixels.to(device).permute(0, 3, 1, 2);
            Tensor logits = inputs.logits(model, network, batch, distances);
            return (multiLabel ? logits.sigmoid() : logits.softmax(1)).toFloatArray();
        }
    }

    private PredictionOutcome outcome(float[] probabilities, int row, List<InputFlag> flags) {
        int count = classes.size();
        float[] own = new float[count];
        System.arraycopy(probabilities, row * count, own, 0, count);
        for (float p : own) {
            if (Float.isNaN(p)) {
                return PredictionOutcome.of(new ModelException(
                        "the network's answer is not a number (NaN)",
                        "its weights, or the image's values, hold NaN or infinity: look at the weight file with "
                                + setting("WeightFiles.inspect")));
            }
        }
        return PredictionOutcome.of(
                new Prediction(decision.calibrated(own, multiLabel), classes, multiLabel, decision, flags));
    }

    /** What the most probable class of an image file rests on; see {@link #explain(Image, ExplanationMethod, int)}. */
    public Explanation explain(Path file, ExplanationMethod method) {
        return explain(Image.read(file, decoding), method);
    }

    /** What the most probable class of an encoded image, such as an uploaded file, rests on. */
    public Explanation explain(byte[] encoded, ExplanationMethod method) {
        return explain(Image.read(encoded, "image", decoding), method);
    }

    /** What the most probable class of a decoded image rests on. */
    public Explanation explain(Image image, ExplanationMethod method) {
        Prediction prediction = predict(image);
        return whileOpen(() -> explainer.explain(image, prediction, method, prediction.index()));
    }

    /**
     * What the probability of one class rests on: a map over the image, to be looked at by itself or
     * {@linkplain Explanation#overlay() over the image}. Other threads may predict and explain meanwhile.
     *
     * <pre>{@code
     * Explanation why = classifier.explain(Image.read(file), ExplanationMethod.GRAD_CAM, 1);
     * ImageIO.write(why.overlay(), "png", out);
     * }</pre>
     *
     * <p>A map shows where the network looked, not that it is right, nor why.
     *
     * @param classIndex a position in {@link #classes()}
     * @throws IllegalArgumentException for a class that does not exist; for a network without maps, where the method
     *     needs them
     */
    public Explanation explain(Image image, ExplanationMethod method, int classIndex) {
        Objects.checkIndex(classIndex, classes.size());
        Prediction prediction = predict(image);
        return whileOpen(() -> explainer.explain(image, prediction, method, classIndex));
    }

    /**
     * Whether the maps of a method depend on what this network has learnt: see {@link SanityCheck}. The most probable
     * class of each image is explained.
     */
    public SanityCheck sanityCheck(List<Image> images, ExplanationMethod method) {
        return whileOpen(() -> explainer.sanityCheck(images, predict(images), method));
    }

    /**
     * How far the answers to an image are apart of which the probabilities are the mean: of the members of an ensemble,
     * or of {@link ImageClassifierOptions#averaging}.
     *
     * @return empty for a classifier that gives one answer
     */
    public Optional<Spread> spread(Image image) {
        return whileOpen(() -> model instanceof AveragedNetwork averaged
                ? Optional.of(averaged.spread(explainer.batch(image)).get(0))
                : Optional.<Spread>empty());
    }

    /**
     * Refuses what can be refused before images are judged for an hour: classes that the model does not know, patients
     * that it was fitted on, and a file for {@link ImageEvaluation#subgroups} that cannot be read, names none of the
     * images, or divides nothing.
     *
     * @throws dev.graft.nn.run.RunException naming what is wrong
     */
    public void check(Path data, ImageEvaluation.Options how, Optional<Path> subgroups) {
        JudgedImages.check(classes, multiLabel, pipeline, training, data, how, subgroups);
    }

    /**
     * Refuses to be compared with a model for other classes; their order does not matter.
     *
     * @throws dev.graft.nn.run.RunException naming the classes of both
     */
    public void checkComparable(ImageClassifier other) {
        ImageEvaluation.checkSameClasses(classes, multiLabel, other.classes, other.multiLabel);
    }

    /** Judges the model on labelled images; see {@link ImageEvaluation}. */
    public ImageEvaluation evaluate(Path data) {
        return evaluate(data, ImageEvaluation.Options.defaults());
    }

    /**
     * As {@link #evaluate(Path)}, with options. Other threads may predict meanwhile.
     *
     * @throws dev.graft.nn.run.RunException where the images have classes that the model does not know
     */
    public ImageEvaluation evaluate(Path data, ImageEvaluation.Options how) {
        return whileOpen(() -> ImageEvaluation.of(
                model, classes, multiLabel, decision, inputs, pipeline, device, training, data, how));
    }

    /**
     * How accuracy and AUROC on labelled images change if the images change: see {@link Perturbation#standard}. The
     * images are those that {@link #evaluate(Path, ImageEvaluation.Options)} judges.
     */
    public Robustness robustness(Path data, ImageEvaluation.Options how, List<Perturbation> changes) {
        return whileOpen(() -> {
            ImageNotes notes = new ImageNotes();
            JudgedImages judged = JudgedImages.open(classes, multiLabel, pipeline, training, data, notes, how);
            List<String> patients = judged.patients();
            Cases plain = decision.apply(judged.evaluate(model, pipeline, device, how))
                    .cases(patients);
            List<Condition> conditions = new ArrayList<>();
            for (Perturbation change : changes) {
                Cases changed = decision.apply(judged.evaluate(model, change.of(pipeline), device, how))
                        .cases(patients);
                conditions.add(Condition.of(change.kind(), change.strength(), plain, changed, Intervals.defaults()));
            }
            return Robustness.of(plain, !patients.isEmpty(), conditions, Intervals.defaults());
        });
    }

    /** For reports: what its answers rest on. */
    <T> T explaining(Function<Explainer, T> use) {
        return whileOpen(() -> use.apply(explainer));
    }

    /** For reports: of how many answers the probabilities are the mean. */
    Averaging averaging() {
        return options.averaging();
    }

    ImagePipeline pipeline() {
        return pipeline;
    }

    /** How files are decoded for this model; {@code Image.read(file, classifier.decoding())} is what it sees. */
    public Decoding decoding() {
        return decoding;
    }

    /** The names of the classes, in the order of the network's outputs. */
    public List<String> classes() {
        return classes;
    }

    /** Whether an image may have any number of the classes, each with a probability of its own. */
    public boolean isMultiLabel() {
        return multiLabel;
    }

    /** How the network's probabilities become answers, as the model's card says. */
    public Decision decision() {
        return decision;
    }

    /** What a user should know about the model, such as that nothing names its classes. */
    public List<Message> notes() {
        return notes;
    }

    /**
     * Waits for the predictions that have begun, then frees the network; a second call does nothing.
     *
     * @throws IllegalStateException within a prediction or an evaluation of this classifier, such as in a listener of
     *     it: it would wait for itself
     */
    @Override
    public void close() {
        if (use.getReadHoldCount() > 0) {
            throw new IllegalStateException("close: this thread is within a prediction or an evaluation of this "
                    + "classifier, which close() would wait for. Hint: close it after that.");
        }
        use.writeLock().lock();
        try {
            if (!closed) {
                closed = true;
                model.close();
            }
        } finally {
            use.writeLock().unlock();
        }
    }
}
