package dev.graft.nn.sequence;

import dev.graft.nn.model.ModelCard;
import dev.graft.nn.model.ModelException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * The model in a folder that a {@link SequenceRun} has written: sequences in, probabilities of their classes out.
 *
 * <pre>{@code
 * try (SequenceModel model = SequenceModel.load(Path.of("run1"))) {
 *     float[][] probabilities = model.predict(List.of("ACGT..."));       // [sequences][classes]
 * }
 * }</pre>
 *
 * <p>Any number of threads may predict at once.
 */
public final class SequenceModel implements AutoCloseable {
    /** The task in the card of a classifier of sequences. */
    public static final String TASK = "sequence-classification";

    static final String ARCHITECTURE = "dilated-resnet";
    private static final String NETWORK = "network";
    private static final int MOST = 1 << 20;

    private final SequenceClassifier network;
    private final List<String> classes;

    private SequenceModel(SequenceClassifier network, List<String> classes) {
        this.network = network;
        this.classes = classes;
    }

    /**
     * Loads a model folder.
     *
     * @throws ModelException where the folder holds no whole model of sequences
     */
    public static SequenceModel load(Path folder) {
        ModelCard card = ModelCard.read(folder);
        Path file = folder.resolve(ModelCard.FILE_NAME);
        if (!card.task().equals(TASK)) {
            throw new ModelException(
                    file + " is of a model for " + card.task() + ", not for classes of sequences",
                    "give the folder of graft genomics transfer --out");
        }
        if (!card.architecture().equals(ARCHITECTURE)) {
            throw new ModelException(
                    file + " has the architecture \"" + card.architecture() + "\", which is not known",
                    "use the version of Graft that wrote it, or a newer one");
        }
        Shape shape = shape(file, card);
        return new SequenceModel(
                card.load(folder, () -> shape.network(card.classes().size())), card.classes());
    }

    /** What the card says of the network. */
    private record Shape(
            SequenceClassifier.Head head,
            int length,
            int inputs,
            int channels,
            int outputs,
            List<DilatedResNet.Stage> stages) {
        SequenceClassifier network(int classes) {
            var random = new SplittableRandom(0);
            return new SequenceClassifier(
                    new DilatedResNet(inputs, channels, stages, outputs, random), head, length, classes, random);
        }
    }

    private static Shape shape(Path file, ModelCard card) {
        if (!(card.preprocessing().get(NETWORK) instanceof Map<?, ?> map)
                || !(map.get("stages") instanceof List<?> list)
                || list.isEmpty()) {
            throw damaged(file, NETWORK);
        }
        List<DilatedResNet.Stage> stages = new ArrayList<>();
        for (Object each : list) {
            if (!(each instanceof Map<?, ?> stage)) {
                throw damaged(file, "stages");
            }
            try {
                stages.add(new DilatedResNet.Stage(
                        number(file, stage, "units"), number(file, stage, "kernel"), number(file, stage, "dilation")));
            } catch (IllegalArgumentException e) {
                throw damaged(file, "stages");
            }
        }
        SequenceClassifier.Head head;
        try {
            head = SequenceClassifier.Head.valueOf(
                    String.valueOf(map.get("head")).toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw damaged(file, "head");
        }
        return new Shape(
                head,
                number(file, map, "length"),
                number(file, map, "inputs"),
                number(file, map, "channels"),
                number(file, map, "outputs"),
                stages);
    }

    private static int number(Path file, Map<?, ?> map, String name) {
        if (map.get(name) instanceof Integer number && number >= 1 && number <= MOST) {
            return number;
        }
        throw damaged(file, name);
    }

    private static ModelException damaged(Path file, String name) {
        return new ModelException(
                file + " is damaged: its \"" + name + "\" is missing or has the wrong type",
                "restore it, or train the model again");
    }

    /** The card of a classifier. */
    static ModelCard card(SequenceClassifier network, List<String> classes, Map<String, Object> facts) {
        DilatedResNet body = network.body();
        Map<String, Object> shape = new LinkedHashMap<>();
        shape.put("head", network.kind().name().toLowerCase(Locale.ROOT));
        shape.put("length", network.length());
        shape.put("inputs", body.inputs());
        shape.put("channels", body.channels());
        shape.put("outputs", body.outputs());
        shape.put(
                "stages",
                body.stages().stream()
                        .map(stage -> {
                            Map<String, Object> entry = new LinkedHashMap<>();
                            entry.put("units", stage.units());
                            entry.put("kernel", stage.kernel());
                            entry.put("dilation", stage.dilation());
                            return entry;
                        })
                        .toList());
        Map<String, Object> preprocessing = new LinkedHashMap<>();
        preprocessing.put("letters", "one-hot A, C, G, T; other letters are zeros");
        preprocessing.put("context", body.context());
        preprocessing.put(NETWORK, shape);
        return new ModelCard(TASK, ARCHITECTURE, classes, preprocessing, facts);
    }

    /** The names of the classes. */
    public List<String> classes() {
        return classes;
    }

    /** The length of its sequences. */
    public int length() {
        return network.length();
    }

    /** The network, in evaluation mode; it belongs to the model. */
    public SequenceClassifier network() {
        return network;
    }

    /**
     * The probability of each class for each sequence, {@code [sequences][classes]}.
     *
     * @throws IllegalArgumentException if a sequence is not as long as {@link #length()}
     */
    public float[][] predict(List<String> sequences) {
        return SequenceTransfer.probabilities(network, sequences);
    }

    @Override
    public void close() {
        network.close();
    }
}
