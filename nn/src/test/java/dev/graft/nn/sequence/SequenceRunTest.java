package dev.graft.nn.sequence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.io.Safetensors;
import dev.graft.io.StateDict;
import dev.graft.nn.data.sequence.SequenceSplit;
import dev.graft.nn.model.ModelException;
import dev.graft.nn.run.RunException;
import dev.graft.nn.run.RunFolder;
import dev.graft.nn.train.EpochResult;
import dev.graft.nn.train.Progress;
import dev.graft.nn.train.StopSignal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
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
                    .transfer(SPLIT, 30, weights())
                    .metrics();
            assertThat(((Map<?, ?>) metrics.get("auroc")).keySet().toString())
                    .isEqualTo("[transfer, scratch, kmer, positional, gc]");
            assertThat(out.resolve("log.csv")).exists();
            String report = Files.readString(out.resolve("report.html"));
            assertThat(report)
                    .contains("What wins", "groups of near-identical sequences", "neither trained on nor held back")
                    .doesNotContain("patients are not known");
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
}
