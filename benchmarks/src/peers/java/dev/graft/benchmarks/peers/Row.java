package dev.graft.benchmarks.peers;

import dev.graft.io.StateDict;
import dev.graft.nn.Module;
import dev.graft.nn.loss.CrossEntropyLoss;
import dev.graft.nn.optim.Sgd;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A row of the table of {@link NetworksVersusTorch}, as Graft does it.
 *
 * @param name what the peers know it by
 * @param mode {@code train}: forward, loss, backward, SGD with momentum; {@code inference}: forward
 * @param net the network, where there is one
 * @param inputs {@code input}, and what else the row needs; {@code labels} if the loss is cross-entropy, otherwise it
 *     is the mean of squares
 * @param own a step that differs from what {@code mode} says
 */
record Row(
        String name,
        String mode,
        Optional<Module> net,
        Map<String, Tensor> inputs,
        Function<Map<String, Tensor>, Tensor> forward,
        Optional<Function<Map<String, Tensor>, Step>> own) {

    Row(
            String name,
            String mode,
            Optional<Module> net,
            Map<String, Tensor> inputs,
            Function<Map<String, Tensor>, Tensor> forward) {
        this(name, mode, net, inputs, forward, Optional.empty());
    }

    static Row of(String name, String mode, Module net, Map<String, Tensor> inputs) {
        return new Row(name, mode, Optional.of(net), inputs, x -> net.forward(x.get("input")));
    }

    boolean trains() {
        return mode.equals("train");
    }

    /** All that a peer starts from: inputs by their names, weights under {@code net.}. */
    StateDict tensors() {
        StateDict all = new StateDict();
        inputs.forEach(all::put);
        net.ifPresent(n -> n.stateDict().entries().forEach(e -> all.put("net." + e.getKey(), e.getValue())));
        return all;
    }

    Step graft() {
        if (own.isPresent()) {
            return own.get().apply(inputs);
        }
        if (!trains()) {
            net.ifPresent(Module::eval);
            return step(() -> Autograd.noGrad(() -> first(forward.apply(inputs))));
        }
        Module network = net.orElseThrow();
        network.train();
        CrossEntropyLoss criterion = new CrossEntropyLoss();
        Sgd sgd = new Sgd(
                network.trainableParameters(), Sgd.lr(Task.LEARNING_RATE).momentum(0.9));
        return step(() -> {
            sgd.zeroGrad();
            Tensor y = forward.apply(inputs);
            Tensor labels = inputs.get("labels");
            Tensor loss =
                    labels != null ? criterion.forward(y, labels) : y.square().mean();
            loss.backward();
            sgd.step();
            return loss.item();
        });
    }

    private static float first(Tensor y) {
        return y.get(new int[y.rank()]);
    }

    private static Step step(Supplier<Float> body) {
        return new Step() {
            @Override
            public float run() {
                try (Scope scope = Scope.open()) {
                    return body.get();
                }
            }

            @Override
            public void close() {
                // The row's owner closes the network.
            }
        };
    }
}
