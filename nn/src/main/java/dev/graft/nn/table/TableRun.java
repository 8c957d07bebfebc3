package dev.graft.nn.table;

import dev.graft.io.Safetensors;
import dev.graft.io.StateDict;
import dev.graft.io.file.Sha256;
import dev.graft.message.SettingException;
import dev.graft.nn.Module;
import dev.graft.nn.data.DataException;
import dev.graft.nn.data.Split;
import dev.graft.nn.data.table.EncodedRows;
import dev.graft.nn.data.table.LeakageAudit;
import dev.graft.nn.data.table.TableCases;
import dev.graft.nn.data.table.TableEncoder;
import dev.graft.nn.metric.Cases;
import dev.graft.nn.metric.decision.Validation;
import dev.graft.nn.metric.interval.Intervals;
import dev.graft.nn.metric.interval.Summary;
import dev.graft.nn.model.Decision;
import dev.graft.nn.model.DecisionRule;
import dev.graft.nn.model.ModelCard;
import dev.graft.nn.model.Versions;
import dev.graft.nn.report.checklist.Study;
import dev.graft.nn.run.AtFirstBatch;
import dev.graft.nn.run.CardReport;
import dev.graft.nn.run.ResultFiles;
import dev.graft.nn.run.RunFolder;
import dev.graft.nn.run.RunIdentity;
import dev.graft.nn.train.EpochResult;
import dev.graft.nn.train.History;
import dev.graft.nn.train.Progress;
import dev.graft.nn.train.StopSignal;
import dev.graft.nn.train.TrainerBuilder;
import dev.graft.random.RandomStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/**
 * Trains a model of a table, or adapts one to a cohort, and writes its folder: weights, card, log, metrics. A run that
 * was stopped goes on with its last checkpoint.
 *
 * <pre>{@code
 * TableRun.Outcome run = new TableRun(Path.of("run1")).say(System.out::println).train(cases);
 * TableRun.Outcome adapted = new TableRun(Path.of("run2")).adapt(Path.of("run1"), cohort);
 * }</pre>
 *
 * <p>A share of the patients is held back, and judges the result. Immutable; each method returns another.
 */
public final class TableRun {
    private static final String KIND = "kind";
    private static final double NEARLY_ALL = 0.99;

    private final Path out;
    private final TableModel.Kind kind;
    private final TableSettings settings;
    private final double c;
    private final double held;
    private final RunFolder.Existing existing;
    private final DecisionRule decision;
    private final Listeners listeners;

    private record Listeners(Consumer<String> say, Progress progress, StopSignal stop, Study study) {}

    private TableRun(
            Path out,
            TableModel.Kind kind,
            TableSettings settings,
            double c,
            double held,
            RunFolder.Existing existing,
            DecisionRule decision,
            Listeners listeners) {
        this.out = out;
        this.kind = kind;
        this.settings = settings;
        this.c = c;
        this.held = held;
        this.existing = existing;
        this.decision = decision;
        this.listeners = listeners;
    }

    /** A network by {@link TableSettings#defaults()}, with a fifth of the patients held back. */
    public TableRun(Path out) {
        this(
                out,
                TableModel.Kind.MLP,
                TableSettings.defaults(),
                0.1,
                0.2,
                RunFolder.Existing.REFUSE,
                DecisionRule.NONE,
                new Listeners(line -> {}, Progress.silent(), new StopSignal(), Study.none()));
    }

    /** The kind of model to train. */
    public TableRun kind(TableModel.Kind other) {
        return new TableRun(out, other, settings, c, held, existing, decision, listeners);
    }

    /** How a network is built and trained; its seed also decides who is held back. */
    public TableRun settings(TableSettings other) {
        return new TableRun(out, kind, other, c, held, existing, decision, listeners);
    }

    /** The inverse of the strength of a logistic regression's penalty. */
    public TableRun c(double inverse) {
        return new TableRun(out, kind, settings, inverse, held, existing, decision, listeners);
    }

    /** The share of patients held back, above 0 and below 1. */
    public TableRun held(double share) {
        if (!(share > 0 && share < 1)) {
            throw new SettingException(
                    "table: the share of patients held back must be in (0, 1), was " + share, "try 0.2");
        }
        return new TableRun(out, kind, settings, c, share, existing, decision, listeners);
    }

    /** What to do with a run that is in the folder already. */
    public TableRun existing(RunFolder.Existing rule) {
        return new TableRun(out, kind, settings, c, held, rule, decision, listeners);
    }

    /** How probabilities become answers, chosen on the patients held back. A temperature is always fitted. */
    public TableRun decision(DecisionRule rule) {
        return new TableRun(out, kind, settings, c, held, existing, rule, listeners);
    }

    /** What people say of their study, for the report and the card. */
    public TableRun study(Study said) {
        return with(new Listeners(listeners.say, listeners.progress, listeners.stop, said));
    }

    /** Told what happens, as lines of text. */
    public TableRun say(Consumer<String> listener) {
        return with(new Listeners(listener, listeners.progress, listeners.stop, listeners.study));
    }

    /** Told about epochs and batches. */
    public TableRun progress(Progress listener) {
        return with(new Listeners(listeners.say, listener, listeners.stop, listeners.study));
    }

    /** The signal that requests a clean stop. */
    public TableRun stop(StopSignal signal) {
        return with(new Listeners(listeners.say, listeners.progress, signal, listeners.study));
    }

    private TableRun with(Listeners others) {
        return new TableRun(out, kind, settings, c, held, existing, decision, others);
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
     * Trains on cases.
     *
     * @throws DataException for what the {@link LeakageAudit} refuses
     */
    public Outcome train(TableCases cases) {
        return run(cases, Optional.empty());
    }

    /**
     * Adapts the network in a folder to a cohort, perhaps of another table: inputs and levels are matched by name. Only
     * patients whom the network has not been fitted on are held back to judge.
     *
     * @throws DataException where it was fitted on all patients of the cohort
     * @throws dev.graft.nn.model.ModelException where the folder holds no network of a table
     */
    public Outcome adapt(Path model, TableCases cohort) {
        try (TableClassifier general = TableClassifier.load(model)) {
            if (!(general.model() instanceof NetworkModel network)) {
                throw new SettingException(
                        "table: " + model + " holds a logistic regression, and only networks are adapted",
                        "train one with --kind mlp");
            }
            String hash = ModelCard.read(model).weightsSha256().orElse("none");
            return new TableRun(
                            out,
                            TableModel.Kind.MLP,
                            TableAdaptation.settings(cohort.size(), settings.seed())
                                    .sharing(network.network().shape(), general.card()),
                            c,
                            held,
                            existing,
                            decision,
                            listeners)
                    .run(cohort, Optional.of(new Start(network, general, model, hash, general.trainingPatients())));
        }
    }

    /** What is adapted. */
    private record Start(
            NetworkModel model,
            TableClassifier general,
            Path folder,
            String weightsSha256,
            TrainingPatients patients) {}

    /** The two sides, and their rows encoded by what the training side has taught. */
    private record Sides(
            TableCases train, TableCases held, TableEncoder encoder, EncodedRows trainRows, EncodedRows heldRows) {}

    private Outcome run(TableCases cases, Optional<Start> start) {
        try (RunFolder folder = RunFolder.open(out, Map.of())) {
            try {
                folder.check(existing);
                return run(folder, cases, start);
            } catch (RuntimeException | Error e) {
                folder.abandon();
                throw e;
            }
        }
    }

    private Outcome run(RunFolder folder, TableCases cases, Optional<Start> start) {
        LeakageAudit.enforce(cases).forEach(finding -> listeners.say.accept("audit: " + finding.text()));
        Sides sides = sides(cases, start);
        int yes = sides.held.positives();
        decision.check(TableClassifier.CLASSES, false, new int[] {sides.held.size() - yes, yes}, sides.held.size());
        RunIdentity identity = new RunIdentity(identity(cases, sides, start), false);
        RunFolder.Next next = folder.find(existing, identity);
        if (next == RunFolder.Next.FINISHED) {
            listeners.say.accept("already finished: the result of this run is in " + folder.path());
            if (!listeners.study.isEmpty()) {
                listeners.say.accept(
                        "warning: the report of the finished run is not written again, so the study adds"
                                + " nothing to it. Hint: write a report of its evaluation, or train it again in another folder.");
            }
            return new Outcome(Ending.ALREADY_FINISHED, folder.metrics());
        }
        if (next == RunFolder.Next.GO_ON) {
            listeners.say.accept("resume: the run goes on with its last checkpoint");
            folder.otherMaker().ifPresent(listeners.say);
        } else if (!folder.isUsed()) {
            folder.record(identity, Map.of());
        }
        if (kind == TableModel.Kind.LOGISTIC) {
            TableModel model = RegressionModel.fit(sides.encoder, sides.trainRows, sides.train.positive(), c);
            return finish(folder, identity, new Fitted(model, List.of(), cases), sides, start);
        }
        UnaryOperator<TrainerBuilder> here = builder -> builder.directory(folder.path(), folder.lock())
                .identity(RunFolder.mark(identity.key(), false))
                .resume(next == RunFolder.Next.GO_ON)
                .progress(new AtFirstBatch(listeners.progress, () -> folder.record(identity, Map.of())))
                .stop(listeners.stop);
        try (TableTraining.Data judged = new TableTraining.Data(sides.heldRows, sides.held.positive());
                TableNetwork network = network(sides, start)) {
            History history = start.isPresent()
                    ? TableAdaptation.fit(
                            network, sides.trainRows, sides.train.positive(), settings, Optional.of(judged), here)
                    : TableTraining.fit(
                            network, sides.trainRows, sides.train.positive(), settings, Optional.of(judged), here);
            if (history.ending() == History.Ending.INTERRUPTED) {
                return new Outcome(Ending.STOPPED, Map.of());
            }
            network.eval();
            return finish(
                    folder,
                    identity,
                    new Fitted(new NetworkModel(sides.encoder, network, 0), history.epochs(), cases),
                    sides,
                    start);
        }
    }

    /** Why patients who judge may have trained the model; empty if it is known that they have not. */
    private static Optional<String> doubt(TableCases cases, Optional<Start> start) {
        if (cases.schema().patient().isEmpty()) {
            return Optional.of(TrainingPatients.NO_COLUMN);
        }
        return start.filter(from -> !from.patients.isComplete())
                .map(from -> "the folder " + from.folder + " does not tell all patients of its model, so patients who"
                        + " judge may have trained the model that is adapted; the scores may be too good");
    }

    private Sides sides(TableCases cases, Optional<Start> start) {
        doubt(cases, start).ifPresent(text -> listeners.say.accept("warning: " + text));
        int[] judges = start.map(from -> unseenJudges(cases, from)).orElseGet(() -> split(cases, held));
        boolean[] isHeld = new boolean[cases.size()];
        for (int i : judges) {
            isHeld[i] = true;
        }
        int[] rest = IntStream.range(0, isHeld.length).filter(i -> !isHeld[i]).toArray();
        LeakageAudit.enforceSides(cases, rest, judges);
        TableCases train = cases.only(rest);
        TableCases judged = cases.only(judges);
        TableEncoder encoder = start.map(from -> TableAdaptation.extended(from.model.encoder(), train))
                .orElseGet(() -> TableEncoder.fit(cases.schema(), cases.table(), train.rows()));
        listeners.say.accept(String.format(
                Locale.ROOT, "%d rows to learn from, %d held back to judge", train.size(), judged.size()));
        return new Sides(
                train,
                judged,
                encoder,
                encoder.encode(cases.table(), train.rows()),
                encoder.encode(cases.table(), judged.rows()));
    }

    /** The cases that are held back. */
    private int[] split(TableCases cases, double share) {
        boolean[] positive = cases.positive();
        int[] labels = new int[positive.length];
        Arrays.setAll(labels, i -> positive[i] ? 1 : 0);
        return (cases.schema().patient().isEmpty()
                        ? Split.stratified(labels, share, settings.seed())
                        : Split.grouped(new ArrayList<>(cases.patients()), labels, share, settings.seed()))
                .held();
    }

    /**
     * As {@link #split}, of patients whom the model to be adapted has not been fitted on; the others are learnt from.
     */
    private int[] unseenJudges(TableCases cases, Start from) {
        boolean isKnown = !cases.schema().patient().isEmpty();
        int[] unseen = isKnown ? from.patients.unseen(cases) : all(cases);
        if (unseen.length == cases.size()) {
            return split(cases, held);
        }
        if (unseen.length == 0) {
            throw new DataException("table: the model in " + from.folder + " was fitted on all patients of "
                    + cases.table().name() + " that are to adapt it, and none is left to judge. Hint: add patients whom"
                    + " it has not seen, such as those that were held back when it was trained.");
        }
        listeners.say.accept((cases.size() - unseen.length)
                + " rows are only learnt from, since the model was fitted on" + " their patients before");
        TableCases candidates = cases.only(unseen);
        double share = held * cases.size() / unseen.length;
        boolean all =
                share > NEARLY_ALL || candidates.patients().stream().distinct().count() < 2;
        return all
                ? unseen
                : Arrays.stream(split(candidates, share)).map(i -> unseen[i]).toArray();
    }

    private static int[] all(TableCases cases) {
        return IntStream.range(0, cases.size()).toArray();
    }

    private TableNetwork network(Sides sides, Optional<Start> start) {
        if (start.isPresent()) {
            TableMapping mapping =
                    TableMapping.of(start.get().model, sides.encoder, settings.embeddings(), settings.seed());
            mapping.notes().forEach(listeners.say);
            return mapping.network();
        }
        TableNetwork network = TableNetwork.of(
                sides.encoder,
                settings.hidden(),
                settings.dropout(),
                RandomStream.of(settings.seed(), "table.network"));
        network.scaleEmbeddings(settings.embeddings());
        network.startAt(TableTraining.startingProbability(sides.train.positive()));
        return network;
    }

    private Map<String, Object> identity(TableCases cases, Sides sides, Optional<Start> start) {
        Map<String, Object> identity = new LinkedHashMap<>();
        identity.put(KIND, kind.name().toLowerCase(Locale.ROOT));
        identity.putAll(settings.toMap());
        identity.put("c", c);
        identity.put("held", held);
        identity.putAll(decision.toMap());
        identity.put("start weights", start.map(Start::weightsSha256).orElse("none"));
        identity.put("schema", Sha256.of(sides.encoder.toMap().toString()));
        identity.put("data", Sha256.of(Arrays.toString(new int[] {
            cases.size(),
            Arrays.hashCode(sides.trainRows.codes()),
            Arrays.hashCode(sides.trainRows.numbers()),
            Arrays.hashCode(sides.heldRows.codes()),
            Arrays.hashCode(sides.heldRows.numbers()),
            Arrays.hashCode(cases.positive()),
            cases.ids().hashCode(),
            cases.patients().hashCode()
        })));
        return identity;
    }

    /**
     * What a training has come to.
     *
     * @param cases all that it was given
     */
    private record Fitted(TableModel model, List<EpochResult> epochs, TableCases cases) {}

    private Outcome finish(RunFolder folder, RunIdentity identity, Fitted fitted, Sides sides, Optional<Start> start) {
        double[] own = fitted.model.predict(sides.held);
        Decision decided =
                decision.fit(Validation.of(TableScores.twoClasses(sides.held, own)), TableClassifier.CLASSES);
        double[] answers = TableClassifier.calibrated(decided, own);
        Map<String, Object> metrics = new LinkedHashMap<>();
        Map<String, Object> best = new LinkedHashMap<>();
        if (!fitted.epochs.isEmpty()) {
            best.put("epoch", fitted.epochs.size());
        }
        best.putAll(TableScores.of(sides.held, answers).toMap());
        metrics.put(KIND, kind.name().toLowerCase(Locale.ROOT));
        metrics.put("training_rows", sides.train.size());
        start.ifPresent(from -> metrics.put(
                "before_adapting",
                TableScores.of(sides.held, from.general.predict(sides.held.table(), sides.held.rows()))
                        .toMap()));
        if (!fitted.epochs.isEmpty()) {
            metrics.put(
                    "epochs", fitted.epochs.stream().map(TableTraining::toMap).toList());
        }
        metrics.put("best", best);
        metrics.put("decision", decided.toMap());
        decided.thresholds()
                .forEach(threshold ->
                        metrics.put("at_threshold", TableScores.at(TableScores.cases(sides.held, answers), threshold)));
        metrics.put("selection", "the temperature and the threshold");
        metrics.put(
                "validation",
                Summary.of(
                                decided(decided, TableScores.twoClasses(sides.held, answers)),
                                TableClassifier.CLASSES,
                                !sides.held.schema().patient().isEmpty(),
                                Intervals.defaults())
                        .toMap());
        folder.finish(identity, Map.of(), new Learnt(fitted, decided, answers, metrics, sides, start));
        return new Outcome(Ending.FINISHED, metrics);
    }

    /** Cases with the thresholds of a decision. */
    static Cases decided(Decision decision, Cases answers) {
        return answers.thresholds(
                decision.thresholds().stream().mapToDouble(Double::doubleValue).toArray());
    }

    /** What goes into the folder. */
    private final class Learnt implements RunFolder.Result {
        private final TableModel model;
        private final TableCases cases;
        private final Decision decided;
        private final double[] answers;
        private final Map<String, Object> metrics;
        private final Sides sides;
        private final Optional<Start> start;

        Learnt(
                Fitted fitted,
                Decision decided,
                double[] answers,
                Map<String, Object> metrics,
                Sides sides,
                Optional<Start> start) {
            this.model = fitted.model;
            this.cases = fitted.cases;
            this.decided = decided;
            this.answers = answers;
            this.metrics = metrics;
            this.sides = sides;
            this.start = start;
        }

        @Override
        public void saveWeights(Path file) {
            Map<String, String> about = Map.of(
                    ModelCard.BINDING,
                    TableClassifier.card(model, Map.of(ModelCard.DECISION, decided.toMap()))
                            .binding());
            if (model instanceof NetworkModel network) {
                save(network.network(), file, about);
            } else {
                try (RegressionWeights weights = new RegressionWeights(
                        ((RegressionModel) model).regression().weights())) {
                    save(weights, file, about);
                }
            }
        }

        private static void save(Module module, Path file, Map<String, String> about) {
            try (StateDict state = module.stateDict()) {
                Safetensors.save(state, file, about);
            }
        }

        @Override
        public Map<String, Object> metrics() {
            return metrics;
        }

        @Override
        public Map<String, String> cardTexts() {
            return listeners.study.cardTexts();
        }

        /** So that an evaluation can leave out whom the model was fitted on; and the report. */
        @Override
        public ResultFiles files(ModelCard card) {
            ResultFiles files = new ResultFiles();
            boolean isKnown = !sides.train.schema().patient().isEmpty();
            if (isKnown || start.isPresent()) {
                TrainingPatients before = start.map(Start::patients).orElseGet(TrainingPatients::none);
                TrainingPatients all = isKnown ? before.and(sides.train.patients()) : before.andOthers();
                files.text(TrainingPatients.FILE, all.toCsv());
            }
            if (isKnown) {
                files.text(
                        TrainingPatients.DECIDERS,
                        TrainingPatients.none().and(sides.held.patients()).toCsv());
            }
            return files.text(
                    ResultFiles.REPORT,
                    CardReport.orReason(
                            () -> TableReport.of(cases, cases.table().name())
                                    .study(listeners.study)
                                    .run(model, card, sides.train, sides.held, metrics, doubt(cases, start), answers),
                            why -> listeners.say.accept(
                                    "warning: the model is saved, but its report could not be made (" + why + ")")));
        }

        @Override
        public ModelCard card(String weightsSha256, Map<String, Object> run) {
            Map<String, Object> facts = new LinkedHashMap<>();
            Map<String, Object> how = new LinkedHashMap<>();
            how.put(KIND, kind.name().toLowerCase(Locale.ROOT));
            if (kind == TableModel.Kind.LOGISTIC) {
                how.put("c", c);
            } else {
                how.putAll(settings.toMap());
            }
            how.put("held", held);
            how.putAll(decision.toMap());
            facts.put(ModelCard.DECISION, decided.toMap());
            facts.put("settings", how);
            facts.put("seed", settings.seed());
            facts.put("versions", Versions.asMap());
            facts.put("start_weights", start.map(from -> from.folder.toString()).orElse("none"));
            facts.put("start_weights_sha256", start.map(Start::weightsSha256).orElse("none"));
            facts.put(ModelCard.HASH, weightsSha256);
            Map<String, Object> data = new LinkedHashMap<>();
            data.put("table", sides.train.table().name());
            data.put("training_rows", sides.train.size());
            data.put("held_rows", sides.held.size());
            data.put("training_positives", sides.train.positives());
            if (!sides.train.schema().patient().isEmpty()) {
                data.put("patients", "by column " + sides.train.schema().patient() + ", none on both sides");
            }
            facts.put("data", data);
            facts.putAll(run);
            return TableClassifier.card(model, facts);
        }
    }

    /**
     * The cases whose patients a model was not fitted on, nor the model that it was adapted from, as far as its folder
     * tells them ({@link TableClassifier#knowsItsPatients}).
     */
    public static TableCases unseen(TableClassifier model, TableCases cases) {
        return cases.only(model.trainingPatients().unseen(cases));
    }

    /**
     * How many of the cases are of patients by whom the model's temperature and threshold were chosen; empty where its
     * folder does not tell them, or the table has no column of the patient.
     */
    public static OptionalInt deciders(TableClassifier model, TableCases cases) {
        TrainingPatients deciders = model.deciders();
        return deciders.isComplete() && !cases.schema().patient().isEmpty()
                ? OptionalInt.of(cases.size() - deciders.unseen(cases).length)
                : OptionalInt.empty();
    }
}
