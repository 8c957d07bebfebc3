package dev.graft.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every operator's value and gradients against PyTorch. */
class OpGoldenTest {

    static List<OpCase> cases() {
        return OpCases.all();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void valueGradientsAndChangesAreThoseOfPyTorch(OpCase c) {
        check(c, OpRun.of(c, Layout.CONTIGUOUS));
    }

    static void check(OpCase c, OpRun run) {
        assertThat(run.shape()).as("%s, shape", c).isEqualTo(c.golden("out").shape());
        assertThat(run.dtype()).as("%s, dtype", c).isEqualTo(c.golden("out").dtype());
        Close.check(c + ", value", run.out(), c.golden("out").values(), c.terms());
        for (int i = 0; i < c.arguments(); i++) {
            assertThat(run.gradients().containsKey(i))
                    .as("%s, argument %d has a gradient", c, i)
                    .isEqualTo(c.hasGolden("grad" + i));
            if (run.gradients().containsKey(i)) {
                Close.check(
                        c + ", gradient of argument " + i,
                        run.gradients().get(i),
                        c.golden("grad" + i).values(),
                        c.terms());
            }
            if (run.after().containsKey(i)) {
                Close.check(
                        c + ", argument " + i + " afterwards",
                        run.after().get(i),
                        c.golden("after" + i).values(),
                        c.terms());
            }
        }
    }

    static List<OpCase> casesOfSeveralGradients() {
        return OpCases.withGradient().stream()
                .filter(c -> IntStream.range(0, c.arguments())
                                .filter(i -> c.hasGolden("grad" + i))
                                .count()
                        > 1)
                .toList();
    }

    @ParameterizedTest
    @MethodSource("casesOfSeveralGradients")
    void eachGradientIsTheSameWhenItIsTheOnlyOneWanted(OpCase c) {
        for (int i = 0; i < c.arguments(); i++) {
            int only = i;
            if (c.hasGolden("grad" + i)) {
                OpRun run = OpRun.of(c, On.CPU, (part, values) -> values, k -> k == only);
                assertThat(run.gradients()).containsOnlyKeys(only);
                Close.check(
                        c + ", gradient of argument " + i + " alone",
                        run.gradients().get(i),
                        c.golden("grad" + i).values(),
                        c.terms());
            }
        }
    }
}
