package dev.graft.benchmarks.peers;

import static org.bytedeco.pytorch.global.torch.batch_norm;
import static org.bytedeco.pytorch.global.torch.cat;
import static org.bytedeco.pytorch.global.torch.conv1d;
import static org.bytedeco.pytorch.global.torch.cross_entropy_loss;
import static org.bytedeco.pytorch.global.torch.embedding;
import static org.bytedeco.pytorch.global.torch.exp;
import static org.bytedeco.pytorch.global.torch.gelu;
import static org.bytedeco.pytorch.global.torch.layer_norm;
import static org.bytedeco.pytorch.global.torch.linear;
import static org.bytedeco.pytorch.global.torch.lstm;
import static org.bytedeco.pytorch.global.torch.matmul;
import static org.bytedeco.pytorch.global.torch.relu_;
import static org.bytedeco.pytorch.global.torch.scaled_dot_product_attention;
import static org.bytedeco.pytorch.global.torch.sigmoid;
import static org.bytedeco.pytorch.global.torch.softmax;
import static org.bytedeco.pytorch.global.torch.tanh;
import static org.bytedeco.pytorch.global.torch.zeros;

import dev.graft.io.StateDict;
import dev.graft.type.DType;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.SGD;
import org.bytedeco.pytorch.SGDOptions;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;

/** libtorch's side of {@link NetworksVersusTorch}; {@code networks.py} holds the same functions. */
final class LibtorchRow {
    private static final int[] DILATIONS = {1, 4, 10, 25};

    private final Row row;
    private final Map<String, Tensor> inputs = new HashMap<>();
    private final Map<String, Tensor> weights = new TreeMap<>();
    private final Map<String, TensorOptional> optionals = new HashMap<>();

    private LibtorchRow(Row row, StateDict tensors) {
        this.row = row;
        tensors.entries().forEach(e -> {
            String name = e.getKey();
            if (name.startsWith("net.")) {
                weights.put(name.substring("net.".length()), copy(e.getValue()));
            } else {
                inputs.put(name, copy(e.getValue()));
            }
        });
        weights.forEach((name, w) -> optionals.put(name, new TensorOptional(w)));
    }

    private static Tensor copy(dev.graft.tensor.Tensor from) {
        int[] dims = from.shape().toArray();
        long[] shape = new long[dims.length];
        for (int i = 0; i < dims.length; i++) {
            shape[i] = dims[i];
        }
        return from.dtype() == DType.I64
                ? Tensor.create(from.toLongArray(), shape)
                : Tensor.create(from.toFloatArray(), shape);
    }

    /** Whether libtorch takes part in a row: the networks of genomes are raced against pip's PyTorch alone. */
    static boolean has(Row row) {
        return row.own().isEmpty()
                && !row.name().startsWith("scan")
                && !row.name().startsWith("genome");
    }

    static Step of(Row row, StateDict tensors) {
        LibtorchRow peer = new LibtorchRow(row, tensors);
        return row.trains()
                ? peer.training()
                : step(() -> {
                    try (NoGradGuard guard = new NoGradGuard()) {
                        return peer.forward(false).reshape(-1).select(0, 0).item_float();
                    }
                });
    }

    private Step training() {
        TensorVector parameters = new TensorVector();
        weights.forEach((name, w) -> {
            if (w.is_floating_point() && !name.contains("running")) {
                w.set_requires_grad(true);
                parameters.push_back(w);
            }
        });
        SGDOptions options = new SGDOptions(Task.LEARNING_RATE);
        options.momentum().put(0.9);
        SGD sgd = new SGD(parameters, options);
        return step(() -> {
            sgd.zero_grad(true);
            Tensor y = forward(true);
            Tensor labels = inputs.get("labels");
            Tensor loss =
                    labels != null ? cross_entropy_loss(y, labels) : y.mul(y).mean();
            loss.backward();
            sgd.step();
            return loss.item_float();
        });
    }

    private static Step step(Supplier<Float> body) {
        return new Step() {
            @Override
            public float run() {
                try (PointerScope scope = new PointerScope()) {
                    return body.get();
                }
            }

            @Override
            public void close() {
                // libtorch's own memory goes with the process.
            }
        };
    }

    private Tensor forward(boolean training) {
        Tensor x = inputs.get("input").alias();
        return switch (row.name()) {
            case "mlp" -> mlp("", x);
            case "records" -> records(x);
            case "conv1d" -> dilated(x, training);
            case "transformer" -> transformer(x);
            case "lstm" -> recurrent(x, training);
            case "exp" -> exp(x);
            case "tanh" -> tanh(x);
            case "sigmoid" -> sigmoid(x);
            case "gelu" -> gelu(x);
            case "softmax" -> softmax(x, -1);
            case "layernorm" -> layer_norm(x, x.size(-1));
            default -> matmul(x, inputs.get("other"));
        };
    }

    /** Closes {@code x}, as reference counting in C++ would let go of it. */
    private Tensor dense(String name, Tensor x) {
        return TorchNet.free(x, linear(x, weights.get(name + ".weight"), optionals.get(name + ".bias")));
    }

    private Tensor norm(String name, Tensor x) {
        return layer_norm(
                x,
                new long[] {x.size(-1)},
                optionals.get(name + ".weight"),
                optionals.get(name + ".bias"),
                1e-5,
                false);
    }

    private Tensor mlp(String prefix, Tensor x) {
        Tensor y = relu_(dense(prefix + "0", x));
        y = relu_(dense(prefix + "2", y));
        return dense(prefix + "4", y);
    }

    private Tensor records(Tensor x) {
        TensorVector parts = new TensorVector();
        for (int i = 0; i < x.size(1); i++) {
            parts.push_back(embedding(weights.get("tables." + i + ".weight"), x.select(1, i)));
        }
        return mlp("mlp.", cat(parts, 1));
    }

    private Tensor convolution(String name, Tensor x, long dilation) {
        Tensor w = weights.get(name + ".weight");
        long padding = (w.size(2) - 1) / 2 * dilation;
        return TorchNet.free(
                x,
                conv1d(
                        x,
                        w,
                        optionals.get(name + ".bias"),
                        new long[] {1},
                        new long[] {padding},
                        new long[] {dilation},
                        1));
    }

    private Tensor dilated(Tensor input, boolean training) {
        Tensor x = convolution("stem", input, 1);
        for (int i = 0; i < DILATIONS.length; i++) {
            Tensor y = x.alias();
            for (int j = 1; j <= 2; j++) {
                String norm = "blocks." + i + ".norm" + j;
                Tensor z = batch_norm(
                        y,
                        optionals.get(norm + ".weight"),
                        optionals.get(norm + ".bias"),
                        optionals.get(norm + ".running_mean"),
                        optionals.get(norm + ".running_var"),
                        training,
                        0.1,
                        1e-5,
                        false);
                y = convolution("blocks." + i + ".conv" + j, relu_(TorchNet.free(y, z)), DILATIONS[i]);
            }
            x = sum(x, y);
        }
        return convolution("head", x, 1);
    }

    private static Tensor sum(Tensor x, Tensor y) {
        return TorchNet.free(x, TorchNet.free(y, x.add(y)));
    }

    private Tensor transformer(Tensor x) {
        long n = x.size(0);
        long t = x.size(1);
        long d = x.size(2);
        Tensor all = dense("qkv", norm("norm1", x)).view(n, t, 3, 6, d / 6).permute(2, 0, 3, 1, 4);
        Tensor y = scaled_dot_product_attention(all.select(0, 0), all.select(0, 1), all.select(0, 2));
        Tensor first = sum(x, dense("proj", y.transpose(1, 2).reshape(n, t, d)));
        Tensor hidden = dense("fc1", norm("norm2", first));
        return sum(first, dense("fc2", TorchNet.free(hidden, gelu(hidden))));
    }

    private Tensor recurrent(Tensor x, boolean training) {
        long hidden = weights.get("weight_hh_l0").size(1);
        Tensor zero = zeros(new long[] {1, x.size(0), hidden}, new TensorOptions());
        TensorVector state = new TensorVector(zero, zero);
        TensorVector all = new TensorVector(
                weights.get("weight_ih_l0"),
                weights.get("weight_hh_l0"),
                weights.get("bias_ih_l0"),
                weights.get("bias_hh_l0"));
        return lstm(x, state, all, true, 1, 0.0, training, false, true).get0();
    }
}
