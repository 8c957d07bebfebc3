package dev.graft.nn.sequence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.graft.io.StateDict;
import dev.graft.io.WeightFiles;
import dev.graft.nn.data.sequence.FastaReader;
import dev.graft.nn.data.sequence.Nucleotides;
import dev.graft.nn.data.sequence.OneHotBases;
import dev.graft.nn.data.sequence.Strand;
import dev.graft.tensor.Tensor;
import dev.graft.testing.Requirement;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DilatedResNetTest {
    private static final Path SHARED = Path.of("../../shared");
    private static final Path WEIGHTS = SHARED.resolve("data/weights/openspliceai");
    private static final Path FASTA = SHARED.resolve("data/genomics/human_chr22_20-21M/22_20-21M.fa");
    private static final Path PROBABILITIES = SHARED.resolve("anchors/b_chr22_probs.csv.gz");

    /** Of a probability: convolutions sum in an order that depends on where a piece begins. */
    private static final float ROUNDING = 2e-6f;

    @TempDir
    private Path folder;

    @Test
    void probabilitiesAreThoseOfPyTorch() throws IOException {
        List<String> lines = Files.readAllLines(Path.of("src/test/resources/sequence/dilated_resnet.txt"));
        var stages = List.of(new DilatedResNet.Stage(2, 3, 1), new DilatedResNet.Stage(1, 5, 3));
        try (var network = new DilatedResNet(4, 5, stages, 3, new SplittableRandom(1));
                StateDict state = WeightFiles.load(Path.of("src/test/resources/sequence/dilated_resnet.pt"))) {
            network.load(state);
            network.eval();
            Tensor y = network.forward(OneHotBases.zeros().encode(List.of(lines.get(0))))
                    .softmax(1);
            float[] expected = new float[y.numel()];
            int at = 0;
            for (String line : lines.subList(1, 4)) {
                for (String number : line.split(" ", -1)) {
                    expected[at++] = Float.parseFloat(number);
                }
            }
            assertThat(network.context()).isEqualTo(32);
            assertThat(at).isEqualTo(y.numel());
            assertThat(y.toFloatArray()).containsExactly(expected, within(1e-6f));
        }
    }

    @Test
    void theFamilyHasItsContextsAndParameters() {
        Map<Integer, Long> parameters = Map.of(80, 93_771L, 400, 186_227L, 2000, 360_603L, 10_000, 698_819L);
        parameters.forEach((context, count) -> {
            try (var network = DilatedResNet.spliceAi(context, new SplittableRandom(1));
                    StateDict state = network.stateDict()) {
                assertThat(network.context()).isEqualTo(context);
                // the published counts include batch norm's running statistics
                assertThat(state.entries().stream()
                                .mapToLong(entry -> entry.getValue().numel())
                                .sum())
                        .isEqualTo(count);
            }
        });
        assertThatThrownBy(() -> DilatedResNet.spliceAi(81, new SplittableRandom(1)))
                .hasMessageContaining("no network of context 81");
        assertThatThrownBy(() -> new DilatedResNet.Stage(1, 4, 1)).hasMessageContaining("odd kernel");
        try (var network = DilatedResNet.spliceAi(80, new SplittableRandom(1))) {
            assertThatThrownBy(() -> network.forward(Tensor.zeros(1, 4, 80))).hasMessageContaining("[N, 4, L + 80]");
        }
    }

    private Path fasta(int length, long seed) throws IOException {
        var random = new SplittableRandom(seed);
        var text = new StringBuilder(">short\nACGTACGTA\n>long\n");
        for (int i = 0; i < length; i++) {
            boolean unknown = (i > 1000 && i < 1700) || (i > 2000 && i < 2003);
            text.append(unknown ? 'N' : "ACGTacgt".charAt(random.nextInt(8))).append(i % 50 == 49 ? "\n" : "");
        }
        return Files.writeString(folder.resolve("a.fa"), text.append('\n'));
    }

    private static SpliceModel model(int context, int count) {
        List<DilatedResNet> networks = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            networks.add(DilatedResNet.spliceAi(context, new SplittableRandom(i)));
        }
        return new SpliceModel(networks);
    }

    private static Map<String, float[]> scan(SpliceModel model, Path fasta, int tile, Map<String, Integer> lengths) {
        Map<String, float[]> all = new HashMap<>();
        for (Strand strand : Strand.values()) {
            lengths.forEach((name, length) -> {
                for (String channel : List.of("acceptor", "donor")) {
                    float[] empty = new float[length];
                    Arrays.fill(empty, Float.NaN);
                    all.put(name + strand.symbol() + channel, empty);
                }
            });
        }
        try (FastaReader reader = FastaReader.open(fasta)) {
            new SpliceScan(model, tile).run(reader, found -> {
                for (Strand strand : Strand.values()) {
                    SpliceScores scores = found.of(strand);
                    assertThat(scores.length()).isEqualTo(found.letters().length);
                    String key = found.sequence() + strand.symbol();
                    for (int i = 0; i < scores.length(); i++) {
                        if (Nucleotides.code(found.letters()[i]) != Nucleotides.OTHER) {
                            all.get(key + "acceptor")[(int) found.from() + i] = scores.acceptor()[i];
                            all.get(key + "donor")[(int) found.from() + i] = scores.donor()[i];
                        }
                    }
                }
            });
        }
        return all;
    }

    @Test
    void tilesHaveTheScoresOfAWholePass() throws IOException {
        Path fasta = fasta(2600, 7);
        Map<String, Integer> lengths = Map.of("short", 9, "long", 2600);
        for (int context : new int[] {80, 400}) {
            try (SpliceModel model = model(context, 2)) {
                Map<String, float[]> whole = scan(model, fasta, 100_000, lengths);
                for (int tile : new int[] {1000, 333, 64}) {
                    scan(model, fasta, tile, lengths)
                            .forEach((key, scores) -> assertThat(difference(scores, whole.get(key)))
                                    .as(key + ", context " + context + ", tile " + tile)
                                    .isLessThan(ROUNDING));
                }
                String letters = FastaReader.readAll(fasta).get(1).letters();
                String around = "N".repeat(context / 2);
                float[] plus = model.score(around + letters + around).acceptor();
                float[] acceptors = whole.get("long+acceptor");
                float[] donors = whole.get("long-donor");
                float[] minus = model.score(around + Nucleotides.reverseComplement(letters) + around)
                        .reversed()
                        .donor();
                for (int i = 0; i < letters.length(); i++) {
                    if (letters.charAt(i) == 'N') {
                        assertThat(acceptors[i]).isNaN();
                        plus[i] = Float.NaN;
                        minus[i] = Float.NaN;
                    }
                }
                assertThat(difference(acceptors, plus)).isLessThan(ROUNDING);
                assertThat(difference(donors, minus)).isLessThan(ROUNDING);
            }
        }
    }

    /** The largest; infinite if only one of two values is NaN. */
    private static float difference(float[] a, float[] b) {
        assertThat(a).hasSameSizeAs(b);
        float largest = 0;
        for (int i = 0; i < a.length; i++) {
            largest = Math.max(
                    largest,
                    Float.isNaN(a[i]) != Float.isNaN(b[i])
                            ? Float.POSITIVE_INFINITY
                            : Float.isNaN(a[i]) ? 0 : Math.abs(a[i] - b[i]));
        }
        return largest;
    }

    @Test
    void runsOfUnknownLettersCostNothing() throws IOException {
        Path fasta = Files.writeString(folder.resolve("n.fa"), ">n\n" + "N".repeat(5000) + "\n>a\nNNACGTNN\n");
        try (SpliceModel model = model(80, 1);
                FastaReader reader = FastaReader.open(fasta)) {
            var scan = new SpliceScan(model, 1000);
            List<String> tiles = new ArrayList<>();
            scan.run(reader, tile -> tiles.add(tile.sequence() + tile.from() + Nucleotides.text(tile.letters())));
            assertThat(tiles).containsExactly("a2ACGT");
            assertThat(scan.positions()).isEqualTo(8);
        }
    }

    @Test
    void otherFilesAreRefused() {
        assertThatThrownBy(() -> DilatedResNet.read(Path.of("src/test/resources/sequence/dilated_resnet.pt")))
                .hasMessageContaining("no network of the SpliceAI family")
                .hasMessageContaining("3 residual units");
    }

    /** The 14 checkpoints at the 386 positions of the anchors. */
    @Test
    @Tag("slow")
    void realNetworksAnswerAsInPyTorch() throws IOException {
        Requirement.file(PROBABILITIES);
        Requirement.file(WEIGHTS);
        String letters = FastaReader.readAll(FASTA).get(0).letters();
        List<String[]> rows = new ArrayList<>();
        try (var in = new BufferedReader(new InputStreamReader(
                new GZIPInputStream(Files.newInputStream(PROBABILITIES)), StandardCharsets.UTF_8))) {
            in.lines().forEach(line -> rows.add(line.split(",", -1)));
        }
        List<String> header = Arrays.asList(rows.get(0));
        assertThat(rows).hasSize(387);
        int checked = 0;
        for (int column = 3; column < header.size(); column += 3) {
            String[] name = header.get(column).split("_", -1);
            String context = name[1] + "nt";
            Path file = WEIGHTS.resolve("openspliceai-" + name[0])
                    .resolve(context)
                    .resolve("model_" + context + "_" + name[2] + ".pt");
            if (!Files.exists(file)) {
                continue;
            }
            checked++;
            double worst = 0;
            try (SpliceModel model = SpliceModel.read(List.of(file))) {
                int half = model.context() / 2;
                for (String[] row : rows.subList(1, rows.size())) {
                    int at = Integer.parseInt(row[0]);
                    var window = new StringBuilder();
                    for (int i = at - half; i <= at + half; i++) {
                        window.append(i < 0 || i >= letters.length() ? 'N' : letters.charAt(i));
                    }
                    String strand =
                            row[1].equals("+") ? window.toString() : Nucleotides.reverseComplement(window.toString());
                    SpliceScores scores = model.score(strand);
                    worst = Math.max(worst, Math.abs(scores.acceptor()[0] - Double.parseDouble(row[column + 1])));
                    worst = Math.max(worst, Math.abs(scores.donor()[0] - Double.parseDouble(row[column + 2])));
                }
            }
            System.out.printf(Locale.ROOT, "%s %s: largest difference %.2g%n", name[0], file.getFileName(), worst);
            assertThat(worst).as(file.toString()).isLessThan(1e-5);
        }
        assertThat(checked).isEqualTo(14);
    }
}
