package dev.graft.nn.explain;

import dev.graft.nn.Module;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** Sums gradients over the points of a path, a bounded number of rows at a time. */
final class PathIntegral {
    private final Module network;
    private final StraightPath path;
    private final double[] points;
    private final double[] weights;
    private final int batch;
    private final RowScores scores;
    /** By input's position or layer's path: the weighted sum of gradients, {@code [rows * values of a row]}. */
    private final Map<Object, double[]> sums = new LinkedHashMap<>();

    PathIntegral(Module network, StraightPath path, double[][] rule, int batch, RowScores scores) {
        this.network = network;
        this.path = path;
        this.points = rule[0];
        this.weights = rule[1];
        this.batch = batch;
        this.scores = scores;
        path.floats().forEach((i, from) -> sums.put(i, new double[from.numel()]));
        path.layers()
                .forEach((name, ends) -> sums.put(name, new double[ends.from().numel()]));
    }

    Attribution run() {
        int rows = path.rows();
        int all = rows * points.length;
        for (int from = 0; from < all; from += batch) {
            gradients(from, Math.min(all, from + batch));
        }
        float[] last = values(1);
        float[] first = values(0);
        double[] total = new double[rows];
        Map<Integer, Tensor> inputs = new LinkedHashMap<>();
        path.floats()
                .forEach((i, from) ->
                        inputs.put(i, contributions(i, from, path.inputs().get(i), total)));
        Map<String, Tensor> layers = new LinkedHashMap<>();
        path.layers().forEach((name, ends) -> layers.put(name, contributions(name, ends.from(), ends.to(), total)));
        float[] gap = new float[rows];
        for (int n = 0; n < rows; n++) {
            gap[n] = (float) (total[n] - ((double) last[n] - first[n]));
        }
        return new Attribution(inputs, layers, last, first, gap);
    }

    private Tensor contributions(Object key, Tensor from, Tensor to, double[] total) {
        float[] start = from.toFloatArray();
        float[] end = to.toFloatArray();
        double[] sum = sums.getOrDefault(key, new double[0]);
        float[] values = new float[start.length];
        for (int i = 0; i < values.length; i++) {
            double value = ((double) end[i] - start[i]) * sum[i];
            values[i] = (float) value;
            total[i / (start.length / total.length)] += value;
        }
        return Tensor.of(values, to.shape().toArray()).to(to.device());
    }

    /** The scores of all rows at one end of the path. */
    private float[] values(double point) {
        int rows = path.rows();
        float[] values = new float[rows];
        for (int from = 0; from < rows; from += batch) {
            int[] of = range(from, Math.min(rows, from + batch));
            float[] alphas = new float[of.length];
            Arrays.fill(alphas, (float) point);
            try (Scope scope = Scope.open()) {
                float[] some = at(of, alphas, new LinkedHashMap<>()).detach().toFloatArray();
                System.arraycopy(some, 0, values, from, some.length);
            }
        }
        return values;
    }

    private static int[] range(int from, int to) {
        int[] range = new int[to - from];
        Arrays.setAll(range, i -> from + i);
        return range;
    }

    private void gradients(int from, int to) {
        int[] of = new int[to - from];
        float[] alphas = new float[of.length];
        for (int r = 0; r < of.length; r++) {
            of[r] = (from + r) / points.length;
            alphas[r] = (float) points[(from + r) % points.length];
        }
        Map<Object, Tensor> leaves = new LinkedHashMap<>();
        try (Scope scope = Scope.open()) {
            Tensor result = at(of, alphas, leaves);
            if (!result.requiresGrad()) {
                throw new IllegalArgumentException("integratedGradients: the score does not depend on the inputs by"
                        + " functions with a gradient. Hint: name the embedding that reads integers by layers(path).");
            }
            result.sum().backward();
            leaves.forEach(
                    (key, leaf) -> leaf.grad().ifPresent(gradient -> add(key, of, from, gradient.toFloatArray())));
            leaves.values().forEach(Tensor::clearGrad);
        }
    }

    private void add(Object key, int[] of, int from, float[] gradient) {
        double[] sum = sums.getOrDefault(key, new double[0]);
        int values = gradient.length / of.length;
        for (int r = 0; r < of.length; r++) {
            double weight = weights[(from + r) % points.length];
            for (int i = 0; i < values; i++) {
                sum[of[r] * values + i] += weight * gradient[r * values + i];
            }
        }
    }

    /** The scores of some rows at points of the path; its leaves are put into {@code leaves}. */
    private Tensor at(int[] of, float[] alphas, Map<Object, Tensor> leaves) {
        Tensor rows = Tensor.of(Arrays.stream(of).asLongStream().toArray(), of.length);
        List<Tensor> inputs = new ArrayList<>();
        for (int i = 0; i < path.inputs().size(); i++) {
            Tensor end = path.inputs().get(i);
            Tensor start = path.floats().get(i);
            inputs.add(
                    start == null
                            ? end.indexSelect(0, rows.to(end.device()))
                            : leaf(i, start, end, rows, alphas, leaves));
        }
        Supplier<Tensor> body = () -> scores.of(network.forward(inputs), of);
        for (Map.Entry<String, StraightPath.Ends> layer : path.layers().entrySet()) {
            Tensor leaf = leaf(
                    layer.getKey(), layer.getValue().from(), layer.getValue().to(), rows, alphas, leaves);
            Supplier<Tensor> inner = body;
            body = () -> network.replacingOutputs(layer.getKey(), output -> leaf.alias(), inner);
        }
        Tensor result = body.get();
        if (result.numel() != of.length) {
            throw new IllegalArgumentException("integratedGradients: " + of.length + " rows give scores "
                    + result.shape() + ". Hint: there must be one for each row.");
        }
        return result;
    }

    private static Tensor leaf(
            Object key, Tensor start, Tensor end, Tensor rows, float[] alphas, Map<Object, Tensor> leaves) {
        int[] shape = new int[end.rank()];
        Arrays.fill(shape, 1);
        shape[0] = alphas.length;
        Tensor index = rows.to(end.device());
        Tensor from = start.indexSelect(0, index);
        Tensor to = end.indexSelect(0, index);
        Tensor alpha = Tensor.of(alphas, shape).to(end.device());
        Tensor leaf = from.add(to.sub(from).mul(alpha)).detach().requireGrad(true);
        leaves.put(key, leaf);
        return leaf;
    }
}
