package dev.graft.nn.sequence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.graft.nn.data.sequence.OneHotBases;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.io.StringReader;
import java.util.List;
import java.util.SplittableRandom;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.xml.sax.InputSource;

class SequenceExplainerTest {
    @Test
    @SuppressWarnings("try")
    void mutationsAndGradientsAddUpToWhatTheNetworkSays() {
        try (DilatedResNet network = DilatedResNet.spliceAi(80, new SplittableRandom(4))) {
            network.eval();
            SequenceExplainer explainer = SequenceExplainer.ofSite(network);
            String letters = PlantedMotifs.random(81, new SplittableRandom(2))
                    .replace(7, 8, "N")
                    .toString();
            SequenceTracks why = explainer.explain("s", letters, 2);
            assertThat(why.score()).isEqualTo(odds(network, letters), within(1e-4));
            String other = letters.substring(0, 40) + (letters.charAt(40) == 'G' ? 'T' : 'G') + letters.substring(41);
            assertThat(why.mutations()[40][other.charAt(40) == 'G' ? 2 : 3])
                    .isEqualTo((float) (odds(network, other) - why.score()), within(1e-4f));
            double sum = 0;
            for (float each : why.gradients()) {
                sum += each;
            }
            assertThat(sum).isEqualTo(why.score() - odds(network, "N".repeat(81)), within(1e-2));
            assertThat(why.gradients()[7]).isZero(); // an unknown base contributes nothing
            assertThatThrownBy(() -> explainer.explain("s", "ACGT", 2)).hasMessageContaining("needs 81");
            assertThatThrownBy(() -> explainer.explain("s", letters, 3)).hasMessageContaining("no class 3 in [0, 3)");
        }
    }

    @SuppressWarnings("try")
    private static double odds(DilatedResNet network, String letters) {
        try (Scope scope = Scope.open();
                Autograd.Guard guard = Autograd.noGrad()) {
            Tensor p = network.forward(OneHotBases.zeros().encode(List.of(letters)))
                    .softmax(1);
            double donor = p.get(0, 2, 0);
            return Math.log(donor / (1 - donor));
        }
    }

    /** A motif that decides is where the importance lies. */
    @Test
    void thePlantedMotifIsFound() {
        var data = PlantedMotifs.of(300, 8);
        int[] train = java.util.stream.IntStream.range(0, 280).toArray();
        var recipe = new SequenceTransfer(SequenceClassifier.Head.POSITIONS, 0);
        try (SequenceClassifier network = recipe.scratch(80, data, train)) {
            SequenceTracks why = SequenceExplainer.of(network, 2)
                    .explain("s281", data.sequences().get(281), 1);
            assertThat(share(why.importance())).as("mutagenesis").isGreaterThan(0.5);
            assertThat(share(why.gradients())).as("integrated gradients").isGreaterThan(0.3);
        }
    }

    /** Of the absolute values, the part within the motif, a tenth of the sequence. */
    private static double share(float[] values) {
        double inside = 0;
        double all = 0;
        for (int i = 0; i < values.length; i++) {
            all += Math.abs(values[i]);
            inside += i >= 30 && i < 36 ? Math.abs(values[i]) : 0;
        }
        return inside / all;
    }

    @Test
    void tracksAndLogosAreWritten() throws Exception {
        var why = new SequenceTracks(
                "s 1", "AN", 2, new float[][] {{0, -1, -2, -3}, {1, 1, 1, 1}}, new float[] {0.5f, -0.25f});
        assertThat(why.importance()).containsExactly(2, -1);
        assertThat(SequenceTracks.bedGraph("chr1", 100, why.importance()))
                .isEqualTo("chr1\t100\t101\t2.00000\nchr1\t101\t102\t-1.00000\n");
        assertThat(why.toTsv().lines().toList().get(1))
                .startsWith("s 1\t2\tN\t1.00000\t")
                .endsWith("\t-0.250000");
        assertThat(SequenceTracks.tsvHeader().split("\t", -1))
                .hasSameSizeAs(why.toTsv().lines().toList().get(0).split("\t", -1));
        String svg = SequenceLogo.draw("ACGTN", new float[] {1, -2, 0.5f, Float.NaN, 0}, "a <b> & \u0001c");
        var document =
                DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new InputSource(new StringReader(svg)));
        assertThat(document.getElementsByTagName("path").getLength()).isEqualTo(3);
        assertThat(document.getElementsByTagName("title").item(0).getTextContent())
                .isEqualTo("a <b> &  c");
        assertThatThrownBy(() -> SequenceLogo.draw("AC", new float[1], "t"))
                .hasMessageContaining("1 values for 2 letters");
    }
}
