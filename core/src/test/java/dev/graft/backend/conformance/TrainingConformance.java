package dev.graft.backend.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.backend.Activation;
import dev.graft.backend.Conv2dParams;
import dev.graft.backend.Determinism;
import dev.graft.backend.Kernel;
import dev.graft.backend.Pool2dParams;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Close;
import dev.graft.tensor.Device;
import dev.graft.tensor.FrozenBatchNorm;
import dev.graft.tensor.LossReduction;
import dev.graft.tensor.Nd;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import dev.graft.tensor.Update;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;

/**
 * A small network of images trained for three steps, then asked for its logits with frozen statistics, on one device:
 * losses, gradient norms, weights, running statistics and logits are those of the CPU within rounding. Every tensor is
 * put on the device once; whatever code above the contract makes on its way must be there too.
 */
final class TrainingConformance {
    private static final int STEPS = 3;
    private static final int CLASSES = 5;
    private static final float EPS = 1e-3f;

    private TrainingConformance() {}

    static Stream<DynamicNode> tests(Device device) {
        return Stream.of(DynamicTest.dynamicTest("three steps of training are those of the CPU", () -> {
            Map<String, float[]> expected = train(Device.cpu());
            Map<String, float[]> actual = train(device);
            assertThat(actual.keySet()).isEqualTo(expected.keySet());
            expected.forEach((name, values) -> {
                assertThat(values).as(name).doesNotContain(Float.NaN);
                Close.check(name, actual.get(name), exact(values), 3000);
            });
            assertThat(actual.get("loss 2")[0]).isLessThan(actual.get("loss 0")[0]);
            if (Arrays.stream(Kernel.values())
                    .allMatch(k -> device.backend().determinism(k) != Determinism.NOT_PROMISED)) {
                train(device)
                        .forEach((name, values) -> assertThat(values)
                                .as("%s of a second training", name)
                                .containsExactly(actual.get(name)));
            }
        }));
    }

    private static Nd exact(float[] values) {
        double[] out = new double[values.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = values[i];
        }
        return new Nd(new int[] {out.length}, out);
    }

    private static Tensor random(SplittableRandom random, Device device, double scale, int... dims) {
        Nd values = Nd.fill(dims, i -> scale * random.nextDouble(-1, 1));
        float[] floats = new float[values.size()];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) values.data()[i];
        }
        return Tensor.of(device, floats, dims);
    }

    private static Map<String, float[]> train(Device device) {
        SplittableRandom random = new SplittableRandom(20261129);
        Map<String, float[]> found = new LinkedHashMap<>();
        try (Scope scope = Scope.open()) {
            Map<String, Tensor> weights = new LinkedHashMap<>();
            weights.put("conv", random(random, device, 0.4, 8, 3, 3, 3));
            weights.put("gamma", random(random, device, 0.3, 8).add(1).detach());
            weights.put("beta", random(random, device, 0.3, 8));
            weights.put("depthwise", random(random, device, 0.5, 8, 1, 3, 3));
            weights.put("fc", random(random, device, 0.3, CLASSES, 8 * 3 * 3));
            weights.put("bias", random(random, device, 0.1, CLASSES));
            weights.put("table", random(random, device, 0.2, 4, CLASSES));
            weights.values().forEach(w -> w.requireGrad(true));
            Tensor mean = Tensor.zeros(device, 8);
            Tensor variance = Tensor.ones(device, 8);
            List<Tensor> velocities = new ArrayList<>();
            weights.values().forEach(w -> velocities.add(Tensor.zeros(device, w.dtype(), w.shape())));
            Tensor images = random(random, device, 1, 6, 3, 11, 12);
            Tensor labels = Tensor.of(device, new long[] {0, 1, 2, 3, 4, 0}, 6);
            Tensor groups = Tensor.of(device, new long[] {3, 0, 0, 2, 1, 3}, 6);
            for (int step = 0; step < STEPS; step++) {
                weights.values().forEach(Tensor::clearGrad);
                try (Scope inner = Scope.open()) {
                    Tensor logits = logits(images, groups, weights, mean, variance, true);
                    Tensor loss = logits.crossEntropy(labels, Optional.empty(), 0.1f, -100, LossReduction.MEAN);
                    loss.backward();
                    found.put("loss " + step, loss.toFloatArray());
                    List<Tensor> gradients = weights.values().stream()
                            .map(w -> w.grad().orElseThrow())
                            .toList();
                    found.put("gradient norm " + step, new float[] {(float) Update.norm(gradients)});
                    int i = 0;
                    for (Tensor w : weights.values()) {
                        Update.sgd(
                                w,
                                w.grad().orElseThrow(),
                                Optional.of(velocities.get(i++)),
                                step == 0,
                                0.05,
                                0.9,
                                0,
                                1e-3,
                                false);
                    }
                }
            }
            weights.forEach((name, w) -> found.put(name, w.toFloatArray()));
            found.put("running mean", mean.toFloatArray());
            found.put("running variance", variance.toFloatArray());
            try (Autograd.Guard guard = Autograd.noGrad()) {
                Tensor logits = logits(images, groups, weights, mean, variance, false);
                found.put("logits", logits.toFloatArray());
                found.put("probabilities", logits.softmax(1).toFloatArray());
                long[] best = logits.argmax(1).toLongArray();
                assertThat(best).as("classes on %s", device).hasSize(6);
            }
        }
        return found;
    }

    private static Tensor logits(
            Tensor images, Tensor groups, Map<String, Tensor> w, Tensor mean, Tensor variance, boolean training) {
        Conv2dParams same = Conv2dParams.of(1, 1);
        Tensor x = training
                ? images.conv2d(w.get("conv"), Optional.empty(), same)
                        .batchNormTrain(w.get("gamma"), w.get("beta"), EPS, mean, variance, 0.1f)
                        .relu()
                : images.conv2d(
                        w.get("conv"),
                        Optional.empty(),
                        same,
                        Optional.of(new FrozenBatchNorm(w.get("gamma"), w.get("beta"), mean, variance, EPS)),
                        Optional.empty(),
                        Activation.RELU);
        Tensor pooled = x.maxPool2d(Pool2dParams.of(3, 2, 1));
        Tensor mixed = pooled.conv2d(w.get("depthwise"), Optional.empty(), same.groups(8))
                .add(pooled)
                .relu6();
        Tensor features = mixed.adaptiveAvgPool2d(3, 3).flatten(1);
        Tensor dropped = training ? features.dropout(0.2f, 7) : features;
        return dropped.linear(w.get("fc"), Optional.of(w.get("bias")))
                .add(w.get("table").embedding(groups));
    }
}
