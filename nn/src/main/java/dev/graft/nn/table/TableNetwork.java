package dev.graft.nn.table;

import dev.graft.nn.Module;
import dev.graft.nn.ModuleList;
import dev.graft.nn.data.table.TableEncoder;
import dev.graft.nn.layer.BatchNorm1d;
import dev.graft.nn.layer.Dropout;
import dev.graft.nn.layer.Embedding;
import dev.graft.nn.layer.Linear;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Entity embeddings and a multilayer perceptron: each category's level becomes a learnt vector; the vectors and the
 * numbers go through hidden layers, each of a linear layer, batch norm, ReLU and dropout, to one logit.
 *
 * <p>Inputs: codes I32 {@code [N, categories]} and numbers F32 {@code [N, numerics]}, as a {@link TableEncoder} makes
 * them; output {@code [N, 1]}. Keys: {@code embeddings.0.weight}, {@code hidden.0.linear.weight},
 * {@code hidden.0.norm.weight}, {@code head.weight} and so on.
 *
 * @see <a href="https://arxiv.org/abs/1604.06737">Guo and Berkhahn 2016, Entity Embeddings of Categorical Variables</a>
 */
public final class TableNetwork extends Module {
    private static final int WIDEST = 16;

    private final ModuleList embeddings;
    private final ModuleList hidden;
    private final Linear head;
    private final int numerics;

    /** One hidden layer: {@code [N, in]} to {@code [N, out]}. */
    static final class Hidden extends Module {
        private final Linear linear;
        private final BatchNorm1d norm;
        private final Dropout dropout;

        Hidden(int in, int out, float p, RandomGenerator random) {
            linear = new Linear(in, out, random);
            norm = new BatchNorm1d(out);
            dropout = new Dropout(p, random);
        }

        @Override
        protected Tensor compute(Tensor input) {
            return dropout.forward(norm.forward(linear.forward(input)).relu());
        }

        BatchNorm1d norm() {
            return norm;
        }
    }

    /**
     * A network with random weights. An embedding has half as many numbers as its category has levels, at most 16.
     *
     * @param levels the number of codes of each category, "other" included
     * @param numerics the number of numeric inputs
     * @param hidden the width of each hidden layer
     * @param dropout the share of hidden values that training drops
     */
    public TableNetwork(
            List<Integer> levels, int numerics, List<Integer> hidden, double dropout, RandomGenerator random) {
        if (levels.isEmpty() && numerics == 0) {
            throw new IllegalArgumentException(
                    "table network: there is no input. Hint: give at least one category or number.");
        }
        this.numerics = numerics;
        List<Module> tables = new ArrayList<>();
        int width = numerics;
        for (int size : levels) {
            int own = width(size);
            tables.add(new Embedding(size, own, random));
            width += own;
        }
        embeddings = new ModuleList(tables.toArray(Module[]::new));
        List<Module> layers = new ArrayList<>();
        for (int out : hidden) {
            layers.add(new Hidden(width, out, (float) dropout, random));
            width = out;
        }
        this.hidden = new ModuleList(layers.toArray(Module[]::new));
        head = new Linear(width, 1, random);
    }

    /** A network for the inputs of an encoder. */
    public static TableNetwork of(TableEncoder encoder, List<Integer> hidden, double dropout, RandomGenerator random) {
        return new TableNetwork(
                encoder.categories().stream().map(TableEncoder.Category::size).toList(),
                encoder.numerics(),
                hidden,
                dropout,
                random);
    }

    /** The width of an embedding. */
    static int width(int levels) {
        return Math.min(WIDEST, (levels + 1) / 2);
    }

    /** Lets the network begin with the same probability for everyone. */
    @SuppressWarnings("try")
    public void startAt(double probability) {
        try (Autograd.Guard guard = Autograd.noGrad()) {
            head.bias().orElseThrow().value().fill(Math.log(probability / (1 - probability)));
        }
    }

    /** The batch norms, first layer first. */
    List<BatchNorm1d> norms() {
        List<BatchNorm1d> norms = new ArrayList<>();
        for (Module layer : hidden) {
            norms.add(((Hidden) layer).norm());
        }
        return norms;
    }

    @Override
    protected List<Tensor> compute(List<Tensor> inputs) {
        List<Tensor> parts = new ArrayList<>();
        if (embeddings.size() > 0) {
            Tensor columns = inputs.get(0).transpose(0, 1).contiguous();
            for (int k = 0; k < embeddings.size(); k++) {
                parts.add(embeddings.get(k).forward(columns.select(0, k)));
            }
        }
        if (numerics > 0) {
            parts.add(inputs.get(1));
        }
        Tensor x = parts.size() == 1 ? parts.get(0) : Tensor.concat(1, parts);
        for (Module layer : hidden) {
            x = layer.forward(x);
        }
        return List.of(head.forward(x));
    }

    @Override
    public String toString() {
        return "TableNetwork(" + embeddings.size() + " categories, " + numerics + " numbers)";
    }
}
