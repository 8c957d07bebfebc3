package dev.graft.vision.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.graft.io.Safetensors;
import dev.graft.io.StateDict;
import dev.graft.nn.Parameter;
import dev.graft.nn.loss.CrossEntropyLoss;
import dev.graft.nn.optim.Sgd;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import dev.graft.type.DType;
import dev.graft.vision.model.resnet.ResNet;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** A golden file of a ResNet-18 with formula weights: trains as the exporting script did and compares. */
final class NetworkGolden implements AutoCloseable {
    static final double TOLERANCE = 1e-4;
    private static final int STEPS = 10;
    private final StateDict golden;

    NetworkGolden(String file) {
        golden = Safetensors.load(Golden.file(file));
    }

    @Override
    public void close() {
        golden.close();
    }

    static Backbone network() {
        Backbone model = ResNet.resnet18(1000, new SplittableRandom(1));
        try (StateDict weights = Formula.damped(model)) {
            model.load(weights);
        }
        return model;
    }

    static Tensor labels(long... classes) {
        return Tensor.of(classes, classes.length);
    }

    static double loss(Tensor logits, Tensor labels) {
        return new CrossEntropyLoss().forward(logits, labels).item();
    }

    /** Ten SGD steps; returns the loss of each, before its update. */
    static List<Double> train(
            Backbone model, Tensor images, Tensor labels, List<Parameter> parameters, FirstStep firstStep) {
        CrossEntropyLoss criterion = new CrossEntropyLoss();
        Sgd sgd = new Sgd(parameters, Sgd.lr(0.001).momentum(0.9).weightDecay(1e-4));
        List<Double> losses = new ArrayList<>();
        for (int step = 0; step < STEPS; step++) {
            try (Scope scope = Scope.open()) {
                sgd.zeroGrad();
                Tensor logits = model.forward(images);
                Tensor loss = criterion.forward(logits, labels);
                loss.backward();
                losses.add((double) loss.item());
                if (step == 0) {
                    firstStep.check(logits);
                }
                sgd.step();
            }
        }
        return losses;
    }

    /** Looks at the network between the first backward pass and the first update. */
    interface FirstStep {
        void check(Tensor logits);
    }

    void assertLosses(List<Double> losses, String name) {
        double[] expected = numbers(name);
        assertThat(losses).hasSize(expected.length);
        for (int i = 0; i < expected.length; i++) {
            assertThat(losses.get(i))
                    .as(name + " " + i)
                    .isCloseTo(expected[i], within(TOLERANCE * Math.abs(expected[i])));
        }
    }

    static Map<String, Integer> positions(Backbone model) {
        Map<String, Integer> positions = new LinkedHashMap<>();
        try (StateDict state = model.stateDict()) {
            state.names().forEach(name -> positions.put(name, positions.size() + 1));
        }
        return positions;
    }

    void checkRunning(String section, Backbone model) {
        int checked = 0;
        Map<String, Integer> positions = positions(model);
        try (StateDict state = model.stateDict()) {
            for (String name : state.names()) {
                if (name.endsWith("running_mean") || name.endsWith("running_var")) {
                    checkDigest(section + "." + name, positions.get(name), state.get(name), TOLERANCE);
                    checked++;
                }
            }
        }
        assertThat(checked).isEqualTo(40);
    }

    /** Norm, sum, dot and samples within a tolerance; returns the relative error of the samples. */
    double checkDigest(String name, int position, Tensor tensor, double tolerance) {
        Errors errors = errors(name, position, tensor);
        assertThat(errors.norm()).as(name + " norm").isLessThan(tolerance);
        // Both cancel, so the norm of the error bounds them no better than this.
        double cancelling = tolerance * Math.sqrt(tensor.numel());
        assertThat(errors.sum()).as(name + " sum").isLessThan(cancelling);
        assertThat(errors.dot()).as(name + " dot").isLessThan(cancelling);
        assertThat(errors.samples()).as(name + " samples").isLessThan(tolerance);
        return errors.samples();
    }

    /**
     * Deviations from a digest.
     *
     * @param norm of the L2 norm, relative
     * @param sum of the sum, relative to the L2 norm
     * @param largest of the largest magnitude, relative
     * @param dot of the product with the formula's noise, relative to the L2 norm. As the noise knows nothing of the
     *     errors, this is near 0.58 times the L2 norm of all elements' errors, relative to that of the elements
     * @param samples L2 norm of the samples' errors, relative to that of the samples
     */
    record Errors(double norm, double sum, double largest, double dot, double samples) {

        double worst() {
            return Math.max(Math.max(norm, largest), Math.max(dot, samples));
        }
    }

    Errors errors(String name, int position, Tensor tensor) {
        float[] values = tensor.toFloatArray();
        double squares = 0;
        double sum = 0;
        double largest = 0;
        double dot = 0;
        for (int i = 0; i < values.length; i++) {
            squares += (double) values[i] * values[i];
            sum += values[i];
            largest = Math.max(largest, Math.abs(values[i]));
            dot += (double) values[i] * Formula.unit(5000L + position, i);
        }
        double[] expected = numbers(name + ".digest");
        double norm = expected[0];
        return new Errors(
                Math.abs(Math.sqrt(squares) - norm) / norm,
                Math.abs(sum - expected[1]) / norm,
                Math.abs(largest - expected[2]) / expected[2],
                Math.abs(dot - expected[3]) / norm,
                sampleError(values, numbers(name + ".samples"), norm));
    }

    private static double sampleError(float[] values, double[] samples, double norm) {
        double error = 0;
        double size = 0;
        for (int j = 0; j < samples.length; j++) {
            int index = (int) ((long) j * values.length / samples.length);
            error += Math.pow(values[index] - samples[j], 2);
            size += Math.pow(samples[j], 2);
        }
        // Some samples hit a dead input channel and are all zero: then the whole tensor's size is the measure.
        return Math.sqrt(error) / Math.max(Math.sqrt(size), norm * Math.sqrt((double) samples.length / values.length));
    }

    void assertNear(Tensor tensor, String name, double tolerance) {
        float[] values = tensor.toFloatArray();
        double[] expected = numbers(name);
        assertThat(values).hasSameSizeAs(expected);
        double squares = 0;
        double error = 0;
        for (int i = 0; i < expected.length; i++) {
            squares += expected[i] * expected[i];
            error += (values[i] - expected[i]) * (values[i] - expected[i]);
        }
        assertThat(Math.sqrt(error / squares)).as(name).isLessThan(tolerance);
    }

    double scalar(String name) {
        return numbers(name)[0];
    }

    /** F64 where the file has it, without a detour through F32. */
    private double[] numbers(String name) {
        Tensor tensor = golden.get(name);
        if (tensor.dtype() == DType.F64) {
            DoubleBuffer buffer = ByteBuffer.wrap(tensor.toBytes())
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .asDoubleBuffer();
            double[] values = new double[buffer.remaining()];
            buffer.get(values);
            return values;
        }
        float[] floats = tensor.toFloatArray();
        double[] values = new double[floats.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = floats[i];
        }
        return values;
    }
}
