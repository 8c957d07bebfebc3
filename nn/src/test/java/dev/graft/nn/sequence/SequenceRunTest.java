package dev.graft.nn.sequence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.io.Safetensors;
import dev.graft.io.StateDict;
import dev.graft.nn.data.DataException;
import dev.graft.nn.data.sequence.LabelledSequences;
import dev.graft.nn.data.sequence.Nucleotides;
import dev.graft.nn.data.sequence.OneHotBases;
import dev.graft.nn.data.sequence.SequenceSplit;
import dev.graft.nn.metric.interval.Estimate;
import dev.graft.nn.metric.interval.Intervals;
import dev.graft.nn.metric.interval.Summary;
import dev.graft.nn.model.ModelCard;
import dev.graft.nn.model.ModelException;
import dev.graft.nn.run.RunException;
import dev.graft.nn.run.RunFolder;
import dev.graft.nn.train.EpochResult;
import dev.graft.nn.train.Progress;
import dev.graft.nn.train.StopSignal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SequenceRunTest {
    @TempDir
    private Path folder;

    private static final SequenceSplit SPLIT = SequenceSplit.grouped(PlantedMotifs.of(60, 3), 0);

    private Path weights() {
        Path file = folder.resolve("m.safetensors");
        try (var network = DilatedResNet.spliceAi(80, new SplittableRandom(1));
                StateDict state = network.stateDict()) {
            Safetensors.save(state, file);
        }
        return file;
    }

    /** A stop after some epochs of the second phase, then a resume: the same weights as without the stop. */
    @Test
    void aResumedRunHasTheBitsOfAnUnbrokenOne() throws IOException {
        Path weights = weights();
        var whole = new SequenceRun(folder.resolve("whole")).transfer(SPLIT, 24, weights);
        assertThat(whole.ending()).isEqualTo(SequenceRun.Ending.FINISHED);
        var signal = new StopSignal();
        Path broken = folder.resolve("broken");
        var run = new SequenceRun(broken);
        var stopped = run.stop(signal)
                .progress(new Progress() {
                    @Override
                    public void epochDone(EpochResult result) {
                        if (result.epoch() == 3) {
                            signal.request();
                        }
                    }
                })
                .transfer(SPLIT, 24, weights);
        assertThat(stopped.ending()).isEqualTo(SequenceRun.Ending.STOPPED);
        assertThatThrownBy(() -> run.transfer(SPLIT, 24, weights))
                .isInstanceOf(RunException.class)
                .hasMessageContaining("unfinished");
        var resumed = run.existing(RunFolder.Existing.RESUME);
        assertThatThrownBy(() -> resumed.transfer(SPLIT, 20, weights)).hasMessageContaining("size");
        assertThat(resumed.transfer(SPLIT, 24, weights).ending()).isEqualTo(SequenceRun.Ending.FINISHED);
        assertThat(Files.readAllBytes(broken.resolve("model.safetensors")))
                .isEqualTo(Files.readAllBytes(folder.resolve("whole/model.safetensors")));
        assertThat(Files.readString(broken.resolve("metrics.json")))
                .isEqualTo(Files.readString(folder.resolve("whole/metrics.json")));
        assertThat(resumed.transfer(SPLIT, 24, weights).ending()).isEqualTo(SequenceRun.Ending.ALREADY_FINISHED);
    }

    @Test
    void aSavedModelAnswersAndBeginsAnotherTransfer() throws IOException {
        for (SequenceClassifier.Head head : SequenceClassifier.Head.values()) {
            Path out = folder.resolve("run-" + head);
            Map<String, Object> metrics = new SequenceRun(out)
                    .recipe(new SequenceTransfer(head, 1))
                    .data("planted motifs")
                    .synthetic()
                    .startedFrom("random weights")
                    .transfer(SPLIT, 30, weights())
                    .metrics();
            assertThat(((Map<?, ?>) metrics.get("auroc")).keySet().toString())
                    .isEqualTo("[transfer, scratch, kmer, positional, gc]");
            assertThat(out.resolve("log.csv")).exists();
            String report = Files.readString(out.resolve("report.html"));
            assertThat(report)
                    .contains("What wins", "groups of near-identical sequences", "neither trained on nor held back")
                    .doesNotContain("patients are not known");
            assertThat(report)
                    .contains("These sequences are synthetic", "planted motifs, generated", "random weights")
                    .doesNotContain("bootstrap by patient", "DeLong by patient", "m.safetensors");
            assertThat(Files.readString(out.resolve("model-card.md")))
                    .contains("planted motifs", "synthetic:** true", "random weights")
                    .contains("On data that was held back, and chose nothing", "| auroc |")
                    .doesNotContain("m.safetensors");
            List<String> some = SPLIT.sequences().sequences().subList(0, 5);
            float[][] answers;
            try (SequenceModel model = SequenceModel.load(out)) {
                assertThat(model.classes()).containsExactly("none", "box");
                answers = model.predict(some);
                assertThat(model.predict(some.subList(2, 3))[0]).hasSize(2);
                assertThatThrownBy(() -> model.predict(List.of("ACGT")))
                        .hasMessageContaining("a sequence has 4 bases, the network has learnt from 60");
            }
            for (float[] p : answers) {
                assertThat((double) p[0] + p[1]).isBetween(0.9999, 1.0001);
            }
            try (DilatedResNet body = PretrainedNetwork.read(out)) {
                assertThat(body.context()).isEqualTo(80);
            }
            Path card = out.resolve("model.json");
            Files.writeString(card, Files.readString(card).replace("\"length\" : 60", "\"length\" : 61"));
            assertThatThrownBy(() -> SequenceModel.load(out)).isInstanceOf(ModelException.class);
        }
    }

    @Test
    void seedsAndSizesHaveMeansByGroup() {
        try (DilatedResNet body = DilatedResNet.read(weights())) {
            var curve = SequenceCurve.run(
                    SPLIT::drawn,
                    (split, recipe) -> new SequenceComparison(split, body, recipe),
                    SequenceClassifier.Head.POOLED,
                    List.of(12, 30),
                    List.of(0L, 1L),
                    cell -> {});
            assertThat(curve.cells()).hasSize(10);
            for (SequenceCurve.Cell cell : curve.cells()) {
                assertThat(cell.aurocs()).hasSize(2);
                assertThat(cell.mean().interval().orElseThrow().method()).contains("Student over 2 trainings");
                assertThat(cell.mean().score().orNaN())
                        .isEqualTo((cell.aurocs().get(0) + cell.aurocs().get(1)) / 2);
            }
            assertThatThrownBy(() -> SequenceCurve.run(
                            seed -> SequenceSplit.grouped(SPLIT.sequences(), seed),
                            (split, recipe) -> new SequenceComparison(split, body, recipe),
                            SequenceClassifier.Head.POOLED,
                            List.of(12),
                            List.of(0L, 1L),
                            cell -> {}))
                    .hasMessageContaining("hold other sequences back");
        }
    }

    @Test
    void splitsSayWhatCannotBe() {
        var sequences = PlantedMotifs.of(10, 1);
        boolean[] held = new boolean[10];
        held[3] = true;
        assertThat(SequenceSplit.ordered(sequences, held, 5, 4).train(9)).containsExactly(5, 4);
        assertThatThrownBy(() -> SequenceSplit.ordered(sequences, held, 3))
                .hasMessageContaining("sequence 3, which is held");
        assertThatThrownBy(() -> SequenceSplit.ordered(sequences, held, 4, 4)).hasMessageContaining("twice");
        assertThatThrownBy(() -> SequenceSplit.shuffled(sequences, new boolean[9], 0))
                .hasMessageContaining("there are 10");
        assertThat(SequenceSplit.shuffled(sequences, held, 7).drawn(8).test()).containsExactly(3);
    }

    private static final List<String> JUNCTIONS = List.of("donor", "acceptor", "neither");

    private static LabelledSequences junctions(UnaryOperator<String> change) {
        LabelledSequences two = PlantedMotifs.of(90, 8);
        return new LabelledSequences(
                two.names(),
                two.sequences().stream().map(change).toList(),
                IntStream.range(0, 90).map(i -> i % 3).toArray(),
                JUNCTIONS,
                OneHotBases.zeros());
    }

    /** Another seed holds other sequences back; on the other strand and in lower case they are the same ones. */
    @Test
    void aNetworkIsNotJudgedByWhatItHasLearntFrom() throws IOException {
        Path first = folder.resolve("first");
        SequenceSplit before = SequenceSplit.grouped(junctions(UnaryOperator.identity()), 0);
        Map<String, Object> metrics = new SequenceRun(first)
                .ofJunctions()
                .transfer(before, 54, weights())
                .metrics();
        assertThat(((Map<?, ?>) metrics.get("auroc")).containsKey("zero_shot")).isTrue();
        SequenceSplit after = SequenceSplit.grouped(
                junctions(letters -> Nucleotides.reverseComplement(letters).toLowerCase(Locale.ROOT)), 3);
        List<Integer> learnt = Arrays.stream(before.train(54)).boxed().toList();
        SequenceSplit judging = PretrainedNetwork.unseen(first, after);
        assertThat(Arrays.stream(judging.test()).boxed().toList())
                .isNotEmpty()
                .isEqualTo(Arrays.stream(after.test())
                        .boxed()
                        .filter(i -> !learnt.contains(i))
                        .toList());
        assertThat(judging.test().length).isLessThan(after.test().length);
        assertThat(judging.train(54)).isEqualTo(after.train(54));
        assertThat(judging.drawn(9).train(90)).hasSize(54);

        Path second = folder.resolve("second");
        List<String> said = new ArrayList<>();
        metrics = new SequenceRun(second)
                .ofJunctions()
                .say(said::add)
                .transfer(after, 54, first)
                .metrics();
        assertThat(said)
                .anyMatch(line -> line.startsWith(
                        (after.test().length - judging.test().length) + " held sequences judge nothing"));
        assertThat(((Map<?, ?>) metrics.get("auroc")).containsKey("zero_shot")).isFalse();
        Map<?, ?> data = (Map<?, ?>) ModelCard.read(second).facts().get("data");
        assertThat(data.get("held_sequences")).isEqualTo(judging.test().length);
        TrainingSequences both = TrainingSequences.of(second);
        assertThat(learnt).allMatch(i -> both.has(before.sequences().sequences().get(i)));
        assertThat(Arrays.stream(after.train(54)))
                .allMatch(i -> both.has(before.sequences().sequences().get(i)));
        assertThat(both.hashes())
                .hasSize((int) IntStream.concat(Arrays.stream(before.train(54)), Arrays.stream(after.train(54)))
                        .distinct()
                        .count());

        Path prints = first.resolve("fingerprints.csv");
        Files.writeString(prints, "sha256\n");
        assertThatThrownBy(() -> PretrainedNetwork.unseen(first, after))
                .isInstanceOf(ModelException.class)
                .hasMessageContaining("not as the training wrote it");
        Files.delete(prints);
        assertThatThrownBy(() -> new SequenceRun(folder.resolve("third")).transfer(after, 54, first))
                .hasMessageContaining("nothing tells which sequences this network has learnt from");
    }

    /** Where one of a group was learnt from, none of the group judges, for they are near copies. */
    @Test
    void nearCopiesOfWhatIsKnownJudgeNothing() {
        String one = PlantedMotifs.random(60, new SplittableRandom(11)).toString();
        String copy = one.substring(0, 59) + (one.charAt(59) == 'A' ? 'C' : 'A');
        String other = PlantedMotifs.random(60, new SplittableRandom(12)).toString();
        var sequences = new LabelledSequences(
                List.of("a", "b", "c"),
                List.of(one, copy, other),
                new int[] {0, 1, 1},
                List.of("x", "y"),
                OneHotBases.zeros());
        SequenceSplit split = SequenceSplit.ordered(sequences, new boolean[] {false, true, true}, 0);
        assertThat(split.notJudging(one::equals).test()).containsExactly(2);
        assertThat(split.notJudging(other::equals).test()).containsExactly(1);
        assertThat(split.notJudging(letters -> false).test()).containsExactly(1, 2);
    }

    @Test
    void aClassOnOneSideIsRefused() {
        LabelledSequences sequences = PlantedMotifs.of(12, 1);
        boolean[] held = new boolean[12];
        held[0] = true;
        held[1] = true;
        SequenceSplit split = SequenceSplit.ordered(sequences, held, 2, 4, 6, 3);
        split.checkClasses(4);
        Path out = folder.resolve("refused");
        assertThatThrownBy(() -> new SequenceRun(out).transfer(split, 3, weights()))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("none of the 3 to train on is of class box")
                .hasMessageContaining("train on more (size)");
        assertThat(out).doesNotExist();
        held[1] = false;
        assertThatThrownBy(
                        () -> SequenceSplit.ordered(sequences, held, 2, 3, 4, 5).checkClasses(4))
                .hasMessageContaining("none of the 1 held back is of class box")
                .hasMessageContaining("hold others back (seed)");
        List<String> letters = new ArrayList<>(sequences.sequences());
        int[] labels = new int[12];
        for (int i : new int[] {3, 5}) {
            letters.set(i, letters.get(1));
        }
        labels[1] = labels[3] = labels[5] = 1; // one group
        var copies =
                new LabelledSequences(sequences.names(), letters, labels, sequences.classes(), OneHotBases.zeros());
        assertThatThrownBy(() -> SequenceSplit.grouped(copies, 0)).hasMessageContaining("is of class box");
    }

    /** Hours of training must not be lost for a page. */
    @Test
    void aReportThatFailsLeavesTheModel() throws IOException {
        Path out = folder.resolve("run");
        List<String> said = new ArrayList<>();
        var run = new SequenceRun(out).say(said::add).page(report -> {
            throw new IllegalStateException("no page today");
        });
        assertThat(run.transfer(SPLIT, 12, weights()).ending()).isEqualTo(SequenceRun.Ending.FINISHED);
        assertThat(said).anyMatch(line -> line.contains("could not be made (IllegalStateException: no page today)"));
        assertThat(Files.readString(out.resolve("report.html"))).contains("no page today");
        SequenceModel.load(out).close();
    }

    /** The interval of the headline is that of the comparison, and the best is named by paired differences. */
    @Test
    void whatWinsIsSaidByPairedDifferences() {
        Map<String, SequenceComparison.Answer> answers = new LinkedHashMap<>();
        int[] test = SPLIT.test();
        try (DilatedResNet body = DilatedResNet.read(weights())) {
            var comparison =
                    new SequenceComparison(SPLIT, body, new SequenceTransfer(SequenceClassifier.Head.POOLED, 0));
            Map.of("good", 1.0, "nearly", 0.95, "transfer", -1.0).entrySet().stream()
                    .sorted(Map.Entry.comparingByKey())
                    .forEach(way -> {
                        var random = new SplittableRandom(4);
                        float[][] p = new float[test.length][];
                        for (int i = 0; i < p.length; i++) {
                            double logit =
                                    way.getValue() * (SPLIT.sequences().label(test[i]) - 0.5) + random.nextGaussian();
                            float box = (float) (1 / (1 + Math.exp(-logit)));
                            p[i] = new float[] {1 - box, box};
                        }
                        comparison.add(answers, way.getKey(), p, (name, auroc) -> {});
                    });
        }
        String text = SequenceComparison.whatWins(SPLIT, answers);
        assertThat(text)
                .startsWith("good has the largest area under the ROC curve, ")
                .containsPattern(
                        "nearly is 0\\.\\d{4} behind .*do not tell the two apart; transfer is 0\\.\\d{4} behind");
        SequenceComparison.Answer good = SequenceComparison.answer(answers, "good");
        Estimate headline = Summary.of(
                        SequenceComparison.cases(SPLIT, good.probabilities()),
                        SPLIT.sequences().classes(),
                        true,
                        Intervals.defaults())
                .overall()
                .stream()
                .filter(estimate -> estimate.name().equals("AUROC"))
                .findFirst()
                .orElseThrow();
        assertThat(good.auroc().interval().orElseThrow().toString())
                .isEqualTo(headline.interval().orElseThrow().toString());
        assertThat(good.auroc().score()).isEqualTo(headline.score());
    }
}
