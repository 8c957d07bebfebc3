package dev.graft.nn.sequence;

import dev.graft.io.Safetensors;
import dev.graft.io.StateDict;
import dev.graft.io.file.Sha256;
import dev.graft.nn.data.DataException;
import dev.graft.nn.data.sequence.SequenceSplit;
import dev.graft.nn.metric.Cases;
import dev.graft.nn.metric.Metrics;
import dev.graft.nn.metric.interval.Estimate;
import dev.graft.nn.metric.interval.Intervals;
import dev.graft.nn.metric.interval.Summary;
import dev.graft.nn.model.CardText;
import dev.graft.nn.model.ModelCard;
import dev.graft.nn.model.Versions;
import dev.graft.nn.run.AtFirstBatch;
import dev.graft.nn.run.CardReport;
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
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
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
    /** In {@code metrics.json}: {@link SequenceComparison#whatWins}. */
    public static final String WHAT_WINS = "what_wins";

    private final Path out;
    private final SequenceTransfer recipe;
    private final boolean junctions;
    private final RunFolder.Existing existing;
    private final About about;
    private final Listeners listeners;

    /**
     * What is said of the data.
     *
     * @param start what the network has learnt from; empty for its file
     * @param page makes the report
     */
    private record About(
            String data, boolean isSynthetic, Optional<String> start, Function<SequenceReport, String> page) {}

    /** The network to begin with, and all labelled sequences that it will have learnt from. */
    private record Start(String name, String hash, TrainingSequences learnt) {}

    private record Listeners(
            Consumer<String> say, BiConsumer<String, Estimate> compared, Progress progress, StopSignal stop) {}

    private SequenceRun(
            Path out,
            SequenceTransfer recipe,
            boolean junctions,
            RunFolder.Existing existing,
            About about,
            Listeners listeners) {
        this.about = about;
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
                new About("", false, Optional.empty(), SequenceReport::toHtml),
                new Listeners(line -> {}, (way, auroc) -> {}, Progress.silent(), new StopSignal()));
    }

    /** Head and seed. */
    public SequenceRun recipe(SequenceTransfer other) {
        return new SequenceRun(out, other, junctions, existing, about, listeners);
    }

    /**
     * The sequences are splice junctions; see {@link SequenceComparison#ofJunctions}. A network that was transferred
     * before does not answer as it is, for it has seen labels.
     */
    public SequenceRun ofJunctions() {
        return new SequenceRun(out, recipe, true, existing, about, listeners);
    }

    /** What card and report call the sequences, such as their file. */
    public SequenceRun data(String name) {
        return with(new About(name, about.isSynthetic, about.start, about.page));
    }

    /** The sequences are generated: card and report say that they are synthetic. */
    public SequenceRun synthetic() {
        return with(new About(about.data, true, about.start, about.page));
    }

    /** What card and report say that the network has learnt from, in place of its file, such as a temporary one. */
    public SequenceRun startedFrom(String what) {
        return with(new About(about.data, about.isSynthetic, Optional.of(what), about.page));
    }

    /** With another maker of the report. */
    SequenceRun page(Function<SequenceReport, String> maker) {
        return with(new About(about.data, about.isSynthetic, about.start, maker));
    }

    private SequenceRun with(About other) {
        return new SequenceRun(out, recipe, junctions, existing, other, listeners);
    }

    /** What to do with a run that is in the folder already. */
    public SequenceRun existing(RunFolder.Existing rule) {
        return new SequenceRun(out, recipe, junctions, rule, about, listeners);
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
        return new SequenceRun(out, recipe, junctions, existing, about, other);
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
     * Trains on the first sequences of the pool, and judges by those that are held back, but by none that the network
     * has learnt from before ({@link PretrainedNetwork#unseen}).
     *
     * @param size how many to train on
     * @param pretrained as {@link PretrainedNetwork#read} takes it
     * @throws DataException if a class is only among those to train on, or only among those to judge by
     */
    public Outcome transfer(SequenceSplit split, int size, Path pretrained) {
        try (RunFolder folder = RunFolder.open(out, Map.of())) {
            try {
                folder.check(existing);
                folder.checkIsNotOwn("model", Optional.of(PretrainedNetwork.weights(pretrained)));
                return transfer(folder, split, size, pretrained);
            } catch (RuntimeException | Error e) {
                folder.abandon();
                throw e;
            }
        }
    }

    private Outcome transfer(RunFolder folder, SequenceSplit given, int size, Path pretrained) {
        SequenceSplit split = PretrainedNetwork.unseen(pretrained, given);
        int known = given.test().length - split.test().length;
        if (known > 0) {
            listeners.say.accept(known + " held sequences judge nothing: the network has learnt from them, or from near"
                    + " copies of them");
        }
        split.checkClasses(size);
        int[] train = split.train(size);
        Start from = new Start(
                about.start.orElse(pretrained.toString()),
                Sha256.of(PretrainedNetwork.weights(pretrained)),
                TrainingSequences.of(pretrained).and(split.sequences(), train));
        RunIdentity identity = new RunIdentity(identity(split, train, from.hash), false);
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
            SequenceComparison comparison =
                    junctions && !PretrainedNetwork.isTransferred(pretrained) ? plain.ofJunctions() : plain;
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
            Learnt learnt = new Learnt(network, history, answers, split, train.length, from);
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
        identity.put("data", Sha256.of(letters(split) + Arrays.toString(train) + Arrays.toString(split.test())));
        return identity;
    }

    private static String letters(SequenceSplit split) {
        return String.join("\n", split.sequences().sequences())
                + split.sequences().classes()
                + Arrays.toString(split.sequences().labels());
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
        private final Start start;
        private final String wins;

        Learnt(
                SequenceClassifier network,
                History history,
                Map<String, SequenceComparison.Answer> answers,
                SequenceSplit split,
                int size,
                Start start) {
            this.network = network;
            this.history = history;
            this.answers = answers;
            this.split = split;
            this.size = size;
            this.start = start;
            this.wins = SequenceComparison.whatWins(split, answers);
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
            metrics.put(WHAT_WINS, wins);
            metrics.put(CardText.HELD, held(cases));
            return metrics;
        }

        private Map<String, Object> held(Cases cases) {
            Map<String, Object> held = Summary.of(cases, split.sequences().classes(), true, Intervals.defaults())
                    .counting(SequenceComparison.GROUP, SequenceComparison.GROUPS)
                    .toMap();
            held.remove("patients");
            held.put("groups", cases.groups().count());
            return held;
        }

        /** So that another transfer can leave out what this network was fitted on; and the report. */
        @Override
        public ResultFiles files(ModelCard card) {
            return new ResultFiles()
                    .text(ResultFiles.FINGERPRINTS, start.learnt.toCsv())
                    .text(
                            ResultFiles.REPORT,
                            CardReport.orReason(
                                    () -> about.page.apply(new SequenceReport(
                                            split, size, answers, history, card, recipe.seed(), wins)),
                                    why -> listeners.say.accept(
                                            "warning: the model is saved, but its report could not be made (" + why
                                                    + ")")));
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
            facts.put("start_weights", start.name);
            facts.put("start_weights_sha256", start.hash);
            facts.put(ModelCard.HASH, weightsSha256);
            Map<String, Object> data = new LinkedHashMap<>();
            if (!about.data.isEmpty()) {
                data.put(SequenceReport.NAME, about.data);
            }
            data.put(SequenceReport.SYNTHETIC, about.isSynthetic);
            data.put(SequenceReport.HASH, Sha256.of(letters(split)));
            data.put("training_sequences", size);
            data.put("held_sequences", split.test().length);
            data.put("length", split.sequences().length());
            facts.put("data", data);
            facts.putAll(run);
            return SequenceModel.card(network, split.sequences().classes(), facts);
        }
    }
}
