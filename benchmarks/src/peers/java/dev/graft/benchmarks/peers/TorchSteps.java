package dev.graft.benchmarks.peers;

import static org.bytedeco.pytorch.global.torch.cross_entropy_loss;
import static org.bytedeco.pytorch.global.torch.randn;
import static org.bytedeco.pytorch.global.torch.zeros;

import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.SGD;
import org.bytedeco.pytorch.SGDOptions;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** libtorch's side of each measurement. */
final class TorchSteps {
    private TorchSteps() {
    }

    static Step of(String model, String mode, int batch) {
        boolean inference = mode.equals("inference");
        boolean frozen = mode.equals("frozen");
        int classes = frozen ? 2 : 1000;
        TorchNet net = model.equals("resnet18") ? new TorchResNet18(inference, classes) : new TorchEfficientNetLite0(inference, classes);
        Tensor x = randn(new long[] {batch, 3, 224, 224}, new TensorOptions()).contiguous(MemoryFormat.ChannelsLast);
        return inference ? inference(net, x) : training(net, x, frozen);
    }

    private static Step inference(TorchNet net, Tensor x) {
        return step(() -> {
            try (NoGradGuard guard = new NoGradGuard()) {
                // A handle of its own: networks close their input.
                net.forward(x.alias(), false);
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
        SGDOptions options = new SGDOptions(1e-3);
        options.momentum().put(0.9);
        SGD sgd = new SGD(parameters, options);
        return step(() -> {
            sgd.zero_grad(true);
            Tensor loss = cross_entropy_loss(net.forward(x.alias(), !frozen), labels);
            loss.backward();
            sgd.step();
            loss.item_float();
        });
    }

    private static Step step(Runnable body) {
        return new Step() {
            @Override
            public void run() {
                try (PointerScope scope = new PointerScope()) {
                    body.run();
                }
            }

            @Override
            public void close() {
                // libtorch's own memory goes with the process.
            }
        };
    }
}
