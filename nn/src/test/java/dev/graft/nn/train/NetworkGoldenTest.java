package dev.graft.nn.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.graft.io.StateDict;
import dev.graft.nn.Golden;
import dev.graft.nn.layer.BatchNorm1d;
import dev.graft.nn.layer.Conv1d;
import dev.graft.nn.layer.Flatten;
import dev.graft.nn.layer.LayerNorm;
import dev.graft.nn.layer.Linear;
import dev.graft.nn.layer.ReLU;
import dev.graft.nn.layer.Sequential;
import dev.graft.nn.loss.CrossEntropyLoss;
import dev.graft.nn.optim.Sgd;
import dev.graft.tensor.Tensor;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/** Ten training steps of a small network from PyTorch's weights: every loss, every final weight and buffer. */
class NetworkGoldenTest {
    private final Golden golden = Golden.read("nn.json").child("training");
    private final RandomGenerator random = new SplittableRandom(1);

    @Test
    void trainsAsInPyTorch() {
        Sequential network = new Sequential(
                new Conv1d(2, 4, 3, Conv1d.options().padding(1), random),
                new BatchNorm1d(4),
                new ReLU(),
                new Flatten(),
                new LayerNorm(24),
                new Linear(24, 3, random));
        try (StateDict state = new StateDict()) {
            Golden saved = golden.child("state");
            for (String name : saved.keys()) {
                int[] shape = saved.child(name).ints("shape");
                state.put(
                        name,
                        name.endsWith("tracked")
                                ? Tensor.of(new long[1])
                                : Tensor.of(saved.child(name).floats("values"), shape));
            }
            network.load(state);
        }
        Tensor inputs = Tensor.of(golden.floats("inputs"), 8, 2, 6);
        Tensor targets = Tensor.of(golden.longs("targets"), 8);
        Sgd sgd =
                new Sgd(network.trainableParameters(), Sgd.lr(0.1).momentum(0.9).weightDecay(0.01));
        for (double want : golden.doubles("losses")) {
            sgd.zeroGrad();
            Tensor loss = new CrossEntropyLoss().forward(network.forward(inputs), targets);
            loss.backward();
            sgd.step();
            assertThat((double) loss.item()).isCloseTo(want, within(1e-5 + 1e-4 * want));
        }
        try (StateDict state = network.stateDict()) {
            for (String name : golden.child("final_state").keys()) {
                assertClose(
                        name,
                        state.get(name).toFloatArray(),
                        golden.child("final_state").doubles(name));
            }
        }
        network.eval();
        assertClose("logits", network.forward(inputs).toFloatArray(), golden.doubles("final_logits"));
    }

    private static void assertClose(String name, float[] got, double[] want) {
        assertThat(got).as(name).hasSameSizeAs(want);
        // ten steps grow rounding errors; they stay relative to the tensor's typical size, not to 1
        double typical = Arrays.stream(want).map(Math::abs).average().orElseThrow();
        for (int i = 0; i < want.length; i++) {
            assertThat((double) got[i])
                    .as(name + "[" + i + "]")
                    .isCloseTo(want[i], within(1e-5 * (Math.abs(want[i]) + typical)));
        }
    }
}
