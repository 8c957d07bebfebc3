package dev.graft.nn.layer.sequence;

import dev.graft.backend.RecurrentCell;
import dev.graft.nn.Init;
import dev.graft.nn.Module;
import dev.graft.nn.NamedParameters;
import dev.graft.nn.Parameter;
import dev.graft.nn.layer.Dropout;
import dev.graft.tensor.Recurrent;
import dev.graft.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;

/** What {@link LSTM} and {@link GRU} have in common: layers, directions, and the order of their steps. */
abstract class RecurrentLayers extends Module {
    private final NamedParameters weights;
    private Module dropout; // not final, as replace may exchange it
    private final RecurrentCell cell;
    private final RecurrentOptions options;
    private final int inputs;
    private final int units;

    RecurrentLayers(RecurrentCell cell, int inputs, int units, RecurrentOptions options, RandomGenerator random) {
        if (inputs < 1 || units < 1) {
            throw new IllegalArgumentException(
                    name(cell) + ": sizes must be at least 1 (inputs " + inputs + ", units " + units + ").");
        }
        this.cell = cell;
        this.options = options;
        this.inputs = inputs;
        this.units = units;
        int rows = cell.gates() * units;
        Map<String, Parameter> parameters = new LinkedHashMap<>();
        for (int layer = 0; layer < options.layers(); layer++) {
            int width = layer == 0 ? inputs : options.directions() * units;
            for (int direction = 0; direction < options.directions(); direction++) {
                String suffix = suffix(layer, direction);
                parameters.put("weight_ih" + suffix, Init.recurrent(random, units, rows, width));
                parameters.put("weight_hh" + suffix, Init.recurrent(random, units, rows, units));
                if (options.withBias()) {
                    parameters.put("bias_ih" + suffix, Init.recurrent(random, units, rows));
                    parameters.put("bias_hh" + suffix, Init.recurrent(random, units, rows));
                }
            }
        }
        weights = new NamedParameters(parameters);
        dropout = new Dropout(options.dropout(), random);
    }

    private static String name(RecurrentCell cell) {
        return cell == RecurrentCell.LSTM ? "lstm" : "gru";
    }

    private static String suffix(int layer, int direction) {
        return "_l" + layer + (direction == 1 ? "_reverse" : "");
    }

    /** Features of each step's output. */
    public final int outputs() {
        return units * options.directions();
    }

    private Recurrent.Weights weights(int layer, int direction) {
        String suffix = suffix(layer, direction);
        return new Recurrent.Weights(
                weights.get("weight_ih" + suffix).value(),
                weights.get("weight_hh" + suffix).value(),
                options.withBias() ? Optional.of(weights.get("bias_ih" + suffix).value()) : Optional.empty(),
                options.withBias() ? Optional.of(weights.get("bias_hh" + suffix).value()) : Optional.empty());
    }

    /** Output, last h and, for an LSTM, last c; the initial state is h and, for an LSTM, c, or empty for zeros. */
    final List<Tensor> run(Tensor input, List<Tensor> initial, Optional<Tensor> lengths) {
        return allAsThisLayer(List.of(input), () -> steps(input, initial, lengths));
    }

    /** As {@link #run}, within this layer's own formula. */
    final List<Tensor> steps(Tensor input, List<Tensor> initial, Optional<Tensor> lengths) {
        if (input.rank() != 3 || input.dim(2) != inputs) {
            throw new IllegalArgumentException(name(cell) + ": input must be "
                    + (options.batchFirst() ? "[N, T, " : "[T, N, ") + inputs + "], got " + input.shape()
                    + ". Hint: unsqueeze what has no batch.");
        }
        Tensor x = options.batchFirst() ? input.transpose(0, 1) : input;
        int all = options.layers() * options.directions();
        int batch = x.dim(1);
        for (Tensor state : initial) {
            if (state.rank() != 3 || state.dim(0) != all || state.dim(1) != batch || state.dim(2) != units) {
                throw new IllegalArgumentException(name(cell) + ": the initial state must be [" + all + ", " + batch
                        + ", " + units + "] (layers * directions, N, H), got " + state.shape() + ".");
            }
        }
        Tensor zeros = Tensor.zeros(x.device(), batch, units);
        List<Tensor> lastH = new ArrayList<>();
        List<Tensor> lastC = new ArrayList<>();
        for (int layer = 0; layer < options.layers(); layer++) {
            List<Tensor> outputs = new ArrayList<>();
            for (int direction = 0; direction < options.directions(); direction++) {
                int index = layer * options.directions() + direction;
                Tensor h = initial.isEmpty() ? zeros : initial.get(0).select(0, index);
                Optional<Tensor> c = cell != RecurrentCell.LSTM
                        ? Optional.empty()
                        : Optional.of(initial.isEmpty() ? zeros : initial.get(1).select(0, index));
                Recurrent.Result result = x.recurrent(
                        cell, direction == 1, weights(layer, direction), new Recurrent.State(h, c), lengths);
                outputs.add(result.output());
                lastH.add(result.last().h());
                result.last().c().ifPresent(lastC::add);
            }
            x = joined(outputs);
            if (layer < options.layers() - 1) {
                x = dropout.forward(x);
            }
        }
        List<Tensor> results = new ArrayList<>();
        results.add(options.batchFirst() ? x.transpose(0, 1) : x);
        results.add(Tensor.stack(0, lastH));
        if (!lastC.isEmpty()) {
            results.add(Tensor.stack(0, lastC));
        }
        return results;
    }

    /** Side by side, in the order of memory. */
    private Tensor joined(List<Tensor> outputs) {
        if (outputs.size() == 1) {
            return outputs.get(0);
        }
        if (!options.batchFirst()) {
            return Tensor.concat(2, outputs);
        }
        return Tensor.concat(2, outputs.stream().map(y -> y.transpose(0, 1)).toList())
                .transpose(0, 1);
    }

    @Override
    protected Tensor compute(Tensor input) {
        return steps(input, List.of(), Optional.empty()).get(0);
    }

    @Override
    protected List<Tensor> compute(List<Tensor> given) {
        if (given.size() > 2) {
            throw new IllegalArgumentException(name(cell) + ": takes an input and lengths, but was given "
                    + given.size() + " tensors. Hint: pass initial states to the forward that names them.");
        }
        return steps(given.get(0), List.of(), given.size() == 1 ? Optional.empty() : Optional.of(given.get(1)));
    }

    @Override
    public String toString() {
        return name(cell).toUpperCase(Locale.ROOT) + "(" + inputs + ", " + units
                + (options.layers() > 1 ? ", " + options.layers() + " layers" : "")
                + (options.bidirectional() ? ", bidirectional" : "") + ")";
    }
}
