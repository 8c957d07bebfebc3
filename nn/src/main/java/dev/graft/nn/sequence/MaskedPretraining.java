package dev.graft.nn.sequence;

import dev.graft.io.Safetensors;
import dev.graft.io.StateDict;
import dev.graft.io.file.FileException;
import dev.graft.io.file.Sha256;
import dev.graft.message.SettingException;
import dev.graft.nn.Module;
import dev.graft.nn.data.DataLoader;
import dev.graft.nn.data.Example;
import dev.graft.nn.data.sequence.FastaReader;
import dev.graft.nn.data.sequence.NamedSequence;
import dev.graft.nn.data.sequence.Nucleotides;
import dev.graft.nn.loss.CrossEntropyLoss;
import dev.graft.nn.model.ModelCard;
import dev.graft.nn.model.Versions;
import dev.graft.nn.optim.AdamW;
import dev.graft.nn.optim.CosineLr;
import dev.graft.nn.optim.LinearWarmup;
import dev.graft.nn.optim.ParameterGroup;
import dev.graft.nn.run.AtFirstBatch;
import dev.graft.nn.run.RunFolder;
import dev.graft.nn.run.RunIdentity;
import dev.graft.nn.train.History;
import dev.graft.nn.train.Progress;
import dev.graft.nn.train.StopSignal;
import dev.graft.nn.train.Trainer;
import dev.graft.random.RandomStream;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Pretrains a {@link DilatedResNet} on unlabelled sequences: it learns to guess bases that are hidden from those around
 * them. The last tenth of a sequence is held back to judge, if a window and its context fit into it; a shorter sequence
 * is trained on as a whole, or left out if no window fits. The folder has weights, card, log and metrics, and is what
 * {@link PretrainedNetwork#read} takes.
 *
 * <pre>{@code
 * MaskedPretraining.Outcome outcome = new MaskedPretraining(Path.of("ecoli")).epochs(20).run(Path.of("genome.fa.gz"));
 * }</pre>
 *
 * <p>All letters are held in memory, at about three bytes each: as text, and as the parts to learn from and to judge
 * by. Immutable; each method returns another.
 *
 * @param out the folder
 * @param context of the network: 80, 400, 2000 or 10000
 * @param window how many positions of an example can be asked for
 * @param epochs of {@value #WINDOWS} windows
 * @param rate the highest learning rate
 * @param seed of weights and windows
 * @param existing what to do with a run that is in the folder already
 * @param listeners who is told
 */
public record MaskedPretraining(
        Path out,
        int context,
        int window,
        int epochs,
        double rate,
        long seed,
        RunFolder.Existing existing,
        Listeners listeners) {
    /** The task in the card of such a network. */
    public static final String TASK = "masked-bases";

    /** Windows of an epoch. */
    public static final int WINDOWS = 4096;

    private static final int BATCH = 32;
    private static final int JUDGED = 1024;
    private static final double HELD = 0.1;
    private static final List<String> BASES = List.of("A", "C", "G", "T");

    /** Who is told of a run, and may stop it. */
    public record Listeners(Consumer<String> say, Progress progress, StopSignal stop) {}

    /** @throws SettingException for numbers that no run has */
    public MaskedPretraining {
        if (window < 2 || epochs < 1 || !(rate > 0)) {
            throw new SettingException(
                    "pretraining: the window must be at least 2, epochs at least 1, and the rate above 0 (window "
                            + window + ", epochs " + epochs + ", rate " + rate + ")",
                    "begin with new MaskedPretraining(folder)");
        }
    }

    /** A network of context 80, windows of 200, 10 epochs, rate 0.001, seed 0. */
    public MaskedPretraining(Path out) {
        this(
                out,
                80,
                200,
                10,
                1e-3,
                0,
                RunFolder.Existing.REFUSE,
                new Listeners(line -> {}, Progress.silent(), new StopSignal()));
    }

    /** With a network of another context. */
    public MaskedPretraining context(int columns) {
        return new MaskedPretraining(out, columns, window, epochs, rate, seed, existing, listeners);
    }

    /** With windows of another length. */
    public MaskedPretraining window(int positions) {
        return new MaskedPretraining(out, context, positions, epochs, rate, seed, existing, listeners);
    }

    /** With another highest learning rate. */
    public MaskedPretraining rate(double highest) {
        return new MaskedPretraining(out, context, window, epochs, highest, seed, existing, listeners);
    }

    /** With another number of epochs. */
    public MaskedPretraining epochs(int count) {
        return new MaskedPretraining(out, context, window, count, rate, seed, existing, listeners);
    }

    /** With another seed. */
    public MaskedPretraining seed(long other) {
        return new MaskedPretraining(out, context, window, epochs, rate, other, existing, listeners);
    }

    /** With another rule for a run that is in the folder already. */
    public MaskedPretraining existing(RunFolder.Existing rule) {
        return new MaskedPretraining(out, context, window, epochs, rate, seed, rule, listeners);
    }

    /** With other listeners. */
    public MaskedPretraining listeners(Listeners others) {
        return new MaskedPretraining(out, context, window, epochs, rate, seed, existing, others);
    }

    /** Runs, or goes on with the folder's run. */
    public SequenceRun.Outcome run(Path fasta) {
        List<NamedSequence> all = FastaReader.readAll(fasta);
        List<byte[]> train = new ArrayList<>();
        List<byte[]> held = new ArrayList<>();
        int least = window + context;
        for (NamedSequence sequence : all) {
            byte[] letters = Nucleotides.bytes(sequence.letters());
            int cut = (int) Math.max((1 - HELD) * letters.length, 0);
            if (letters.length - cut >= least && cut >= least) {
                train.add(Arrays.copyOfRange(letters, 0, cut));
                held.add(Arrays.copyOfRange(letters, cut, letters.length));
            } else if (letters.length >= least) {
                train.add(letters);
            }
        }
        if (held.isEmpty()) {
            throw new FileException(
                    fasta + " has no sequence of at least " + (long) (least / HELD) + " bases",
                    "give a genome, or ask for a network of a smaller context");
        }
        try (RunFolder folder = RunFolder.open(out, Map.of())) {
            try {
                folder.check(existing);
                return run(folder, fasta, train, held);
            } catch (RuntimeException | Error e) {
                folder.abandon();
                throw e;
            }
        }
    }

    private SequenceRun.Outcome run(RunFolder folder, Path fasta, List<byte[]> train, List<byte[]> held) {
        RunIdentity identity = new RunIdentity(identity(fasta), false);
        RunFolder.Next next = folder.find(existing, identity);
        if (next == RunFolder.Next.FINISHED) {
            listeners.say.accept("already finished: the result of this run is in " + folder.path());
            return new SequenceRun.Outcome(SequenceRun.Ending.ALREADY_FINISHED, folder.metrics());
        }
        if (next == RunFolder.Next.GO_ON) {
            listeners.say.accept("resume: the run goes on with its last checkpoint");
        } else if (!folder.isUsed()) {
            folder.record(identity, Map.of());
        }
        listeners.say.accept(String.format(
                Locale.ROOT,
                "%,d bases to learn from, %,d held back",
                train.stream().mapToLong(s -> s.length).sum(),
                held.stream().mapToLong(s -> s.length).sum()));
        try (DilatedResNet network =
                        DilatedResNet.spliceAi(context, BASES.size(), RandomStream.of(seed, "pretrain.network"));
                DataLoader loader = DataLoader.of(new MaskedWindows(train, WINDOWS, window, context), BATCH)
                        .shuffled(RandomStream.seed(seed, "pretrain.order"));
                AdamW adam = new AdamW(groups(network))) {
            long steps = (long) epochs * loader.batches();
            long warmUp = Math.max(1, steps / 10);
            History history = Trainer.builder(network, new CrossEntropyLoss().ignoreIndex(MaskedWindows.SEEN), adam)
                    .epochs(epochs)
                    .schedulePerStep(new LinearWarmup(warmUp, new CosineLr(Math.max(1, steps - warmUp))))
                    .restoreBest(false)
                    .directory(folder.path(), folder.lock())
                    .identity(RunFolder.mark(identity.key(), false))
                    .resume(next == RunFolder.Next.GO_ON)
                    .progress(new AtFirstBatch(listeners.progress, () -> folder.record(identity, Map.of())))
                    .stop(listeners.stop)
                    .build()
                    .fit(loader);
            if (history.ending() == History.Ending.INTERRUPTED) {
                return new SequenceRun.Outcome(SequenceRun.Ending.STOPPED, Map.of());
            }
            Map<String, Object> metrics = judged(network, held);
            folder.finish(identity, Map.of(), new Learnt(network, metrics, fasta));
            return new SequenceRun.Outcome(SequenceRun.Ending.FINISHED, metrics);
        }
    }

    private List<ParameterGroup<AdamW.Options>> groups(DilatedResNet network) {
        AdamW.Options decaying = AdamW.lr(rate).weightDecay(0.01);
        AdamW.Options staying = AdamW.lr(rate).weightDecay(0);
        return ParameterGroup.of(
                network, (name, parameter) -> ParameterGroup.isBiasOrNorm(name, parameter) ? staying : decaying);
    }

    private Map<String, Object> identity(Path fasta) {
        Map<String, Object> identity = new LinkedHashMap<>();
        identity.put("task", TASK);
        identity.put("context", context);
        identity.put("window", window);
        identity.put("epochs", epochs);
        identity.put("rate", rate);
        identity.put("seed", seed);
        identity.put("data", Sha256.of(fasta));
        return identity;
    }

    /**
     * How well hidden bases of the held sequences are guessed, and how well by their shares alone. All of them are
     * hidden: one that is shown would be known, not guessed.
     */
    @SuppressWarnings("try")
    Map<String, Object> judged(Module network, List<byte[]> held) {
        MaskedWindows windows = MaskedWindows.allHidden(held, JUDGED, window, context);
        long[] counts = new long[BASES.size()];
        double[] sums = new double[2]; // right, nats
        network.evaluating(() -> {
            for (int i = 0; i < JUDGED; i += BATCH) {
                try (Scope scope = Scope.open();
                        Autograd.Guard guard = Autograd.noGrad()) {
                    List<Tensor> inputs = new ArrayList<>();
                    List<long[]> targets = new ArrayList<>();
                    for (int j = i; j < i + BATCH; j++) {
                        Example example = windows.get(j, RandomStream.of(seed, "pretrain.judge", j));
                        inputs.add(example.input());
                        targets.add(example.target().toLongArray());
                    }
                    float[] logs = network.forward(Tensor.stack(0, inputs))
                            .logSoftmax(1)
                            .toFloatArray();
                    for (int j = 0; j < BATCH; j++) {
                        count(logs, j, targets.get(j), counts, sums);
                    }
                }
            }
            return counts;
        });
        long total = Arrays.stream(counts).sum();
        double entropy = 0;
        for (long count : counts) {
            double share = (double) count / Math.max(1, total);
            entropy -= share > 0 ? share * Math.log(share) : 0;
        }
        Map<String, Object> best = new LinkedHashMap<>();
        best.put("epoch", epochs);
        best.put("accuracy", sums[0] / Math.max(1, total));
        best.put("bits_per_base", sums[1] / Math.max(1, total) / Math.log(2));
        best.put(
                "accuracy_of_the_most_frequent_base",
                (double) Arrays.stream(counts).max().orElse(0) / Math.max(1, total));
        best.put("bits_per_base_by_shares", entropy / Math.log(2));
        best.put("bases_judged", total);
        Map<String, Object> metrics = new LinkedHashMap<>();
        metrics.put("best", best);
        return metrics;
    }

    private void count(float[] logs, int row, long[] targets, long[] counts, double[] sums) {
        for (int p = 0; p < window; p++) {
            if (targets[p] == MaskedWindows.SEEN) {
                continue;
            }
            int truth = (int) targets[p];
            int answer = 0;
            for (int base = 1; base < BASES.size(); base++) {
                answer = logs[at(row, base, p)] > logs[at(row, answer, p)] ? base : answer;
            }
            counts[truth]++;
            sums[0] += answer == truth ? 1 : 0;
            sums[1] -= logs[at(row, truth, p)];
        }
    }

    private int at(int row, int base, int position) {
        return (row * BASES.size() + base) * window + position;
    }

    private final class Learnt implements RunFolder.Result {
        private final DilatedResNet network;
        private final Map<String, Object> metrics;
        private final Path fasta;

        Learnt(DilatedResNet network, Map<String, Object> metrics, Path fasta) {
            this.network = network;
            this.metrics = metrics;
            this.fasta = fasta;
        }

        @Override
        public void saveWeights(Path file) {
            try (StateDict state = network.stateDict()) {
                Safetensors.save(
                        state, file, Map.of(ModelCard.BINDING, card(Map.of()).binding()));
            }
        }

        @Override
        public Map<String, Object> metrics() {
            return metrics;
        }

        private ModelCard card(Map<String, Object> facts) {
            Map<String, Object> preprocessing = new LinkedHashMap<>();
            preprocessing.put("letters", "one-hot A, C, G, T; other letters are zeros");
            preprocessing.put("context", context);
            return new ModelCard(TASK, SequenceModel.ARCHITECTURE, BASES, preprocessing, facts);
        }

        @Override
        public ModelCard card(String weightsSha256, Map<String, Object> run) {
            Map<String, Object> facts = new LinkedHashMap<>();
            Map<String, Object> how = new LinkedHashMap<>();
            how.put("window", window);
            how.put("epochs", epochs);
            how.put("rate", rate);
            facts.put("settings", how);
            facts.put("seed", seed);
            facts.put("versions", Versions.asMap());
            facts.put("start_weights", "none");
            facts.put("start_weights_sha256", "none");
            facts.put(ModelCard.HASH, weightsSha256);
            facts.put("data", Map.of("sequences", fasta.getFileName().toString()));
            facts.putAll(run);
            return card(facts);
        }
    }
}
