package dev.graft.vision.explain;

import dev.graft.nn.Module;
import dev.graft.random.RandomStream;
import dev.graft.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;

/** A network's parameters without what they have learnt: each has its own values in random order. */
final class RandomWeights {
    private RandomWeights() {}

    /**
     * For {@link Module#withParameters}; the tensors belong to the current scope. The order keeps the values' range, so
     * that activations stay finite with the network's own running statistics.
     */
    static Map<String, Tensor> of(Module network, long seed) {
        Map<String, Tensor> random = new LinkedHashMap<>();
        network.namedParameters().forEach((name, parameter) -> {
            Tensor own = parameter.value().detach();
            float[] values = own.toFloatArray();
            shuffle(values, RandomStream.of(seed, "explain.sanity", random.size()));
            random.put(name, Tensor.of(values, own.shape().toArray()).to(own.device()));
        });
        return random;
    }

    private static void shuffle(float[] values, RandomStream random) {
        for (int i = values.length - 1; i > 0; i--) {
            int other = random.nextInt(i + 1);
            float value = values[i];
            values[i] = values[other];
            values[other] = value;
        }
    }
}
