package dev.graft.nn.table;

import dev.graft.nn.Module;
import dev.graft.nn.ModuleList;
import dev.graft.nn.Parameter;
import dev.graft.nn.data.table.TableEncoder;
import dev.graft.nn.layer.BatchNorm1d;
import dev.graft.nn.layer.Dropout;
import dev.graft.nn.layer.Embedding;
import dev.graft.nn.layer.Linear;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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
    private final Shape shape;

    /**
     * What a network is made of.
     *
     * @param levels the number of codes of each category, "other" included
     * @param widths how many numbers the embedding of each category has
     * @param numerics the number of numeric inputs
     * @param hidden the width of each hidden layer
     * @param dropout the share of hidden values that training drops
     */
    record Shape(List<Integer> levels, List<Integer> widths, int numerics, List<Integer> hidden, double dropout) {
        Shape {
            levels = List.copyOf(levels);
            widths = List.copyOf(widths);
            hidden = List.copyOf(hidden);
            if (levels.size() != widths.size()) {
                throw new IllegalArgumentException(
                        "table network: " + widths.size() + " widths for " + levels.size() + " categories");
            }
            if (levels.isEmpty() && numerics == 0) {
                throw new IllegalArgumentException(
                        "table network: there is no input. Hint: give at least one category or number.");
            }
        }

        /** A network with random weights. */
        TableNetwork network(RandomGenerator random) {
            return new TableNetwork(this, random);
        }
    }

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
        this(new Shape(levels, levels.stream().map(TableNetwork::width).toList(), numerics, hidden, dropout), random);
    }

    TableNetwork(Shape shape, RandomGenerator random) {
        this.shape = shape;
        List<Module> tables = new ArrayList<>();
        int width = shape.numerics();
        for (int k = 0; k < shape.levels().size(); k++) {
            tables.add(new Embedding(shape.levels().get(k), shape.widths().get(k), random));
            width += shape.widths().get(k);
        }
        embeddings = new ModuleList(tables.toArray(Module[]::new));
        List<Module> layers = new ArrayList<>();
        for (int out : shape.hidden()) {
            layers.add(new Hidden(width, out, (float) shape.dropout(), random));
            width = out;
        }
        hidden = new ModuleList(layers.toArray(Module[]::new));
        head = new Linear(width, 1, random);
    }

    /** Multiplies the embeddings, which begin with a deviation of 1. */
    @SuppressWarnings("try")
    void scaleEmbeddings(double factor) {
        try (Scope scope = Scope.open();
                Autograd.Guard guard = Autograd.noGrad()) {
            for (Map.Entry<String, Parameter> entry : namedParameters().entrySet()) {
                if (entry.getKey().startsWith("embeddings.")) {
                    Tensor values = entry.getValue().value();
                    values.copyFrom(values.mul(factor));
                }
            }
        }
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

    Shape shape() {
        return shape;
    }

    boolean hasEmbeddings() {
        return !shape.levels().isEmpty();
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
        if (shape.numerics() > 0) {
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
        return "TableNetwork(" + embeddings.size() + " categories, " + shape.numerics() + " numbers)";
    }
}
