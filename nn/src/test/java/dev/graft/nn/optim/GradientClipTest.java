package dev.graft.nn.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.graft.nn.Parameter;
import dev.graft.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Gradients that are not numbers, or far too large, as torch.nn.utils.clip_grad_norm_ treats them. */
class GradientClipTest {
    private static final float INF = Float.POSITIVE_INFINITY;
    private static final float NAN = Float.NaN;

    private static List<Parameter> withGradients(float[]... gradients) {
        List<Parameter> parameters = new ArrayList<>();
        for (float[] gradient : gradients) {
            Parameter parameter = new Parameter(Tensor.zeros(gradient.length));
            parameter.value().mul(Tensor.of(gradient, gradient.length)).sum().backward();
            parameters.add(parameter);
        }
        return parameters;
    }

    private static float[] gradient(List<Parameter> parameters, int i) {
        return parameters.get(i).grad().orElseThrow().toFloatArray();
    }

    @Test
    void oneNaNVoidsAllGradients() {
        List<Parameter> parameters = withGradients(new float[] {NAN}, new float[] {500, 1}, new float[] {0});
        assertThat(GradientClip.norm(parameters, 1)).isNaN();
        assertThat(gradient(parameters, 0)).containsExactly(NAN);
        assertThat(gradient(parameters, 1)).containsExactly(NAN, NAN);
        assertThat(gradient(parameters, 2)).containsExactly(NAN);
    }

    @Test
    void anInfiniteNormLeavesNoFiniteStep() {
        List<Parameter> parameters = withGradients(new float[] {INF, 2}, new float[] {500});
        assertThat(GradientClip.norm(parameters, 1)).isEqualTo(Double.POSITIVE_INFINITY);
        assertThat(gradient(parameters, 0)).containsExactly(NAN, 0);
        assertThat(gradient(parameters, 1)).containsExactly(0);
        List<Parameter> cancelling = withGradients(new float[] {INF, -INF, NAN});
        assertThat(GradientClip.norm(cancelling, 1)).isNaN();
        assertThat(gradient(cancelling, 0)).containsExactly(NAN, NAN, NAN);
    }

    @Test
    void aNormThatNoFloatHoldsIsClippedAllTheSame() {
        List<Parameter> parameters = withGradients(new float[] {3e38f, 3e38f}, new float[] {-3e38f, 3e38f});
        assertThat(GradientClip.norm(parameters, 4)).isCloseTo(6e38, within(1e32));
        assertThat(gradient(parameters, 0)).containsExactly(new float[] {2, 2}, within(1e-6f));
        assertThat(gradient(parameters, 1)).containsExactly(new float[] {-2, 2}, within(1e-6f));
    }

    @Test
    void aNormWhoseSquareNoFloatHoldsIsNoZero() {
        List<Parameter> parameters = withGradients(new float[] {3e-25f, 4e-25f});
        assertThat(GradientClip.norm(parameters, 1)).isCloseTo(5e-25, within(1e-31));
        assertThat(gradient(parameters, 0)).containsExactly(3e-25f, 4e-25f);
    }

    @Test
    void smallGradientsKeepTheirBits() {
        List<Parameter> parameters = withGradients(new float[] {0.1f, -0.2f}, new float[] {1e-30f});
        assertThat(GradientClip.norm(parameters, 1)).isCloseTo(Math.sqrt(0.05), within(1e-8));
        assertThat(gradient(parameters, 0)).containsExactly(0.1f, -0.2f);
        assertThat(gradient(parameters, 1)).containsExactly(1e-30f);
        GradientClip.norm(parameters, Double.POSITIVE_INFINITY);
        assertThat(gradient(parameters, 0)).containsExactly(0.1f, -0.2f);
    }

    @Test
    void nothingToClipIsNoError() {
        assertThat(GradientClip.norm(List.of(), 1)).isZero();
        assertThat(GradientClip.norm(List.of(new Parameter(Tensor.zeros(2))), 1))
                .isZero();
        GradientClip.value(List.of(), 1);
        GradientClip.value(List.of(new Parameter(Tensor.zeros(2))), 1);
    }

    @Test
    void aParameterListedTwiceIsScaledOnce() {
        List<Parameter> parameters = withGradients(new float[] {3, 4});
        assertThat(GradientClip.norm(List.of(parameters.get(0), parameters.get(0)), 2.5))
                .isCloseTo(5, within(1e-6));
        assertThat(gradient(parameters, 0)).containsExactly(new float[] {1.5f, 2}, within(1e-5f));
    }

    @Test
    void cuttingValuesKeepsWhatIsNotANumberVisible() {
        List<Parameter> parameters = withGradients(new float[] {NAN, INF, -INF, 7, -0.5f});
        GradientClip.value(parameters, 2);
        assertThat(gradient(parameters, 0)).containsExactly(NAN, 2, -2, 2, -0.5f);
    }

    @Test
    void limitsThatAreNoneAreRefused() {
        List<Parameter> parameters = withGradients(new float[] {3});
        assertThatThrownBy(() -> GradientClip.norm(parameters, Double.NaN))
                .hasMessage("clip norm: the largest norm must not be negative, was NaN");
        assertThatThrownBy(() -> GradientClip.norm(parameters, -1)).hasMessageContaining("was -1.0");
        assertThatThrownBy(() -> GradientClip.value(parameters, NAN))
                .hasMessage("clip value: the limit must not be negative, was NaN");
        assertThat(gradient(parameters, 0)).containsExactly(3);
    }
}
