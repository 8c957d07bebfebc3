package dev.graft.nn.table;

import dev.graft.nn.data.table.EncodedRows;
import dev.graft.nn.data.table.TableCases;
import dev.graft.nn.data.table.TableEncoder;
import dev.graft.nn.metric.BinaryCases;
import dev.graft.nn.metric.BinaryMetrics;
import dev.graft.random.Draw;
import dev.graft.random.RandomStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * How much a model needs each input: by how much its AUROC falls when the input's values are dealt out anew among the
 * rows, so that they say nothing any more. An input whose information others have too seems less needed than it is.
 *
 * @param rows how many rows were asked, at most {@value #MOST_ROWS}
 * @param auroc of these rows as they are
 * @param inputs the most needed first
 * @see <a href="https://scikit-learn.org/stable/modules/permutation_importance.html">scikit-learn's permutation
 *     importance</a>
 */
public record TableImportance(int rows, double auroc, List<Input> inputs) {
    static final int MOST_ROWS = 5000;
    /** Dealt out so often. */
    private static final int REPEATS = 3;

    public TableImportance {
        inputs = List.copyOf(inputs);
    }

    /**
     * One input.
     *
     * @param name of the schema's column
     * @param loss by how much the AUROC falls, in the mean of {@value #REPEATS} times; below 0 by chance
     */
    public record Input(String name, double loss) {}

    /** Asks a model; of more than {@value #MOST_ROWS} cases, some that the seed draws. */
    static TableImportance of(TableModel model, TableCases cases, long seed) {
        int[] order = IntStream.range(0, cases.size()).toArray();
        Draw.shuffle(order, RandomStream.of(seed, "table.importance"));
        TableCases asked = cases.size() <= MOST_ROWS ? cases : cases.only(Arrays.copyOf(order, MOST_ROWS));
        TableEncoder encoder = model.encoder();
        EncodedRows rows = encoder.encode(asked.table(), asked.rows());
        double whole = auroc(asked, model.predict(rows));
        if (Double.isNaN(whole)) { // all answers are the same
            return new TableImportance(asked.size(), whole, List.of());
        }
        int[] deal = IntStream.range(0, asked.size()).toArray();
        List<Input> inputs = new ArrayList<>();
        int k = encoder.categories().size();
        for (int c = 0; c < k; c++) {
            String name = encoder.categories().get(c).column().name();
            int at = c;
            inputs.add(new Input(
                    name,
                    loss(
                            model,
                            asked,
                            whole,
                            seed,
                            deal,
                            name,
                            () -> new EncodedRows(rows.size(), dealt(rows.codes(), k, at, deal), rows.numbers()))));
        }
        int m = encoder.numerics();
        int at = 0;
        for (TableEncoder.Numeric number : encoder.numbers()) {
            String name = number.column().name();
            int first = at;
            int width = number.indicated() ? 2 : 1;
            inputs.add(new Input(
                    name,
                    loss(
                            model,
                            asked,
                            whole,
                            seed,
                            deal,
                            name,
                            () -> new EncodedRows(
                                    rows.size(), rows.codes(), dealt(rows.numbers(), m, first, width, deal)))));
            at += width;
        }
        inputs.sort(Comparator.comparingDouble(input -> -input.loss()));
        return new TableImportance(asked.size(), whole, inputs);
    }

    private static double loss(
            TableModel model,
            TableCases cases,
            double whole,
            long seed,
            int[] deal,
            String name,
            java.util.function.Supplier<EncodedRows> changed) {
        double sum = 0;
        for (int repeat = 0; repeat < REPEATS; repeat++) {
            Draw.shuffle(deal, RandomStream.of(seed, "table.importance." + name + "." + repeat));
            sum += whole - auroc(cases, model.predict(changed.get()));
        }
        return sum / REPEATS;
    }

    private static int[] dealt(int[] values, int width, int at, int... deal) {
        int[] dealt = values.clone();
        for (int i = 0; i < deal.length; i++) {
            dealt[i * width + at] = values[deal[i] * width + at];
        }
        return dealt;
    }

    private static float[] dealt(float[] values, int width, int at, int count, int... deal) {
        float[] dealt = values.clone();
        for (int i = 0; i < deal.length; i++) {
            System.arraycopy(values, deal[i] * width + at, dealt, i * width + at, count);
        }
        return dealt;
    }

    private static double auroc(TableCases cases, double... probabilities) {
        return BinaryMetrics.auroc()
                .of(BinaryCases.of(probabilities, cases.positive()))
                .orNaN();
    }
}
