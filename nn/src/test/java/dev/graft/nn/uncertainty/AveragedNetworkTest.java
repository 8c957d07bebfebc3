package dev.graft.nn.uncertainty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.graft.nn.Module;
import dev.graft.nn.layer.BatchNorm1d;
import dev.graft.nn.layer.Dropout;
import dev.graft.nn.layer.Linear;
import dev.graft.nn.layer.Sequential;
import dev.graft.tensor.Tensor;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Means of several answers. */
class AveragedNetworkTest {
    private final SplittableRandom random = new SplittableRandom(5);
    private final Tensor x = Tensor.randn(random, 6, 4);

    private Sequential withDropout() {
        Sequential net = new Sequential(
                new Linear(4, 16, random), new BatchNorm1d(16), new Dropout(0.5f, random), new Linear(16, 3, random));
        net.eval();
        return net;
    }

    private static float[] probabilities(Tensor logits, boolean multiLabel) {
        return (multiLabel ? logits.sigmoid() : logits.softmax(1)).toFloatArray();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anEnsembleGivesTheMeanProbabilities(boolean multiLabel) {
        List<Linear> members = List.of(new Linear(4, 3, random), new Linear(4, 3, random), new Linear(4, 3, random));
        Ensemble ensemble = new Ensemble(members, multiLabel);
        float[] found = probabilities(ensemble.forward(x), multiLabel);
        double[] mean = new double[18];
        for (Linear member : members) {
            float[] own = probabilities(member.forward(x), multiLabel);
            for (int i = 0; i < mean.length; i++) {
                mean[i] += own[i] / 3.0;
            }
        }
        List<Spread> spreads = ensemble.spread(x);
        for (int i = 0; i < mean.length; i++) {
            assertThat((double) found[i]).isCloseTo(mean[i], within(1e-6));
            assertThat((double) spreads.get(i / 3).mean()[i % 3]).isCloseTo(mean[i], within(1e-6));
        }
        assertThat(spreads).allMatch(spread -> spread.disagreement() > 0 && spread.disagreement() < spread.entropy());
        assertThatThrownBy(() -> new Ensemble(List.of(), multiLabel)).hasMessageContaining("no member");
    }

    @Test
    void membersThatAgreeDoNotDisagreeAndExtremesStayFinite() {
        Linear member = new Linear(4, 3, random);
        Spread same = new Ensemble(List.of(member, member), false).spread(x).get(0);
        assertThat(same.disagreement()).isCloseTo(0, within(1e-9));
        assertThat(same.deviation()).containsOnly(0f);
        Module sure = new Module() {
            @Override
            protected Tensor compute(Tensor input) {
                return Tensor.of(new float[] {1000, -1000, 0}, 1, 3);
            }
        };
        assertThat(new Ensemble(List.of(sure), true).forward(x).sigmoid().toFloatArray())
                .containsExactly(new float[] {1, 0, 0.5f}, within(1e-6f));
        float[] logits = new Ensemble(List.of(sure), false).forward(x).toFloatArray();
        for (float logit : logits) {
            assertThat(Float.isFinite(logit)).isTrue();
        }
    }

    @Test
    void dropoutIsOnAndNothingElse() {
        Sequential net = withDropout();
        float[] plain = probabilities(net.forward(x), false);
        long[] state = ((Dropout) net.get(2)).randomState();
        float[] statistics = ((BatchNorm1d) net.get(1)).runningMean().value().toFloatArray();
        McDropout mc = McDropout.of(net, 400, 7, false);
        float[] mean = probabilities(mc.forward(x), false);
        assertThat(mean).isNotEqualTo(plain);
        for (int i = 0; i < mean.length; i++) {
            assertThat(mean[i]).isCloseTo(plain[i], within(0.15f));
        }
        assertThat(mc.spread(x)).allMatch(spread -> spread.deviation()[0] > 0 && spread.disagreement() > 0);
        assertThat(((Dropout) net.get(2)).randomState()).isEqualTo(state);
        assertThat(((BatchNorm1d) net.get(1)).runningMean().value().toFloatArray())
                .containsExactly(statistics);
        assertThat(net.modules()).noneMatch(Module::isTraining);
        assertThat(probabilities(net.forward(x), false)).containsExactly(plain);
        // the same again, in any batch and any thread
        assertThat(probabilities(mc.forward(x), false)).containsExactly(mean);
        float[] third = probabilities(mc.forward(x.slice(0, 2, 3)), false);
        for (int c = 0; c < 3; c++) {
            assertThat(third[c]).isCloseTo(mean[6 + c], within(1e-6f));
        }
        IntStream.range(0, 8)
                .parallel()
                .forEach(i -> assertThat(probabilities(mc.forward(x), false)).containsExactly(mean));
    }

    @Test
    void aNetworkWithoutDropoutIsRefused() {
        Linear plain = new Linear(4, 2, random);
        assertThatThrownBy(() -> McDropout.of(plain, 10, 0, false))
                .hasMessage(
                        "mcDropout: the network has no dropout that could be on, so all its answers would be the same."
                                + " Hint: use an ensemble of several trainings, or a network with dropout.");
        Sequential frozen = withDropout();
        frozen.freeze();
        assertThatThrownBy(() -> McDropout.of(frozen, 10, 0, false)).hasMessageContaining("no dropout");
        assertThatThrownBy(() -> McDropout.of(withDropout(), 0, 0, false)).hasMessageContaining("at least 1");
    }

    @Test
    void viewsAreAveraged() {
        Linear net = new Linear(4, 2, random);
        TestTimeAugmentation tta = new TestTimeAugmentation(net, List.of(t -> t, t -> t.flip(1)), false);
        float[] one = probabilities(net.forward(x), false);
        float[] other = probabilities(net.forward(x.flip(1)), false);
        float[] mean = probabilities(tta.forward(x), false);
        assertThat(probabilities(tta.forward(x.flip(1)), false)).containsExactly(mean, within(1e-6f));
        for (int i = 0; i < mean.length; i++) {
            assertThat(mean[i]).isCloseTo((one[i] + other[i]) / 2, within(1e-6f));
        }
    }
}
