package dev.graft.tensor;

import dev.graft.backend.Activation;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;

/** Batch norm and layer norm. */
final class NormCases {
    private static final float EPS = 1e-5f;

    private NormCases() {}

    static List<OpCase> all() {
        List<OpCase> cases = new ArrayList<>();
        for (String variant : List.of("features", "sequence", "image", "wide")) {
            cases.add(train(variant, 1e-5f, 0.1f));
            cases.add(evaluate(variant, 1e-5f));
        }
        cases.add(train("two_values", 0.5f, 0.1f));
        cases.add(train("momentum_eps", 1e-2f, 0.7f));
        cases.add(train("no_momentum", 1e-5f, 0));
        // The input itself, rounded to single precision at 100, limits what the mean can be subtracted from.
        cases.add(train("far_from_zero", 1e-5f, 0.1f).terms(20_000));
        cases.add(evaluate("input_only", 1e-3f));
        cases.add(evaluate("one_value", 1e-5f));
        List<Activation> activations = List.of(
                Activation.RELU,
                Activation.RELU6,
                Activation.RELU,
                Activation.NONE,
                Activation.RELU6,
                Activation.RELU,
                Activation.RELU6,
                Activation.RELU);
        for (int i = 0; i < activations.size(); i++) {
            String variant = List.of("features", "sequence", "image", "wide").get(i % 4);
            for (boolean training : new boolean[] {true, false}) {
                if (activations.get(i) != Activation.NONE) {
                    cases.add(fused(training, variant, activations.get(i), false));
                }
                cases.add(fused(training, variant, activations.get(i), true));
            }
        }
        cases.add(layer("last", 1e-5f));
        cases.add(layer("two_dimensions", 1e-5f));
        cases.add(layer("everything", 1e-2f));
        cases.add(layer("wide", 1e-5f).terms(1000));
        return cases;
    }

    private static OpCase train(String variant, float eps, float momentum) {
        return new OpCase(
                        "batch_norm_train/" + variant,
                        NormOp.BatchNormTrain.class,
                        in -> in[0].batchNormTrain(in[1], in[2], eps, in[3], in[4], momentum),
                        in -> batchNorm(in, eps))
                .terms(150);
    }

    private static OpCase evaluate(String variant, float eps) {
        return new OpCase(
                        "batch_norm_eval/" + variant,
                        NormOp.BatchNormEval.class,
                        in -> in[0].batchNormEval(in[1], in[2], in[3], in[4], eps),
                        in -> evaluated(in, eps))
                .terms(150);
    }

    /** Batch norm with what follows it; the residual is the last argument. */
    private static OpCase fused(boolean training, String variant, Activation activation, boolean adds) {
        String name = "batch_norm_" + (training ? "train_" : "eval_")
                + activation.name().toLowerCase(Locale.ROOT) + "/" + variant + (adds ? "_residual" : "");
        Function<Tensor[], Optional<Tensor>> residual = in -> adds ? Optional.of(in[5]) : Optional.empty();
        double top = activation == Activation.RELU6 ? 6 : Double.POSITIVE_INFINITY;
        double bottom = activation == Activation.NONE ? Double.NEGATIVE_INFINITY : 0;
        return new OpCase(
                        name,
                        training ? NormOp.BatchNormTrain.class : NormOp.BatchNormEval.class,
                        in -> training
                                ? in[0].batchNormTrain(
                                        in[1], in[2], EPS, in[3], in[4], 0.1f, residual.apply(in), activation)
                                : in[0].batchNormEval(in[1], in[2], in[3], in[4], EPS, residual.apply(in), activation),
                        in -> {
                            Nd y = training ? batchNorm(in, EPS) : evaluated(in, EPS);
                            return (adds ? Nd.zip(y, in[5], Double::sum) : y)
                                    .map(v -> Math.min(Math.max(v, bottom), top));
                        })
                .terms(150)
                .atKink();
    }

    private static Nd evaluated(Nd[] in, double eps) {
        return Nd.fill(
                in[0].dims(),
                i -> in[1].get(i[1]) * (in[0].get(i) - in[3].get(i[1])) / Math.sqrt(in[4].get(i[1]) + eps)
                        + in[2].get(i[1]));
    }

    private static OpCase layer(String variant, float eps) {
        return new OpCase(
                        "layer_norm/" + variant,
                        NormOp.LayerNorm.class,
                        in -> in[0].layerNorm(in[1], in[2], eps),
                        in -> layerNorm(in, eps))
                .terms(60);
    }

    private static Nd batchNorm(Nd[] in, double eps) {
        Nd x = in[0];
        int channels = x.dims()[1];
        double[] mean = new double[channels];
        double[] variance = new double[channels];
        double count = (double) x.size() / channels;
        Nd.fill(x.dims(), i -> mean[i[1]] += x.get(i) / count);
        Nd.fill(x.dims(), i -> variance[i[1]] += Math.pow(x.get(i) - mean[i[1]], 2) / count);
        return Nd.fill(
                x.dims(),
                i -> in[1].get(i[1]) * (x.get(i) - mean[i[1]]) / Math.sqrt(variance[i[1]] + eps) + in[2].get(i[1]));
    }

    private static Nd layerNorm(Nd[] in, double eps) {
        int width = in[1].size();
        int rows = in[0].size() / width;
        Nd x = in[0].reshape(rows, width);
        double[] mean = new double[rows];
        double[] variance = new double[rows];
        Nd.fill(x.dims(), i -> mean[i[0]] += x.get(i) / width);
        Nd.fill(x.dims(), i -> variance[i[0]] += Math.pow(x.get(i) - mean[i[0]], 2) / width);
        return Nd.fill(
                        x.dims(),
                        i -> in[1].data()[i[1]] * (x.get(i) - mean[i[0]]) / Math.sqrt(variance[i[0]] + eps)
                                + in[2].data()[i[1]])
                .reshape(in[0].dims());
    }

    static List<OpError> errors(On on) {
        Class<NormOp.BatchNormTrain> train = NormOp.BatchNormTrain.class;
        Class<NormOp.BatchNormEval> evaluate = NormOp.BatchNormEval.class;
        Class<NormOp.LayerNorm> layer = NormOp.LayerNorm.class;
        Tensor x = on.zeros(4, 3);
        Tensor c = on.ones(3);
        Tensor d = on.ones(5);
        Tensor whole = on.zeros(DType.I64, Shape.of(4, 3));
        String misfit =
                ": gamma, beta, mean and variance must be [C] for an input [N, C, ...] (input [4, 3], gamma [5], beta "
                        + "[3], "
                        + "mean [3], variance [3])";
        return List.of(
                new OpError(train, "batchNormTrain" + misfit, () -> x.batchNormTrain(d, c, 1e-5f, c, c, 0.1f)),
                new OpError(
                        train,
                        "batchNormTrain: training needs more than one value per channel, got input [1, 3]. "
                                + "Hint: use a batch of at least 2, drop the last single example, or freeze the layer.",
                        () -> on.zeros(1, 3).batchNormTrain(c, c, 1e-5f, c, c, 0.1f)),
                new OpError(
                        train,
                        "batchNormTrain: input must be [N, C], [N, C, L] or [N, C, H, W], got [3]",
                        () -> on.zeros(3).batchNormTrain(c, c, 1e-5f, c, c, 0.1f)),
                new OpError(
                        train,
                        "batchNormTrain: the residual must have the input's shape (input [4, 3], residual [3]). Hint: project it, or add it "
                                + "apart.",
                        () -> x.batchNormTrain(c, c, 1e-5f, c, c, 0.1f, Optional.of(c), Activation.RELU)),
                new OpError(
                        evaluate,
                        "batchNormEval: the residual must have the input's shape (input [4, 3], residual [3]). Hint: project it, or add "
                                + "it apart.",
                        () -> x.batchNormEval(c, c, c, c, 1e-5f, Optional.of(c), Activation.NONE)),
                new OpError(
                        train,
                        "batchNormTrain: operands must be F32, got I64 [4, 3]. Hint: call to(DType.F32).",
                        () -> whole.batchNormTrain(c, c, 1e-5f, c, c, 0.1f)),
                new OpError(evaluate, "batchNormEval" + misfit, () -> x.batchNormEval(d, c, c, c, 1e-5f)),
                new OpError(
                        evaluate,
                        "batchNormEval: operands must be F32, got I64 [4, 3]. Hint: call to(DType.F32).",
                        () -> whole.batchNormEval(c, c, c, c, 1e-5f)),
                new OpError(
                        layer,
                        "layerNorm: gamma and beta must have the shape of the input's last dimensions (input [4, 3], gamma "
                                + "[5], beta [5])",
                        () -> x.layerNorm(d, d, 1e-5f)),
                new OpError(
                        layer,
                        "layerNorm: operands must be F32, got I64 [4, 3]. Hint: call to(DType.F32).",
                        () -> whole.layerNorm(c, c, 1e-5f)));
    }
}
