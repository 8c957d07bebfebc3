package dev.graft.examples.genomics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.nn.data.sequence.SequenceSplit;
import dev.graft.nn.metric.BinaryMetrics;
import dev.graft.nn.metric.Cases;
import dev.graft.nn.sequence.DilatedResNet;
import dev.graft.nn.sequence.SequenceClassifier;
import dev.graft.nn.sequence.SequenceTransfer;
import dev.graft.testing.Requirement;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The human 80nt network on promoters, trained on all rows, on the splits of the project's anchors. */
@Tag("slow")
class PromoterAnchorTest {
    private static final Path SHARED = Path.of("../../shared");

    @ParameterizedTest
    @CsvSource({
        "ECOLI, POOLED, .955",
        "BACILLUS, POOLED, .945",
        "ARABIDOPSIS, POOLED, .970",
        "MOUSE, POOLED, .90",
        "MOUSE, POSITIONS, .95"
    })
    void promotersAreLearntAsWellAsByPyTorch(KnownSets.KnownSet set, SequenceClassifier.Head head, double atLeast) {
        Path splits = SHARED.resolve("anchors/b_splits.csv.gz");
        Path weights = SHARED.resolve("data/weights/openspliceai/openspliceai-mane/80nt/model_80nt_rs10.pt");
        Requirement.file(splits);
        Requirement.file(weights);
        SequenceSplit split = KnownSets.read(
                SHARED.resolve("data/genomics"),
                set,
                Optional.of(splits),
                Optional.of(SHARED.resolve("anchors/b_subsets.csv.gz")),
                0);
        assertThat(split.leaked()).isZero();
        try (SequenceClassifier network = new SequenceTransfer(head, 0)
                .transfer(DilatedResNet.read(weights), split.sequences(), split.train(split.poolSize()))) {
            float[][] probabilities = SequenceTransfer.probabilities(
                    network,
                    Arrays.stream(split.test())
                            .mapToObj(split.sequences().sequences()::get)
                            .toList());
            int[] labels =
                    Arrays.stream(split.test()).map(split.sequences()::label).toArray();
            double auroc = BinaryMetrics.auroc()
                    .of(Cases.of(probabilities, labels).positiveClass())
                    .orNaN();
            System.out.println(set + " " + head + ": AUROC " + auroc);
            assertThat(auroc).isGreaterThan(atLeast);
        }
    }
}
