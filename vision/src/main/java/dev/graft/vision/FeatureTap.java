package dev.graft.vision;

import dev.graft.nn.Module;
import dev.graft.tensor.Tensor;
import dev.graft.vision.model.Backbone;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;

/** A network that also keeps the features of what goes through it, in one pass: for one thread. */
final class FeatureTap extends Module {
    @SuppressWarnings("UnusedVariable") // a part of this module, by which it is set to evaluate
    private final Module network;

    // a formula, not a module: the network is the only part
    private final UnaryOperator<Tensor> features;
    private final BinaryOperator<Tensor> answer; // to an input and its features
    private final List<float[]> kept = new ArrayList<>();

    private FeatureTap(Module network, UnaryOperator<Tensor> features, BinaryOperator<Tensor> answer) {
        this.network = network;
        this.features = features;
        this.answer = answer;
    }

    /** Of images. */
    static FeatureTap of(Backbone network) {
        return new FeatureTap(network, network::features, (input, own) -> network.classify(own));
    }

    /**
     * Of images.
     *
     * @param model the network itself, or one that averages answers of it and perhaps others
     */
    static FeatureTap of(Module model, Backbone network) {
        return model == network
                ? of(network)
                : new FeatureTap(model, network::features, (input, own) -> model.forward(input));
    }

    /** Of what a frozen backbone has made of images. */
    static FeatureTap ofHead(Module head) {
        return new FeatureTap(head, UnaryOperator.identity(), (input, own) -> head.forward(own));
    }

    @Override
    protected Tensor compute(Tensor input) {
        Tensor own = features.apply(input);
        kept.addAll(List.of(rows(own)));
        return answer.apply(input, own);
    }

    /** Each example's features, in the order of the calls. */
    float[][] features() {
        return kept.toArray(float[][]::new);
    }

    /** {@code [N, features]}; of maps {@code [N, C, H, W]} the mean of each. */
    static float[][] rows(Tensor features) {
        int[] shape = features.shape().toArray();
        int positions = 1;
        for (int d = 2; d < shape.length; d++) {
            positions *= shape[d];
        }
        float[] flat = features.toFloatArray();
        float[][] rows = new float[shape[0]][shape[1]];
        for (int i = 0, at = 0; i < shape[0]; i++) {
            for (int c = 0; c < shape[1]; c++) {
                double sum = 0;
                for (int p = 0; p < positions; p++) {
                    sum += flat[at++];
                }
                rows[i][c] = (float) (sum / positions);
            }
        }
        return rows;
    }
}
