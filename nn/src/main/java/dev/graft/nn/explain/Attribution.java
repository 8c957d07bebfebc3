package dev.graft.nn.explain;

import dev.graft.tensor.Tensor;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * How much each value has contributed to the difference between a score and that of the baseline.
 *
 * @param inputs by position, of each input of floats: of the input's shape
 * @param layers by path, of each layer that was named: of its output's shape
 * @param scores of each row
 * @param baselineScores of each row's baseline
 * @param gap of each row: the sum of all contributions less {@code scores - baselineScores}. It would be 0 with
 *     infinitely many steps (completeness); if it is not small, take more steps
 */
public record Attribution(
        Map<Integer, Tensor> inputs, Map<String, Tensor> layers, float[] scores, float[] baselineScores, float[] gap) {
    public Attribution {
        inputs = Collections.unmodifiableMap(new TreeMap<>(inputs));
        layers = Collections.unmodifiableMap(new LinkedHashMap<>(layers));
        scores = scores.clone();
        baselineScores = baselineScores.clone();
        gap = gap.clone();
    }

    @Override
    public float[] scores() {
        return scores.clone();
    }

    @Override
    public float[] baselineScores() {
        return baselineScores.clone();
    }

    @Override
    public float[] gap() {
        return gap.clone();
    }

    /**
     * The contributions to an input of floats.
     *
     * @throws IllegalArgumentException if there is no such input of floats
     */
    public Tensor input(int position) {
        Tensor found = inputs.get(position);
        if (found == null) {
            throw new IllegalArgumentException(
                    "attribution: input " + position + " was not attributed, those of floats are " + inputs.keySet()
                            + ". Hint: name the embedding that reads integers, and use vectors(path).");
        }
        return found;
    }

    /**
     * The contribution of each vector of a layer's output, such as of each token of a sequence: the sum over the last
     * dimension.
     *
     * @param path as it was named
     * @throws IllegalArgumentException if no such layer was named
     */
    public Tensor vectors(String path) {
        Tensor found = layers.get(path);
        if (found == null) {
            throw new IllegalArgumentException("attribution: no layer '" + path
                    + "' was named. Hint: the named ones are " + layers.keySet() + ".");
        }
        return found.sum(-1);
    }
}
