package dev.graft.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.graft.backend.Conv2dParams;
import dev.graft.backend.Pool2dParams;
import dev.graft.type.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Memory: what lives how long, counted by the device. */
class AutogradMemoryTest {
    private static final int SIDE = 256;
    private static final long BYTES = 4L * SIDE * SIDE;

    /**
     * Tensors that other tests left to the garbage collector must not leave the count while it is watched. Nobody can
     * tell when a collector is done, so what remains after this may still go: the tests say what must not stay, not
     * what must.
     */
    @BeforeEach
    void settle() throws InterruptedException {
        long before = live();
        for (int same = 0; same < 4; same++) {
            System.gc();
            Thread.sleep(10);
            same = live() == before ? same : 0;
            before = live();
        }
    }

    private static long live() {
        return Device.cpu().memory().live();
    }

    @Test
    void aScopeGivesEverythingBack() {
        long start = live();
        try (Scope scope = Scope.open()) {
            Tensor x = Tensor.ones(SIDE, SIDE);
            x.matmul(x).relu().transpose(0, 1).softmax(0);
            assertThat(live()).isGreaterThan(start + 3 * BYTES);
        }
        assertThat(live()).isLessThanOrEqualTo(start);
    }

    @Test
    void aFailedOperatorGivesEverythingBack() {
        long start = live();
        try (Scope scope = Scope.open()) {
            Tensor x = Tensor.ones(SIDE, SIDE).requireGrad(true);
            long before = live();
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> x.crossEntropy(
                            Tensor.full(0, SIDE).to(DType.I64).add(Tensor.ones(3)),
                            Optional.empty(),
                            0,
                            -100,
                            LossReduction.MEAN));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> x.transpose(0, 1).reshape(3));
            assertThat(x.storage().holders()).isEqualTo(2); // x and the transposed view, which the scope owns
            assertThat(live()).isLessThan(before + BYTES);
        }
        assertThat(live()).isLessThanOrEqualTo(start);
    }

    @Test
    void frozenLayersKeepNothing() {
        try (Scope scope = Scope.open()) {
            Tensor x = Tensor.ones(SIDE, SIDE);
            long before = live();
            for (int i = 0; i < 10; i++) {
                try (Scope layer = Scope.open()) {
                    Tensor y = layer.keep(x.affine(2, 1).relu());
                    x.close();
                    x = y;
                }
            }
            assertThat(live()).isLessThanOrEqualTo(before);
        }
    }

    @Test
    void backwardFreesGradientsAsItGoes() {
        try (Scope scope = Scope.open()) {
            Tensor x = Tensor.ones(SIDE, SIDE).requireGrad(true);
            Tensor y = x;
            for (int i = 0; i < 30; i++) {
                y = y.mul(1.01f);
            }
            Tensor loss = y.sum();
            Device.cpu().backend().trim();
            long before = live();
            loss.backward();
            assertThat(Device.cpu().memory().peak() - before)
                    .as("peak of the backward pass")
                    .isLessThan(5 * BYTES);
            assertThat(live() - before).as("what stays is the leaf's gradient").isBetween(BYTES, BYTES + BYTES / 4);
        }
    }

    @Test
    void backwardFreesSavedTensorsAsItGoes() {
        try (Scope scope = Scope.open()) {
            Tensor x = Tensor.ones(SIDE, SIDE).requireGrad(true);
            Tensor loss;
            try (Scope inner = Scope.open()) {
                Tensor y = x;
                for (int i = 0; i < 30; i++) {
                    y = y.sigmoid();
                }
                loss = inner.keep(y.sum());
            }
            long before = live();
            assertThat(before).isGreaterThan(30 * BYTES);
            loss.backward();
            assertThat(live())
                    .as("30 saved tensors went, one gradient came")
                    .isBetween(before - 30 * BYTES, before - 29 * BYTES + BYTES / 4);
        }
    }

    @Test
    void aFailedBackwardGivesEverythingBack() {
        long start = live();
        try (Scope scope = Scope.open()) {
            Tensor x = Tensor.ones(SIDE, SIDE).requireGrad(true);
            Tensor shared = x.exp();
            shared.sum().backward();
            x.clearGrad();
            long before = live();
            Tensor second = shared.mul(2).add(shared.mul(3)).sum();
            long recorded = live();
            assertThatIllegalStateException().isThrownBy(second::backward);
            assertThat(live()).as("nothing but the forward pass stays").isLessThanOrEqualTo(recorded);
            assertThat(recorded - before).isGreaterThan(2 * BYTES);
        }
        assertThat(live()).isLessThanOrEqualTo(start);
    }

    @Test
    void aRunOfTrainingStepsKeepsNothing() {
        long start = live();
        Random random = new Random(7);
        List<Tensor> parameters = new ArrayList<>();
        List<Tensor> buffers = new ArrayList<>();
        try (Scope scope = Scope.open()) {
            for (int[] dims : new int[][] {{8, 3, 3, 3}, {8}, {8}, {16, 8, 3, 3}, {5, 16 * 8 * 8}, {5}}) {
                parameters.add(Tensor.randn(random, dims)
                        .mulInPlace(0.1f)
                        .requireGrad(true)
                        .keep());
                buffers.add(Tensor.zeros(dims).keep());
            }
            Tensor mean = Tensor.zeros(8);
            Tensor variance = Tensor.ones(8);
            float first = step(random, parameters, buffers, mean, variance, true);
            long afterOne = live();
            float last = first;
            for (int i = 0; i < 4; i++) {
                last = step(new Random(7), parameters, buffers, mean, variance, false);
                assertThat(live()).as("live bytes after step %d", i + 2).isLessThanOrEqualTo(afterOne);
            }
            assertThat(last).isFinite();
            parameters.forEach(Tensor::close);
            buffers.forEach(Tensor::close);
        }
        assertThat(live()).isLessThanOrEqualTo(start);
    }

    private static float step(
            Random random, List<Tensor> p, List<Tensor> velocity, Tensor mean, Tensor variance, boolean first) {
        try (Scope scope = Scope.open()) {
            Tensor x = Tensor.randn(random, 4, 3, 16, 16);
            Tensor h = x.conv2d(p.get(0), Optional.empty(), Conv2dParams.of(1, 1))
                    .batchNormTrain(p.get(1), p.get(2), 1e-5f, mean, variance, 0.1f)
                    .relu()
                    .maxPool2d(Pool2dParams.of(2, 2));
            h = h.conv2d(p.get(3), Optional.empty(), Conv2dParams.of(1, 1))
                    .relu()
                    .dropout(0.2f, 3);
            Tensor loss = h.flatten(1)
                    .linear(p.get(4), Optional.of(p.get(5)))
                    .crossEntropy(
                            Tensor.of(new long[] {0, 1, 4, 2}, 4), Optional.empty(), 0.1f, -100, LossReduction.MEAN);
            loss.backward();
            for (int i = 0; i < p.size(); i++) {
                Update.sgd(
                        p.get(i),
                        p.get(i).grad().orElseThrow(),
                        Optional.of(velocity.get(i)),
                        first,
                        0.01f,
                        0.9f,
                        0,
                        1e-4f,
                        false);
                p.get(i).clearGrad();
            }
            return loss.item();
        }
    }
}
