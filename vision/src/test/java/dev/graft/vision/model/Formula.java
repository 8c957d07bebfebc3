package dev.graft.vision.model;

import dev.graft.io.StateDict;
import dev.graft.nn.Module;
import dev.graft.nn.layer.BatchNorm2d;
import dev.graft.tensor.Tensor;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.Set;
import java.util.stream.Collectors;

/** Weights and inputs that {@code formula.py} and Java compute alike, bit for bit. */
public final class Formula {
    private static final float DAMPING = 0.25f;

    private Formula() {}

    /** The i-th value of tensor t, in [-1, 1). */
    static float unit(long t, long i) {
        long z = t * 0x9E3779B97F4A7C15L + i;
        z ^= z >>> 30;
        z *= 0xBF58476D1CE4E5B9L;
        z ^= z >>> 27;
        z *= 0x94D049BB133111EBL;
        z ^= z >>> 31;
        return (float) ((z >>> 40) / (double) (1 << 23) - 1.0);
    }

    public static Tensor unitTensor(long t, int... shape) {
        return scaled(1f, 0f, t, Shape.of(shape));
    }

    /** {@code offset + factor * unit}, each step rounded to single precision. */
    public static Tensor scaled(float factor, float offset, long t, Shape shape) {
        float[] values = new float[shape.numel()];
        for (int i = 0; i < values.length; i++) {
            float product = factor * unit(t, i);
            values[i] = offset == 0 ? product : offset + product;
        }
        return Tensor.of(values, shape.toArray());
    }

    /** {@code damped_state_dict} of formula.py. */
    public static StateDict damped(Module model) {
        Set<String> norms = model.namedModules().entrySet().stream()
                .filter(e -> e.getValue() instanceof BatchNorm2d)
                .map(java.util.Map.Entry::getKey)
                .collect(Collectors.toSet());
        StateDict result = new StateDict();
        try (StateDict own = model.stateDict()) {
            long t = 0;
            for (String name : own.names()) {
                t++;
                int dot = name.lastIndexOf('.');
                boolean last = name.startsWith("layer")
                        && name.endsWith(
                                own.contains(name.replaceAll("\\.bn\\d\\.weight$", ".bn3.weight"))
                                        ? ".bn3.weight"
                                        : ".bn2.weight");
                Tensor value = value(
                        name.substring(dot + 1),
                        norms.contains(name.substring(0, dot)),
                        t,
                        own.get(name).shape());
                result.put(name, last ? value.mul(DAMPING) : value);
            }
        }
        return result;
    }

    private static Tensor value(String field, boolean norm, long t, Shape shape) {
        return switch (field) {
            case "num_batches_tracked" -> Tensor.zeros(DType.I64, shape);
            case "running_mean" -> scaled(0.1f, 0f, t, shape);
            case "running_var" -> scaled(0.5f, 1f, t, shape);
            case "bias" -> scaled(norm ? 0.1f : 0.05f, 0f, t, shape);
            default -> norm ? scaled(0.25f, 1f, t, shape) : scaled(gain(shape), 0f, t, shape);
        };
    }

    private static float gain(Shape shape) {
        return (float)
                (shape.rank() == 4
                        ? Math.sqrt(6.0 / (shape.dim(1) * shape.dim(2) * shape.dim(3)))
                        : Math.sqrt(3.0 / shape.dim(1)));
    }
}
