package dev.graft.benchmarks.peers;

import dev.graft.nn.Module;
import dev.graft.nn.layer.Dropout;
import dev.graft.nn.loss.CrossEntropyLoss;
import dev.graft.nn.optim.Sgd;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import dev.graft.vision.model.zoo.ModelZoo;
import java.util.SplittableRandom;
import java.util.function.Supplier;

/** Graft's side of each measurement. */
final class GraftSteps {
    private GraftSteps() {}

    /** The network as it starts; the peer starts from the same weights. */
    static Module network(Task task) {
        return ModelZoo.architecture(task.model()).create(task.classes(), new SplittableRandom(1));
    }

    /** {@code [N, H, W, 3]} as both sides read it. */
    static float[] images(Task task) {
        SplittableRandom random = new SplittableRandom(2);
        float[] images = new float[task.batch() * task.size() * task.size() * 3];
        for (int i = 0; i < images.length; i++) {
            images[i] = (float) random.nextGaussian();
        }
        return images;
    }

    /** Takes the network over. */
    static Step of(Task task, Module net) {
        Tensor x = Tensor.of(images(task), task.batch(), task.size(), task.size(), 3)
                .permute(0, 3, 1, 2);
        if (task.inference()) {
            net.eval();
            return step(net, () -> Autograd.noGrad(() -> net.forward(x)).get(0, 0));
        }
        String head = ModelZoo.architecture(task.model()).headPath();
        if (task.frozen()) {
            net.freezeExcept(head);
        }
        net.train();
        // The sides' random numbers differ: without dropout their losses can be compared.
        net.modules().stream().filter(m -> m instanceof Dropout).forEach(Module::eval);
        Tensor labels = Tensor.zeros(DType.I64, Shape.of(task.batch()));
        CrossEntropyLoss criterion = new CrossEntropyLoss();
        Sgd sgd = new Sgd(net.trainableParameters(), Sgd.lr(Task.LEARNING_RATE).momentum(0.9));
        return step(net, () -> {
            sgd.zeroGrad();
            Tensor loss = criterion.forward(net.forward(x), labels);
            loss.backward();
            sgd.step();
            return loss.item();
        });
    }

    private static Step step(Module net, Supplier<Float> body) {
        return new Step() {
            @Override
            public float run() {
                try (Scope scope = Scope.open()) {
                    return body.get();
                }
            }

            @Override
            public void close() {
                net.close();
            }
        };
    }
}
