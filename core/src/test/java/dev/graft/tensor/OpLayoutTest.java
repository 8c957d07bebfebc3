package dev.graft.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.type.DType;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every operator on arguments, and with a result's gradient, that lie differently in memory. */
class OpLayoutTest {

    static List<OpCase> cases() {
        return OpCases.all();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void reversedArgumentsGiveTheSame(OpCase c) {
        OpGoldenTest.check(c, OpRun.of(c, Layout.REVERSED));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void stridedArgumentsGiveTheSame(OpCase c) {
        OpGoldenTest.check(c, OpRun.of(c, Layout.STRIDED));
    }

    static boolean hasImages(OpCase c) {
        return Stream.of("in0", "out").anyMatch(part -> c.golden(part).shape().rank() == 4);
    }

    static Stream<OpCase> imageCases() {
        return cases().stream().filter(OpLayoutTest::hasImages);
    }

    @ParameterizedTest
    @MethodSource("imageCases")
    void channelsLastImagesGiveTheSame(OpCase c) {
        OpGoldenTest.check(c, OpRun.of(c, Layout.CHANNELS_LAST));
    }

    static Stream<OpCase> casesOfSeveralRows() {
        return cases().stream().filter(OpLayoutTest::canExpand);
    }

    @ParameterizedTest
    @MethodSource("casesOfSeveralRows")
    void expandedArgumentsGiveWhatTheirCopiesGive(OpCase c) {
        checkExpanded(c, On.CPU);
    }

    static boolean canExpand(OpCase c) {
        return c.golden("in0").dtype() == DType.F32 && c.golden("in0").shape().rank() > 0;
    }

    static void checkExpanded(OpCase c, On on) {
        OpRun expanded = OpRun.of(c, on, (part, t) -> isChanged(c, part) ? t : repeatFirstRow(t), i -> true);
        OpRun copied = OpRun.of(
                c, on, (part, t) -> isChanged(c, part) ? t : repeatFirstRow(t).copy(), i -> true);
        Close.check(c + ", value", expanded.out(), values(copied.out()), c.terms());
        assertThat(expanded.gradients().keySet()).isEqualTo(copied.gradients().keySet());
        copied.gradients()
                .forEach((i, g) -> Close.check(
                        c + ", gradient of argument " + i, expanded.gradients().get(i), values(g), c.terms()));
    }

    private static boolean isChanged(OpCase c, String part) {
        return c.hasGolden(part.replace("in", "after"));
    }

    private static Tensor repeatFirstRow(Tensor t) {
        boolean repeats = t.dtype() == DType.F32 && t.rank() > 0 && t.dim(0) > 1;
        return repeats ? t.slice(0, 0, 1).expand(t.shape().toArray()) : t;
    }

    private static Nd values(float[] data) {
        double[] out = new double[data.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = data[i];
        }
        return new Nd(new int[] {out.length}, out);
    }
}
