package dev.graft.cpu.conv.winograd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.graft.backend.Conv2dParams;
import dev.graft.backend.Epilogue;
import dev.graft.backend.View;
import dev.graft.cpu.Fixture;
import dev.graft.cpu.Fixture.Layout;
import dev.graft.cpu.conv.ConvCase;
import dev.graft.cpu.memory.CpuStorage;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Results near the end of a float's range where Winograd's transforms, which add several pixels times up to 100, are
 * beyond it: kernels of one tap, so that every result is one pixel or gradient.
 */
class WinogradRangeTest {
    private final Fixture f = new Fixture();

    static List<ConvCase> cases() {
        Conv2dParams same = Conv2dParams.of(1, 1);
        return List.of(
                new ConvCase("few tiles", 1, 32, 6, 7, 32, 3, 3, same),
                new ConvCase("many tiles", 3, 32, 30, 29, 48, 3, 3, same),
                new ConvCase("many channels", 1, 144, 8, 8, 160, 3, 3, same),
                new ConvCase("a line", 2, 32, 1, 150, 32, 1, 11, new Conv2dParams(1, 1, 0, 0, 10, 10, 1, 2, 1)),
                new ConvCase("stride 2", 4, 32, 32, 32, 32, 3, 3, Conv2dParams.of(2, 1)));
    }

    private View large(int... dims) {
        View view = f.gaussian(Layout.CHANNELS_LAST, dims);
        float[] data = CpuStorage.floatsToWrite(view);
        for (int i = 0; i < view.numel(); i++) {
            data[i] *= 1e37f;
        }
        return view;
    }

    // An image whose transforms stay in range has Winograd's error, relative to its largest result; one that was redone
    // has none.
    private static void expect(View actual, double[] expected) {
        double[] values = Fixture.values(actual);
        double largest = Arrays.stream(expected).map(Math::abs).max().orElse(0);
        for (int i = 0; i < expected.length; i++) {
            assertThat(values[i]).as("at %d", i).isCloseTo(expected[i], within(1e-5 * largest));
        }
    }

    /** Output o takes input o by the tap in the middle, where there is one. */
    private View oneTap(ConvCase k) {
        View w = f.empty(Layout.CHANNELS_LAST, k.weight());
        f.cpu.fill(w, 0);
        float[] data = CpuStorage.floatsToWrite(w);
        for (int i = 0; i < Math.min(k.c(), k.o()); i++) {
            data[Fixture.place(w, i, i, k.kh() / 2, k.kw() / 2)] = 1;
        }
        return w;
    }

    @ParameterizedTest
    @MethodSource("cases")
    void resultsAreThoseOfADirectConvolution(ConvCase k) {
        View x = large(k.x());
        View w = oneTap(k);
        View y = f.empty(Layout.CHANNELS_LAST, k.y());
        f.cpu.conv2d(x, w, Epilogue.NONE, y, k.params());
        expect(y, k.forward(Fixture.values(x), Fixture.values(w)).values());
    }

    @ParameterizedTest
    @MethodSource("cases")
    void inputGradientsAreThoseOfADirectConvolution(ConvCase k) {
        View dy = large(k.y());
        View w = oneTap(k);
        View dx = f.empty(Layout.CHANNELS_LAST, k.x());
        f.cpu.conv2dBackwardInput(dy, w, dx, k.params());
        expect(dx, k.inputGradient(Fixture.values(dy), Fixture.values(w)).values());
    }

    @ParameterizedTest
    @MethodSource("cases")
    void weightGradientsAreThoseOfADirectConvolution(ConvCase k) {
        View x = large(k.x());
        View dy = f.empty(Layout.CHANNELS_LAST, k.y());
        f.cpu.fill(dy, 0);
        for (int o = 0; o < k.o(); o++) {
            CpuStorage.floatsToWrite(dy)[Fixture.place(dy, 0, o, o % k.oh(), o % k.ow())] = 1;
        }
        View dw = f.empty(Layout.CHANNELS_LAST, k.weight());
        f.cpu.conv2dBackwardWeight(x, dy, dw, k.params());
        expect(dw, k.weightGradient(Fixture.values(x), Fixture.values(dy)).values());
    }
}
