package dev.graft.benchmarks.peers;

import dev.graft.nn.Module;
import dev.graft.nn.loss.CrossEntropyLoss;
import dev.graft.nn.optim.Sgd;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.DType;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Shape;
import dev.graft.tensor.Tensor;
import dev.graft.vision.model.ModelZoo;
import java.util.SplittableRandom;

/** Graft's side of each measurement. */
final class GraftSteps {
    private GraftSteps() {
    }

    static Step of(String model, String mode, int batch) {
        boolean inference = mode.equals("inference");
        boolean frozen = mode.equals("frozen");
        SplittableRandom random = new SplittableRandom(1);
        Module net = ModelZoo.architecture(model).create(frozen ? 2 : 1000, random);
        Tensor x = Tensor.randn(random, batch, 224, 224, 3).permute(0, 3, 1, 2);
        if (inference) {
            net.eval();
            return step(net, () -> Autograd.noGrad(() -> net.forward(x)).get(0, 0));
        }
        if (frozen) {
            net.freezeExcept(ModelZoo.architecture(model).headPath());
        }
        net.train();
        Tensor labels = Tensor.zeros(DType.I64, Shape.of(batch));
        CrossEntropyLoss criterion = new CrossEntropyLoss();
        Sgd sgd = new Sgd(net.trainableParameters(), Sgd.lr(0.001).momentum(0.9));
        return step(net, () -> {
            sgd.zeroGrad();
            Tensor loss = criterion.forward(net.forward(x), labels);
            loss.backward();
            sgd.step();
            loss.item();
        });
    }

    private static Step step(Module net, Runnable body) {
        return new Step() {
            @Override
            public void run() {
                try (Scope scope = Scope.open()) {
                    body.run();
                }
            }

            @Override
            public void close() {
                net.close();
            }
        };
    }
}
