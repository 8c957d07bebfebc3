package dev.graft.nn.explain;

import dev.graft.nn.Module;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * Integrated gradients: how much each input value contributes to a score {@code F}, against a baseline {@code b}, such
 * as zeros, means, or a sequence of padding: {@code (x - b) * integral of dF/dx (b + a (x - b)) over a from 0 to 1}.
 * The contributions add up to {@code F(x) - F(b)}.
 *
 * <pre>{@code
 * Attribution why = IntegratedGradients.of(model).attribute(rows, means, 1);    // class 1 of a table's rows
 * why.input(0);                                                                 // [N, columns]
 *
 * Attribution words = IntegratedGradients.of(model).layers("embedding").attribute(tokens, padding, 1);
 * words.vectors("embedding");                                                   // [N, length]
 * }</pre>
 *
 * <p>All inputs of floats go along the path together, and so do the outputs of the {@link #layers} that are named, from
 * what they are for the baselines; other inputs stay as they are. The network computes in evaluation mode, and gets no
 * gradients; its modes and gradients stay as they were. Any number of threads may attribute with one network, also
 * within {@link Autograd#noGrad()}.
 *
 * @see <a href="https://arxiv.org/abs/1703.01365">Sundararajan et al. 2017</a>
 * @see <a href="https://captum.ai/api/integrated_gradients.html">Captum's IntegratedGradients</a>
 */
public final class IntegratedGradients {
    private static final int STEPS = 50;
    private static final int BATCH = 64;

    private final Module network;
    private final List<String> layers;
    private final int steps;
    private final Quadrature rule;
    private final int batch;
    private final Optional<Function<List<Tensor>, Tensor>> score;

    private IntegratedGradients(
            Module network,
            List<String> layers,
            int steps,
            Quadrature rule,
            int batch,
            Optional<Function<List<Tensor>, Tensor>> score) {
        this.network = network;
        this.layers = layers;
        this.steps = steps;
        this.rule = rule;
        this.batch = batch;
        this.score = score;
    }

    /** 50 steps by {@link Quadrature#GAUSS_LEGENDRE}, at most 64 rows at once. */
    public static IntegratedGradients of(Module network) {
        return new IntegratedGradients(network, List.of(), STEPS, Quadrature.GAUSS_LEGENDRE, BATCH, Optional.empty());
    }

    /**
     * Also attributes to the outputs of these layers, such as embeddings of integers. Each must be called once in a
     * pass.
     *
     * @param paths as for {@link Module#module}
     */
    public IntegratedGradients layers(String... paths) {
        Arrays.stream(paths).forEach(network::module);
        return new IntegratedGradients(network, List.of(paths), steps, rule, batch, score);
    }

    /** With another number of points on the path, at least 1. */
    public IntegratedGradients steps(int count) {
        requirePositive("steps", count);
        return new IntegratedGradients(network, layers, count, rule, batch, score);
    }

    /** With another rule for the integral. */
    public IntegratedGradients rule(Quadrature quadrature) {
        return new IntegratedGradients(network, layers, steps, quadrature, batch, score);
    }

    /** With another limit on the rows that go through the network together, which bounds the memory. */
    public IntegratedGradients maxBatch(int rows) {
        requirePositive("maxBatch", rows);
        return new IntegratedGradients(network, layers, steps, rule, rows, score);
    }

    /**
     * With another score than a column of the first output.
     *
     * @param outputs from the network's outputs to {@code [N]}; each row's must depend on that row alone
     */
    public IntegratedGradients score(Function<List<Tensor>, Tensor> outputs) {
        return new IntegratedGradients(network, layers, steps, rule, batch, Optional.of(outputs));
    }

    private static void requirePositive(String what, int count) {
        if (count < 1) {
            throw new IllegalArgumentException(
                    "integratedGradients: " + what + " must be at least 1, was " + count + ".");
        }
    }

    /** As {@link #attribute(List, List, int...)}, of a network with one input. */
    public Attribution attribute(Tensor input, Tensor baseline, int... columns) {
        return attribute(List.of(input), List.of(baseline), columns);
    }

    /**
     * Attributes the score of each row.
     *
     * @param inputs of the network, each {@code [N, ...]}
     * @param baselines of the inputs' shapes, or {@code [1, ...]} for one baseline of all rows
     * @param columns of the first output {@code [N, columns]}: one for all rows, or one for each; none for an output
     *     {@code [N]} or {@code [N, 1]}, and with a {@link #score} of your own
     * @throws IllegalArgumentException where shapes or columns do not fit, or a named layer is not called exactly once
     */
    public Attribution attribute(List<Tensor> inputs, List<Tensor> baselines, int... columns) {
        return Autograd.enableGrad(() -> network.evaluating(() -> network.withConstantParameters(() -> {
            try (Scope scope = Scope.open()) {
                StraightPath path = StraightPath.of(network, layers, inputs, baselines);
                Attribution found =
                        new PathIntegral(network, path, rule.of(steps), batch, rows(columns, path.rows())).run();
                found.inputs().values().forEach(scope::handOver);
                found.layers().values().forEach(scope::handOver);
                return found;
            }
        })));
    }

    /** From outputs, and the path's row of each of their rows, to scores. */
    private RowScores rows(int[] columns, int rows) {
        if (score.isPresent()) {
            if (columns.length > 0) {
                throw new IllegalArgumentException(
                        "integratedGradients: columns are given beside a score of your own. Hint: leave them out.");
            }
            return (outputs, of) -> score.get().apply(outputs);
        }
        if (columns.length > 1 && columns.length != rows) {
            throw new IllegalArgumentException("integratedGradients: " + columns.length + " columns for " + rows
                    + " rows. Hint: give one for all, or one for each.");
        }
        return (outputs, of) -> RowScores.column(outputs.get(0), columns, of);
    }
}
