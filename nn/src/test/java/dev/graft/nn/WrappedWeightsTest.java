package dev.graft.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.io.StateDict;
import dev.graft.nn.layer.BatchNorm1d;
import dev.graft.nn.layer.Linear;
import dev.graft.nn.layer.Sequential;
import dev.graft.tensor.Tensor;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** State dicts as wrappers and conversions leave them. */
class WrappedWeightsTest {
    private static Sequential network() {
        return new Sequential(
                new Linear(3, 4, new SplittableRandom(1)),
                new BatchNorm1d(4),
                new Linear(4, 2, new SplittableRandom(2)));
    }

    private static StateDict saved(String prefix) {
        try (Sequential other = network();
                StateDict state = other.stateDict()) {
            StateDict wrapped = new StateDict();
            state.entries().forEach(entry -> wrapped.put(prefix + entry.getKey(), doubled(entry.getValue())));
            return wrapped;
        }
    }

    private static Tensor doubled(Tensor value) {
        return value.dtype() == DType.F32 ? value.mul(2) : value.copy();
    }

    @Test
    void aWrapperIsTakenOffAndWhatLiesOutsideItIsLeftOut() {
        for (String prefix : new String[] {"", "module.", "model.", "model._orig_mod.", "module.net."}) {
            try (Sequential model = network();
                    StateDict wrapped = saved(prefix)) {
                if (!prefix.isEmpty()) {
                    wrapped.put("loss_fn.weight", Tensor.ones(2));
                }
                float first = model.parameters().get(0).value().get(0, 0);
                model.load(wrapped);
                assertThat(model.parameters().get(0).value().get(0, 0))
                        .as(prefix)
                        .isEqualTo(2 * first);
            }
        }
    }

    @Test
    void aForeignTensorBesideNamesThatFitStaysAnError() {
        try (Sequential model = network();
                StateDict state = saved("").put("loss_fn.weight", Tensor.ones(2))) {
            assertThatThrownBy(() -> model.load(state))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("unexpected: loss_fn.weight [2]");
        }
    }

    @Test
    void countersConvertAsInPyTorchAndFloatsOfEveryWidth() {
        for (Tensor counter :
                new Tensor[] {Tensor.scalar(5).to(DType.F16), Tensor.of(new int[] {5}, 1), Tensor.of(new float[] {5}, 1)
                }) {
            try (Sequential model = network();
                    StateDict state = saved("")) {
                state.put("1.num_batches_tracked", counter);
                state.put(
                        "1.weight",
                        Tensor.ofBytes(DType.F8_E4M3, Shape.of(4), new byte[] {0x38, 0x40, 0x48, (byte) 0xb8}));
                model.load(state);
                try (StateDict after = model.stateDict()) {
                    assertThat(after.get("1.num_batches_tracked").itemLong()).isEqualTo(5);
                    assertThat(after.get("1.weight").toFloatArray()).containsExactly(1, 2, 4, -1);
                }
            }
        }
    }

    @Test
    void twoNetworksThatBothFitAreRefusedAndNothingIsLoaded() {
        for (String[] pair : new String[][] {{"net.", "model."}, {"student.", "teacher."}, {"a.", "b."}}) {
            try (Sequential model = network();
                    StateDict state = saved(pair[0]);
                    StateDict second = saved(pair[1])) {
                second.entries().forEach(entry -> state.put(entry.getKey(), doubled(entry.getValue())));
                float first = model.parameters().get(0).value().get(0, 0);
                assertThatThrownBy(() -> model.load(state))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("two state dicts: " + pair[0].replace(".", "") + ", "
                                + pair[1].replace(".", "") + "; both fit the network")
                        .hasMessageContaining("state.under(");
                assertThat(model.parameters().get(0).value().get(0, 0)).isEqualTo(first);
                try (StateDict chosen = state.under(pair[1])) {
                    model.load(chosen);
                }
                assertThat(model.parameters().get(0).value().get(0, 0)).isEqualTo(4 * first);
            }
        }
    }
}
