package dev.graft.benchmarks.peers;

import static org.bytedeco.pytorch.global.torch.cross_entropy_loss;
import static org.bytedeco.pytorch.global.torch.zeros;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.JitModule;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.SGD;
import org.bytedeco.pytorch.SGDOptions;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** libtorch's side of each measurement. */
final class TorchSteps {
    private TorchSteps() {}

    /**
     * The ways libtorch can do the task, by name; one of them for training, all that may be fastest for inference.
     *
     * @param images {@code [N, H, W, 3]}
     */
    static Map<String, Step> all(Task task, TorchWeights weights, float[] images) {
        // Its memory is [N, H, W, 3], so the permuted tensor is channels_last.
        Tensor x =
                Tensor.create(images, task.batch(), task.size(), task.size(), 3).permute(0, 3, 1, 2);
        Map<String, Step> steps = new LinkedHashMap<>();
        if (task.inference()) {
            TorchNet net = TorchNet.of(task, weights);
            // A handle of its own: networks close their input.
            steps.put("folded, channels_last", inference(() -> net.forward(x.alias(), false)));
            JitModule frozen = TorchScriptNet.of(task, weights, false);
            steps.put("frozen TorchScript, channels_last", inference(() -> TorchScriptNet.forward(frozen, x)));
            JitModule optimized = TorchScriptNet.of(task, weights, true);
            steps.put("frozen TorchScript, oneDNN layouts", inference(() -> TorchScriptNet.forward(optimized, x)));
        } else {
            steps.put("channels_last", training(TorchNet.of(task, weights), x, task.frozen()));
        }
        return steps;
    }

    private static Step inference(Supplier<Tensor> forward) {
        return step(() -> {
            try (NoGradGuard guard = new NoGradGuard()) {
                return forward.get().select(0, 0).select(0, 0).item_float();
            }
        });
    }

    private static Step training(TorchNet net, Tensor x, boolean frozen) {
        Tensor labels = zeros(new long[] {x.size(0)}, new TensorOptions(ScalarType.Long));
        List<Tensor> all = net.parameters;
        List<Tensor> trained = frozen ? all.subList(all.size() - 2, all.size()) : all;
        TensorVector parameters = new TensorVector();
        for (Tensor t : trained) {
            t.set_requires_grad(true);
            parameters.push_back(t);
        }
        SGDOptions options = new SGDOptions(Task.LEARNING_RATE);
        options.momentum().put(0.9);
        SGD sgd = new SGD(parameters, options);
        return step(() -> {
            sgd.zero_grad(true);
            Tensor loss = cross_entropy_loss(net.forward(x.alias(), !frozen), labels);
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
}
