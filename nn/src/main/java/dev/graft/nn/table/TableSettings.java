package dev.graft.nn.table;

import dev.graft.message.SettingException;
import dev.graft.nn.model.ModelCard;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How a {@link TableNetwork} is built and trained: AdamW, whose weight decay leaves biases and norms alone, and a rate
 * that rises over the first tenth of the steps and falls along a cosine.
 *
 * @param hidden the width of each hidden layer
 * @param dropout the share of hidden values that training drops, in [0, 1)
 * @param epochs how often every row is seen
 * @param batch how many rows a step sees, at least 2
 * @param rate the highest learning rate
 * @param decay decoupled weight decay, of weights alone
 * @param embeddings the deviation of the embeddings' first values. At 1, those of rare levels are noise that is
 *     unlearnt slowly: .1 was best of 1, .5, .3 and .1 in an inner validation of first stays
 * @param seed of weights, order and dropout
 */
public record TableSettings(
        List<Integer> hidden,
        double dropout,
        int epochs,
        int batch,
        double rate,
        double decay,
        double embeddings,
        long seed) {

    private static final String EMBEDDINGS = "embeddings";

    /** @throws SettingException for values that no training has */
    public TableSettings {
        hidden = List.copyOf(hidden);
        if (hidden.stream().anyMatch(width -> width < 1)
                || !(dropout >= 0 && dropout < 1)
                || epochs < 1
                || batch < 2
                || !(rate > 0)
                || !(decay >= 0)
                || !(embeddings > 0)) {
            throw new SettingException(
                    "table: hidden widths and epochs must be at least 1, batch at least 2, dropout in [0, 1), rate and embeddings above 0"
                            + " and decay not negative (" + hidden + ", " + epochs + ", " + batch + ", " + dropout
                            + ", "
                            + rate + ", " + decay + ")",
                    "begin with TableSettings.defaults()");
        }
    }

    /** For 10,000 rows and more: 128 and 64 wide, dropout 0.5, 6 epochs of batches of 1,024, rate 0.004, decay 1. */
    public static TableSettings defaults() {
        return new TableSettings(List.of(128, 64), 0.5, 6, 1024, 4e-3, 1.0, 0.1, 0);
    }

    /** From scratch on a cohort of this many rows: 8 epochs, rate 0.002, smaller batches, embeddings of deviation 1. */
    public static TableSettings scratch(int rows) {
        return defaults().epochs(8).rate(2e-3).embeddings(1).batch(batchFor(rows));
    }

    /** The batch for so many rows: 32 up to 300, 64 up to 3,000, else 256. */
    static int batchFor(int rows) {
        return rows <= 300 ? 32 : rows <= 3000 ? 64 : 256;
    }

    public TableSettings epochs(int count) {
        return new TableSettings(hidden, dropout, count, batch, rate, decay, embeddings, seed);
    }

    public TableSettings batch(int size) {
        return new TableSettings(hidden, dropout, epochs, size, rate, decay, embeddings, seed);
    }

    public TableSettings rate(double highest) {
        return new TableSettings(hidden, dropout, epochs, batch, highest, decay, embeddings, seed);
    }

    public TableSettings decay(double share) {
        return new TableSettings(hidden, dropout, epochs, batch, rate, share, embeddings, seed);
    }

    public TableSettings embeddings(double deviation) {
        return new TableSettings(hidden, dropout, epochs, batch, rate, decay, deviation, seed);
    }

    public TableSettings seed(long other) {
        return new TableSettings(hidden, dropout, epochs, batch, rate, decay, embeddings, other);
    }

    public TableSettings dropout(double share) {
        return new TableSettings(hidden, share, epochs, batch, rate, decay, embeddings, seed);
    }

    public TableSettings hidden(List<Integer> widths) {
        return new TableSettings(widths, dropout, epochs, batch, rate, decay, embeddings, seed);
    }

    /** This with what an adapted network takes from the general one: its layers, and how its embeddings began. */
    TableSettings sharing(TableNetwork.Shape shape, ModelCard general) {
        TableSettings same = hidden(shape.hidden()).dropout(shape.dropout());
        return general.facts().get("settings") instanceof Map<?, ?> told
                        && told.get(EMBEDDINGS) instanceof Number deviation
                        && deviation.doubleValue() > 0
                ? same.embeddings(deviation.doubleValue())
                : same;
    }

    /** For a run's identity and a model's card. */
    Map<String, Object> toMap() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("hidden", hidden);
        map.put("dropout", dropout);
        map.put("epochs", epochs);
        map.put("batch", batch);
        map.put("rate", rate);
        map.put("decay", decay);
        map.put(EMBEDDINGS, embeddings);
        map.put("seed", seed);
        return map;
    }
}
