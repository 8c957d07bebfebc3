package dev.graft.nn.sequence;

import dev.graft.io.Safetensors;
import dev.graft.io.StateDict;
import dev.graft.io.file.Sha256;
import dev.graft.nn.data.sequence.SequenceSplit;
import dev.graft.nn.metric.Cases;
import dev.graft.nn.metric.Metrics;
import dev.graft.nn.metric.interval.Estimate;
import dev.graft.nn.model.ModelCard;
import dev.graft.nn.model.Versions;
import dev.graft.nn.run.AtFirstBatch;
import dev.graft.nn.run.ResultFiles;
import dev.graft.nn.run.RunFolder;
import dev.graft.nn.run.RunIdentity;
import dev.graft.nn.train.History;
import dev.graft.nn.train.Progress;
import dev.graft.nn.train.StopSignal;
import dev.graft.nn.train.TrainerBuilder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * Transfers a pretrained network to labelled sequences, compares it with plain models, and writes its folder: weights,
 * card, log, metrics, report. A run that was stopped or killed goes on with its last checkpoint, to the same bits.
 *
 * <pre>{@code
 * SequenceRun run = new SequenceRun(Path.of("run1")).say(System.out::println);
 * SequenceRun.Outcome outcome = run.transfer(split, 200, Path.of("model_80nt_rs10.pt"));
 * }</pre>
 *
 * <p>Immutable; each method returns another.
 */
public final class SequenceRun {
    private final Path out;
    private final SequenceTransfer recipe;
    private final boolean junctions;
    private final RunFolder.Existing existing;
    private final Listeners listeners;

    private record Listeners(
            Consumer<String> say, BiConsumer<String, Estimate> compared, Progress progress, StopSignal stop) {}

    private SequenceRun(
            Path out, SequenceTransfer recipe, boolean junctions, RunFolder.Existing existing, Listeners listeners) {
        this.out = out;
        this.recipe = recipe;
        this.junctions = junctions;
        this.existing = existing;
        this.listeners = listeners;
    }

    /** A pooled head, seed 0. */
    public SequenceRun(Path out) {
        this(
                out,
                new SequenceTransfer(SequenceClassifier.Head.POOLED, 0),
                false,
                RunFolder.Existing.REFUSE,
                new Listeners(line -> {}, (way, auroc) -> {}, Progress.silent(), new StopSignal()));
    }

    /** Head and seed. */
    public SequenceRun recipe(SequenceTransfer other) {
        return new SequenceRun(out, other, junctions, existing, listeners);
    }

    /** The sequences are splice junctions; see {@link SequenceComparison#ofJunctions}. */
    public SequenceRun ofJunctions() {
        return new SequenceRun(out, recipe, true, existing, listeners);
    }

    /** What to do with a run that is in the folder already. */
    public SequenceRun existing(RunFolder.Existing rule) {
        return new SequenceRun(out, recipe, junctions, rule, listeners);
    }

    /** Told what happens, as lines of text. */
    public SequenceRun say(Consumer<String> listener) {
        return with(new Listeners(listener, listeners.compared, listeners.progress, listeners.stop));
    }

    /** Told the area under the ROC curve of each way as soon as it is there. */
    public SequenceRun compared(BiConsumer<String, Estimate> listener) {
        return with(new Listeners(listeners.say, listener, listeners.progress, listeners.stop));
    }

    /** Told about epochs and batches. */
    public SequenceRun progress(Progress listener) {
        return with(new Listeners(listeners.say, listeners.compared, listener, listeners.stop));
    }

    /** The signal that requests a clean stop. */
    public SequenceRun stop(StopSignal signal) {
        return with(new Listeners(listeners.say, listeners.compared, listeners.progress, signal));
    }

    private SequenceRun with(Listeners other) {
        return new SequenceRun(out, recipe, junctions, existing, other);
    }

    /** How a run ended. */
    public enum Ending {
        FINISHED,
        /** Its result was there before. */
        ALREADY_FINISHED,
        /** It can be resumed. */
        STOPPED
    }

    /**
     * What a run has come to.
     *
     * @param ending how it ended
     * @param metrics what {@code metrics.json} holds; empty if it was stopped
     */
    public record Outcome(Ending ending, Map<String, Object> metrics) {}

    /**
     * Trains on the first sequences of the pool, and judges by those that are held back.
     *
     * @param size how many to train on
     * @param pretrained as {@link PretrainedNetwork#read} takes it
     */
    public Outcome transfer(SequenceSplit split, int size, Path pretrained) {
        try (RunFolder folder = RunFolder.open(out, Map.of())) {
            try {
                folder.check(existing);
                folder.checkIsNotOwn("model", java.util.Optional.of(PretrainedNetwork.weights(pretrained)));
                return transfer(folder, split, size, pretrained);
            } catch (RuntimeException | Error e) {
                folder.abandon();
                throw e;
            }
        }
    }

    private Outcome transfer(RunFolder folder, SequenceSplit split, int size, Path pretrained) {
        int[] train = split.train(size);
        String weights = Sha256.of(PretrainedNetwork.weights(pretrained));
        RunIdentity identity = new RunIdentity(identity(split, train, weights), false);
        RunFolder.Next next = folder.find(existing, identity);
        if (next == RunFolder.Next.FINISHED) {
            listeners.say.accept("already finished: the result of this run is in " + folder.path());
            return new Outcome(Ending.ALREADY_FINISHED, folder.metrics());
        }
        if (next == RunFolder.Next.GO_ON) {
            listeners.say.accept("resume: the run goes on with its last checkpoint");
            folder.otherMaker().ifPresent(listeners.say);
        } else if (!folder.isUsed()) {
            folder.record(identity, Map.of());
        }
        UnaryOperator<TrainerBuilder> here = builder -> builder.directory(folder.path(), folder.lock())
                .identity(RunFolder.mark(identity.key(), false))
                .resume(next == RunFolder.Next.GO_ON)
                .progress(new AtFirstBatch(listeners.progress, () -> folder.record(identity, Map.of())))
                .stop(listeners.stop);
        try (DilatedResNet start = PretrainedNetwork.read(pretrained);
                SequenceClassifier network = recipe.untrained(SequenceTransfer.copy(start), split.sequences())) {
            if (next != RunFolder.Next.GO_ON) { // a checkpoint has the trained head
                recipe.fitHead(network, split.sequences(), train);
            }
            History history = recipe.fitAll(network, split.sequences(), train, split.test(), here);
            if (history.ending() == History.Ending.INTERRUPTED) {
                return new Outcome(Ending.STOPPED, Map.of());
            }
            network.eval();
            SequenceComparison plain = new SequenceComparison(split, start, recipe);
            SequenceComparison comparison = junctions ? plain.ofJunctions() : plain;
            Map<String, SequenceComparison.Answer> answers = new LinkedHashMap<>();
            comparison.add(
                    answers,
                    SequenceComparison.TRANSFER,
                    SequenceTransfer.probabilities(
                            network,
                            Arrays.stream(split.test())
                                    .mapToObj(split.sequences().sequences()::get)
                                    .toList()),
                    listeners.compared);
            comparison.addOthers(answers, train, listeners.compared);
            Learnt learnt = new Learnt(network, history, answers, split, train.length, pretrained, weights);
            folder.finish(identity, Map.of(), learnt);
            return new Outcome(Ending.FINISHED, learnt.metrics());
        }
    }

    private Map<String, Object> identity(SequenceSplit split, int[] train, String weights) {
        Map<String, Object> identity = new LinkedHashMap<>();
        identity.put("head", recipe.head().name().toLowerCase(Locale.ROOT));
        identity.put("seed", recipe.seed());
        identity.put("size", train.length);
        identity.put("junctions", junctions);
        identity.put("start weights", weights);
        identity.put(
                "data",
                Sha256.of(String.join("\n", split.sequences().sequences())
                        + split.sequences().classes()
                        + Arrays.toString(split.sequences().labels())
                        + Arrays.toString(train)
                        + Arrays.toString(split.test())));
        return identity;
    }

    /** The areas and their intervals, as a report's JSON has them. */
    public static Map<String, Object> areas(Map<String, Estimate> estimates) {
        Map<String, Object> auroc = new LinkedHashMap<>();
        Map<String, Object> intervals = new LinkedHashMap<>();
        estimates.forEach((name, estimate) -> {
            auroc.put(name, estimate.score().orNaN());
            estimate.interval().ifPresent(range -> intervals.put(name, List.of(range.low(), range.high())));
        });
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("auroc", auroc);
        map.put("intervals", intervals);
        return map;
    }

    /** What goes into the folder. */
    private final class Learnt implements RunFolder.Result {
        private final SequenceClassifier network;
        private final History history;
        private final Map<String, SequenceComparison.Answer> answers;
        private final SequenceSplit split;
        private final int size;
        private final Path pretrained;
        private final String pretrainedHash;

        Learnt(
                SequenceClassifier network,
                History history,
                Map<String, SequenceComparison.Answer> answers,
                SequenceSplit split,
                int size,
                Path pretrained,
                String pretrainedHash) {
            this.network = network;
            this.history = history;
            this.answers = answers;
            this.split = split;
            this.size = size;
            this.pretrained = pretrained;
            this.pretrainedHash = pretrainedHash;
        }

        private Cases cases() {
            return SequenceComparison.cases(
                    split,
                    SequenceComparison.answer(answers, SequenceComparison.TRANSFER)
                            .probabilities());
        }

        @Override
        public void saveWeights(Path file) {
            ModelCard card = SequenceModel.card(network, split.sequences().classes(), Map.of());
            try (StateDict state = network.stateDict()) {
                Safetensors.save(state, file, Map.of(ModelCard.BINDING, card.binding()));
            }
        }

        @Override
        public Map<String, Object> metrics() {
            Map<String, Object> metrics = new LinkedHashMap<>();
            Map<String, Object> best = new LinkedHashMap<>();
            Cases cases = cases();
            best.put("epoch", history.epochs().size());
            best.put(
                    "auroc",
                    SequenceComparison.answer(answers, SequenceComparison.TRANSFER)
                            .auroc()
                            .score()
                            .orNaN());
            best.put("accuracy", Metrics.accuracy().of(cases).orNaN());
            best.put("log_loss", Metrics.logLoss().of(cases).orNaN());
            best.put("brier", Metrics.brier().of(cases).orNaN());
            metrics.put("best", best);
            metrics.put("size", size);
            metrics.put("seed", recipe.seed());
            metrics.put("head", recipe.head().name().toLowerCase(Locale.ROOT));
            metrics.put("groups", split.groups().count());
            metrics.put("leaked", split.leaked());
            metrics.put("leaked_at_random", split.leakedAtRandom(recipe.seed()));
            Map<String, Estimate> estimates = new LinkedHashMap<>();
            answers.forEach((name, answer) -> estimates.put(name, answer.auroc()));
            metrics.putAll(areas(estimates));
            return metrics;
        }

        @Override
        public ResultFiles files(ModelCard card) {
            return new ResultFiles()
                    .text(
                            ResultFiles.REPORT,
                            new SequenceReport(
                                            split, size, answers, history, card, recipe.seed(), pretrained.toString())
                                    .toHtml());
        }

        @Override
        public ModelCard card(String weightsSha256, Map<String, Object> run) {
            Map<String, Object> facts = new LinkedHashMap<>();
            Map<String, Object> how = new LinkedHashMap<>();
            how.put("head", recipe.head().name().toLowerCase(Locale.ROOT));
            how.put("size", size);
            how.put("epochs", history.epochs().size());
            facts.put("settings", how);
            facts.put("seed", recipe.seed());
            facts.put("versions", Versions.asMap());
            facts.put("start_weights", pretrained.toString());
            facts.put("start_weights_sha256", pretrainedHash);
            facts.put(ModelCard.HASH, weightsSha256);
            Map<String, Object> data = new LinkedHashMap<>();
            data.put("training_sequences", size);
            data.put("held_sequences", split.test().length);
            data.put("length", split.sequences().length());
            facts.put("data", data);
            facts.putAll(run);
            return SequenceModel.card(network, split.sequences().classes(), facts);
        }
    }
}
