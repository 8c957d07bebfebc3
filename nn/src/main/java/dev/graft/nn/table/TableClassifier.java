package dev.graft.nn.table;

import dev.graft.nn.data.table.Table;
import dev.graft.nn.data.table.TableEncoder;
import dev.graft.nn.model.Decision;
import dev.graft.nn.model.ModelCard;
import dev.graft.nn.model.ModelException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.SplittableRandom;

/**
 * The model in a folder that a {@link TableRun} has written: rows of a table in, probabilities out.
 *
 * <pre>{@code
 * try (TableClassifier model = TableClassifier.load(Path.of("run1"))) {
 *     double[] probabilities = model.predict(Table.read(Path.of("stays.csv")));
 * }
 * }</pre>
 *
 * <p>Any number of threads may predict at once.
 */
public final class TableClassifier implements AutoCloseable {
    /** The task in the card of a table's model. */
    public static final String TASK = "table-classification";

    static final String NETWORK = "table-network";
    static final String REGRESSION = "logistic-regression";
    private static final String ENCODER = "encoder";
    private static final String NETWORK_SHAPE = "network";
    static final List<String> CLASSES = List.of("no", "yes");

    private final TableModel model;
    private final ModelCard card;
    private final Decision decision;
    private final Path folder;

    private TableClassifier(TableModel model, ModelCard card, Path folder) {
        this.model = model;
        this.card = card;
        this.decision = card.decision();
        this.folder = folder;
    }

    /**
     * Loads a model folder.
     *
     * @throws ModelException where the folder holds no whole model of a table
     */
    public static TableClassifier load(Path folder) {
        ModelCard card = ModelCard.read(folder);
        Path file = folder.resolve(ModelCard.FILE_NAME);
        if (!card.task().equals(TASK)) {
            throw new ModelException(
                    file + " is of a model for " + card.task() + ", not for rows of a table",
                    "give the folder of graft readmission train");
        }
        TableEncoder encoder = encoder(file, card.preprocessing());
        return new TableClassifier(
                switch (card.architecture()) {
                    case NETWORK ->
                        new NetworkModel(
                                encoder,
                                card.load(
                                        folder,
                                        () -> shape(file, encoder, card.preprocessing())
                                                .network(new SplittableRandom(0))),
                                0);
                    case REGRESSION -> regression(folder, card, encoder);
                    default ->
                        throw new ModelException(
                                file + " has the architecture \"" + card.architecture() + "\", which is not known",
                                "use the version of Graft that wrote it, or a newer one");
                },
                card,
                folder);
    }

    private static TableEncoder encoder(Path file, Map<String, Object> preprocessing) {
        return TableEncoder.of(file + " \"" + ENCODER + "\"", object(file, preprocessing, ENCODER));
    }

    private static Map<String, Object> object(Path file, Map<String, Object> map, String name) {
        if (!(map.get(name) instanceof Map<?, ?> entries)) {
            throw damaged(file, name);
        }
        Map<String, Object> object = new LinkedHashMap<>();
        entries.forEach((key, value) -> object.put(String.valueOf(key), value));
        return object;
    }

    private static ModelException damaged(Path file, String name) {
        return new ModelException(
                file + " is damaged: its \"" + name + "\" is missing or has the wrong type",
                "restore it, or train the model again");
    }

    private static TableNetwork.Shape shape(Path file, TableEncoder encoder, Map<String, Object> preprocessing) {
        Map<String, Object> map = object(file, preprocessing, NETWORK_SHAPE);
        List<Integer> widths = numbers(file, map, "widths");
        if (widths.size() != encoder.categories().size()
                || !(map.get("dropout") instanceof Number dropout)
                || widths.stream().anyMatch(width -> width < 1 || width > 1024)) {
            throw damaged(file, "widths");
        }
        return new TableNetwork.Shape(
                encoder.categories().stream().map(TableEncoder.Category::size).toList(),
                widths,
                encoder.numerics(),
                numbers(file, map, "hidden"),
                dropout.doubleValue());
    }

    private static List<Integer> numbers(Path file, Map<String, Object> map, String name) {
        if (!(map.get(name) instanceof List<?> list)) {
            throw damaged(file, name);
        }
        List<Integer> numbers = new ArrayList<>();
        for (Object each : list) {
            if (!(each instanceof Integer number) || number < 1 || number > 1 << 16) {
                throw damaged(file, name);
            }
            numbers.add(number);
        }
        return numbers;
    }

    private static RegressionModel regression(Path folder, ModelCard card, TableEncoder encoder) {
        int inputs = RegressionModel.width(encoder) + 1;
        try (RegressionWeights weights = card.load(folder, () -> new RegressionWeights(new double[inputs]))) {
            return RegressionModel.of(encoder, weights.toArray());
        }
    }

    /** The card of a model. */
    static ModelCard card(TableModel model, Map<String, Object> facts) {
        Map<String, Object> preprocessing = new LinkedHashMap<>();
        preprocessing.put(ENCODER, model.encoder().toMap());
        if (model instanceof NetworkModel network) {
            TableNetwork.Shape shape = network.network().shape();
            Map<String, Object> map = new LinkedHashMap<>();
            map.put("widths", shape.widths());
            map.put("hidden", shape.hidden());
            map.put("dropout", shape.dropout());
            preprocessing.put(NETWORK_SHAPE, map);
        }
        return new ModelCard(TASK, model instanceof NetworkModel ? NETWORK : REGRESSION, CLASSES, preprocessing, facts);
    }

    /** What turns rows into its inputs; its schema says which columns there must be. */
    public TableEncoder encoder() {
        return model.encoder();
    }

    /**
     * The probability of yes for each row of a table that has the columns of the schema's inputs, calibrated by the
     * model's temperature.
     */
    public double[] predict(Table table) {
        int[] rows = new int[table.size()];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = i;
        }
        return predict(table, rows);
    }

    /** The probability of yes for some rows, calibrated by the model's temperature. */
    public double[] predict(Table table, int... rows) {
        return calibrated(decision, model.predict(table, rows));
    }

    /** How probabilities become answers: a temperature, which {@link #predict} applies, and perhaps a threshold. */
    public Decision decision() {
        return decision;
    }

    /** From which probability on the answer is yes; empty if none was chosen. */
    public OptionalDouble threshold() {
        return decision.thresholds().isEmpty()
                ? OptionalDouble.empty()
                : OptionalDouble.of(decision.thresholds().get(0));
    }

    /** Probabilities of yes with their logits over the temperature. */
    static double[] calibrated(Decision decision, double... probabilities) {
        double temperature = decision.temperature().value();
        if (temperature == 1) {
            return probabilities;
        }
        return Arrays.stream(probabilities)
                .map(p -> 1 / (1 + Math.pow((1 - p) / p, 1 / temperature)))
                .toArray();
    }

    /** What the folder says of the model. */
    ModelCard card() {
        return card;
    }

    /** The patients by whom its temperature and threshold were chosen. */
    TrainingPatients deciders() {
        return TrainingPatients.read(folder, TrainingPatients.DECIDERS);
    }

    /**
     * Whether its folder tells all patients whose rows it was fitted on. If not, {@link TableRun#unseen} may leave some
     * of them among those who judge.
     */
    public boolean knowsItsPatients() {
        return trainingPatients().isComplete();
    }

    /** The patients whose rows it was fitted on. */
    TrainingPatients trainingPatients() {
        return TrainingPatients.read(folder);
    }

    TableModel model() {
        return model;
    }

    @Override
    public void close() {
        model.close();
    }
}
