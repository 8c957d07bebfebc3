package dev.graft.nn.table;

import dev.graft.nn.Buffer;
import dev.graft.nn.Module;
import dev.graft.tensor.Tensor;

/** The weights of a logistic regression as a module, so that they are kept as those of a network are. */
final class RegressionWeights extends Module {
    private final Buffer weights;

    RegressionWeights(double[] values) {
        float[] rounded = new float[values.length];
        for (int i = 0; i < rounded.length; i++) {
            rounded[i] = (float) values[i];
        }
        weights = new Buffer(Tensor.of(rounded, rounded.length));
    }

    double[] toArray() {
        float[] values = weights.value().toFloatArray();
        double[] wide = new double[values.length];
        for (int i = 0; i < wide.length; i++) {
            wide[i] = values[i];
        }
        return wide;
    }
}
