package dev.graft.nn.explain;

import dev.graft.nn.Module;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Tensor;
import dev.graft.type.DType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The straight way from baselines to inputs.
 *
 * @param inputs of the network, without history
 * @param floats by position, of each input of floats: where it begins
 * @param layers by path, of each layer: where its output begins and ends
 */
record StraightPath(List<Tensor> inputs, Map<Integer, Tensor> floats, Map<String, Ends> layers) {
    /** Where something begins and ends. */
    record Ends(Tensor from, Tensor to) {}

    int rows() {
        return inputs.get(0).dim(0);
    }

    static StraightPath of(Module network, List<String> layers, List<Tensor> inputs, List<Tensor> baselines) {
        if (inputs.isEmpty() || inputs.size() != baselines.size()) {
            throw new IllegalArgumentException("integratedGradients: " + inputs.size() + " inputs and "
                    + baselines.size() + " baselines. Hint: give a baseline for each input.");
        }
        List<Tensor> ends = new ArrayList<>();
        List<Tensor> starts = new ArrayList<>();
        Map<Integer, Tensor> floats = new LinkedHashMap<>();
        for (int i = 0; i < inputs.size(); i++) {
            Tensor end = inputs.get(i).detach();
            Tensor start = start(i, end, baselines.get(i).detach(), inputs.get(0));
            ends.add(end);
            starts.add(start);
            if (end.dtype() == DType.F32) {
                floats.put(i, start);
            }
        }
        if (floats.isEmpty() && layers.isEmpty()) {
            throw new IllegalArgumentException("integratedGradients: no input is F32 ("
                    + inputs.stream().map(t -> t.dtype() + " " + t.shape()).toList()
                    + "). Hint: name the embedding that reads them by layers(path).");
        }
        Map<String, Ends> between = new LinkedHashMap<>();
        if (!layers.isEmpty()) {
            Map<String, Tensor> to = outputs(network, layers, ends);
            Map<String, Tensor> from = outputs(network, layers, starts);
            to.forEach((path, end) -> {
                Tensor start = Optional.ofNullable(from.get(path)).orElse(end);
                if (!start.shape().equals(end.shape())
                        || end.dim(0) != inputs.get(0).dim(0)) {
                    throw new IllegalArgumentException(
                            "integratedGradients: the layer '" + path + "' gives "
                                    + end.shape() + " for the inputs, " + start.shape()
                                    + " for the baselines. Hint: they must be of one shape, with a row for each of the inputs.");
                }
                between.put(path, new Ends(start, end));
            });
        }
        return new StraightPath(ends, floats, between);
    }

    private static Tensor start(int i, Tensor end, Tensor start, Tensor first) {
        int[] one = end.shape().toArray();
        boolean rows = end.rank() > 0 && first.rank() > 0 && end.dim(0) == first.dim(0);
        if (end.rank() > 0) {
            one[0] = 1;
        }
        boolean fits =
                start.shape().equals(end.shape()) || Arrays.equals(start.shape().toArray(), one);
        if (!rows || !fits || start.dtype() != end.dtype()) {
            throw new IllegalArgumentException(
                    "integratedGradients: input " + i + " is " + end.dtype() + " "
                            + end.shape() + ", its baseline " + start.dtype() + " " + start.shape()
                            + ", the first input "
                            + first.shape()
                            + ". Hint: all inputs have the same number of rows, and a baseline its input's type and shape, or one row.");
        }
        return start.shape().equals(end.shape())
                ? start
                : start.expand(end.shape().toArray()).contiguous();
    }

    /** What the layers give for the baselines or the inputs. */
    private static Map<String, Tensor> outputs(Module network, List<String> layers, List<Tensor> inputs) {
        IdentityHashMap<Module, String> wanted = new IdentityHashMap<>();
        layers.forEach(path -> wanted.put(network.module(path), path));
        Map<String, Tensor> outputs = new LinkedHashMap<>();
        Autograd.noGrad(() -> network.observing(
                call -> {
                    String path = wanted.get(call.module());
                    if (path != null && outputs.put(path, call.output().alias().keep()) != null) {
                        throw new IllegalArgumentException("integratedGradients: the layer '" + path
                                + "' is called more than once in a pass. Hint: name a layer that is called once.");
                    }
                },
                () -> network.forward(inputs)));
        for (String path : layers) {
            if (!outputs.containsKey(path)) {
                throw new IllegalArgumentException("integratedGradients: the layer '" + path
                        + "' is not called. Hint: name a layer that the network's formula calls.");
            }
        }
        return outputs;
    }
}
