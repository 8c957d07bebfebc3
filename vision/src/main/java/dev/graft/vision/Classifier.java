package dev.graft.vision;

import dev.graft.io.StateDict;
import dev.graft.nn.model.FiniteWeights;
import dev.graft.nn.model.ModelCard;
import dev.graft.nn.run.RunException;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import dev.graft.vision.image.Image;
import dev.graft.vision.image.file.Decoding;
import dev.graft.vision.image.file.ImageNotes;
import dev.graft.vision.image.file.Window;
import dev.graft.vision.image.transform.ImagePipeline;
import dev.graft.vision.image.transform.Preprocessing;
import dev.graft.vision.model.Backbone;
import dev.graft.vision.model.download.DownloadListener;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** A network with names for its classes: images in, the most probable classes out. */
public final class Classifier implements AutoCloseable {
    private final Backbone model;
    private final List<String> labels;
    private final ImagePipeline pipeline;
    private final List<String> modelNotes;
    private final ImageNotes notes = new ImageNotes();

    private Classifier(Backbone model, List<String> labels, Preprocessing preprocessing, List<String> modelNotes) {
        this.model = model;
        this.labels = labels;
        this.pipeline = preprocessing.eval();
        this.modelNotes = List.copyOf(modelNotes);
        model.eval();
    }

    /**
     * One answer.
     *
     * @param index position of the logit
     * @param label the class's name
     * @param probability in [0, 1]
     */
    public record Answer(int index, String label, float probability) {}

    /** The model of a finished run. */
    public static Classifier ofRun(Path folder) {
        ModelCard card = ModelCard.read(folder);
        Preprocessing preprocessing = ImageModels.preprocessing(card, folder.resolve(ModelCard.FILE_NAME));
        return new Classifier(
                ImageModels.load(card, folder),
                card.classes(),
                preprocessing,
                card.note(folder).stream().toList());
    }

    /**
     * A network of the zoo with a weight file or published weights.
     *
     * @param stateDict which of several networks in the weight file
     * @param labelFile one class name a line; empty for those of the file's model card or of published weights, else
     *     numbers
     * @param imageSize side of the network's input; empty for the weights' own
     * @param window how samples of more than 8 bits become 8; empty for the weights' own way
     */
    public static Classifier ofWeights(
            String model,
            String weights,
            Optional<String> stateDict,
            Optional<Path> labelFile,
            OptionalInt imageSize,
            Optional<Window> window) {
        StartingPoint start = StartingPoint.of(model, weights, stateDict, DownloadListener.log());
        Path file = start.file()
                .orElseThrow(
                        () -> new RunException("--weights none leaves nothing to predict with", "give a weight file"));
        Preprocessing sized = imageSize.isPresent()
                ? start.preprocessing().withImageSize(imageSize.getAsInt())
                : start.preprocessing();
        Preprocessing preprocessing = window.map(sized::withWindow).orElse(sized);
        Backbone network = start.network(new SplittableRandom(0));
        try {
            FiniteWeights.check(file, network);
            List<String> said = new ArrayList<>(start.notes());
            return new Classifier(network, labels(network, start, labelFile, said), preprocessing, said);
        } catch (RuntimeException e) {
            network.close();
            throw e;
        }
    }

    private static List<String> labels(
            Backbone network, StartingPoint start, Optional<Path> labelFile, List<String> notes) {
        int classes = outputs(network);
        if (labelFile.isPresent()) {
            List<String> labels = readLabels(labelFile.get());
            if (labels.size() != classes) {
                throw new RunException(
                        "--labels " + labelFile.get() + " has " + labels.size() + " lines, the network has " + classes
                                + " classes",
                        "give one class name a line, in the order of the network's outputs");
            }
            return labels;
        }
        // a published file whose head was changed since has the published name, but not the published classes
        Optional<List<String>> known = start.classes().filter(names -> names.size() == classes);
        if (known.isEmpty()) {
            notes.add("nothing names its classes, so they are numbers. Hint: give --labels FILE, one name a line");
        }
        return known.orElseGet(
                () -> IntStream.range(0, classes).mapToObj(Integer::toString).toList());
    }

    private static int outputs(Backbone network) {
        try (StateDict state = network.stateDict()) {
            return state.get(network.headPath() + ".weight").dim(0);
        }
    }

    private static List<String> readLabels(Path file) {
        if (Files.exists(file) && !Files.isRegularFile(file)) { // opening a pipe waits, a device has no end
            throw new RunException(
                    "--labels " + file + " is not a regular file", "give a text file, one class name a line");
        }
        try {
            String text = Files.readString(file);
            return text.substring(text.startsWith("\uFEFF") ? 1 : 0)
                    .lines()
                    .map(String::strip)
                    .filter(line -> !line.isEmpty())
                    .toList();
        } catch (CharacterCodingException e) {
            throw new RunException("--labels " + file + " is not UTF-8", "save it as UTF-8 text", e);
        } catch (IOException e) {
            throw new RunException(
                    "--labels " + file + " cannot be read (" + e.getClass().getSimpleName() + ")",
                    "give a text file, one class name a line",
                    e);
        }
    }

    /** The {@code count} most probable classes of an image file, the best first. */
    public List<Answer> predict(Path file, int count) {
        Image image =
                Image.read(file, Decoding.defaults().window(pipeline.window()).notes(notes));
        float[] probabilities;
        try (Scope scope = Scope.open();
                Autograd.Guard guard = Autograd.noGrad()) {
            Tensor input = pipeline.apply(image, new SplittableRandom(0)).unsqueeze(0);
            probabilities = model.forward(input).softmax(1).toFloatArray();
        }
        for (float p : probabilities) {
            if (Float.isNaN(p)) {
                throw new RunException(
                        "the network's answer is not a number (NaN)",
                        "its weights, or the image's values, hold NaN or infinity:"
                                + " look at the weight file with graft inspect");
            }
        }
        return IntStream.range(0, probabilities.length)
                .boxed()
                .sorted(Comparator.comparingDouble((Integer i) -> -probabilities[i]))
                .limit(count)
                .map(i -> new Answer(i, labels.get(i), probabilities[i]))
                .toList();
    }

    /** How samples of more than 8 bits become 8. */
    public Window window() {
        return pipeline.window();
    }

    /** What a user should know about the model. */
    public List<String> modelNotes() {
        return modelNotes;
    }

    /** What is odd about the images that were read. */
    public ImageNotes notes() {
        return notes;
    }

    @Override
    public void close() {
        model.close();
    }
}
