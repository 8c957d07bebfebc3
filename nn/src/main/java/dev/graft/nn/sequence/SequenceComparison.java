package dev.graft.nn.sequence;

import dev.graft.nn.data.DataException;
import dev.graft.nn.data.sequence.LabelledSequences;
import dev.graft.nn.data.sequence.OneHotBases;
import dev.graft.nn.data.sequence.SequenceSplit;
import dev.graft.nn.metric.Average;
import dev.graft.nn.metric.BinaryMetrics;
import dev.graft.nn.metric.Cases;
import dev.graft.nn.metric.Metric;
import dev.graft.nn.metric.interval.Difference;
import dev.graft.nn.metric.interval.Estimate;
import dev.graft.nn.metric.interval.Intervals;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiConsumer;

/**
 * A pretrained network on another task, beside what it must be compared with: the same network from scratch, the
 * {@linkplain SequenceBaseline regressions}, and, for splice junctions, the network as it is.
 *
 * <pre>{@code
 * SequenceComparison comparison = new SequenceComparison(split, body, new SequenceTransfer(Head.POOLED, 0));
 * comparison.run(200, (way, auroc) -> System.out.println(way + ": " + auroc));
 * }</pre>
 */
public final class SequenceComparison {
    /** The pretrained network, fine-tuned. */
    public static final String TRANSFER = "transfer";

    /** The same network from random weights. */
    public static final String SCRATCH = "scratch";

    /** The pretrained network as it is. */
    public static final String ZERO_SHOT = "zero_shot";

    /** What intervals count, in words. */
    static final String GROUP = "group of near-identical sequences";

    static final String GROUPS = "groups of near-identical sequences";

    private static final int SPLICE_CLASSES = 3;

    private final SequenceSplit split;
    private final DilatedResNet pretrained;
    private final SequenceTransfer recipe;
    private final boolean junctions;

    /** The probabilities of the held sequences by one way, and the area under the ROC curve with its interval. */
    public record Answer(float[][] probabilities, Estimate auroc) {}

    /**
     * Compares by a recipe. The network stays the caller's, and as it is. If it was transferred before, the split
     * should be one by {@link PretrainedNetwork#unseen}.
     */
    public SequenceComparison(SequenceSplit split, DilatedResNet pretrained, SequenceTransfer recipe) {
        this(split, pretrained, recipe, false);
    }

    private SequenceComparison(
            SequenceSplit split, DilatedResNet pretrained, SequenceTransfer recipe, boolean junctions) {
        this.split = split;
        this.pretrained = pretrained;
        this.recipe = recipe;
        this.junctions = junctions;
    }

    /**
     * The classes are donor, acceptor and neither, and the boundary lies in the middle of each sequence, so that a
     * splice model can also answer as it is.
     *
     * @throws IllegalArgumentException if there are not three classes, or the network does not have three outputs
     */
    public SequenceComparison ofJunctions() {
        if (split.sequences().classes().size() != SPLICE_CLASSES || pretrained.outputs() != SPLICE_CLASSES) {
            throw new IllegalArgumentException("sequence comparison: junctions need the classes donor, acceptor and"
                    + " neither, and a network with 3 outputs (classes "
                    + split.sequences().classes() + ", outputs " + pretrained.outputs() + ")");
        }
        return new SequenceComparison(split, pretrained, recipe, true);
    }

    /**
     * All ways, in the order transfer, scratch, kmer, positional, gc and, for junctions, zero_shot.
     *
     * @param size how many sequences of the pool to train on
     * @param done is told of each as soon as it is there
     * @throws DataException if a class is only among those to train on, or only among those to judge by
     */
    public Map<String, Answer> run(int size, BiConsumer<String, Estimate> done) {
        split.checkClasses(size);
        Map<String, Answer> answers = new LinkedHashMap<>();
        int[] train = split.train(size);
        try (SequenceClassifier network =
                recipe.transfer(SequenceTransfer.copy(pretrained), split.sequences(), train)) {
            add(answers, TRANSFER, SequenceTransfer.probabilities(network, judged()), done);
        }
        addOthers(answers, train, done);
        return answers;
    }

    /** All ways but the transfer. */
    void addOthers(Map<String, Answer> answers, int[] train, BiConsumer<String, Estimate> done) {
        try (SequenceClassifier network = recipe.scratch(pretrained.context(), split.sequences(), train)) {
            add(answers, SCRATCH, SequenceTransfer.probabilities(network, judged()), done);
        }
        for (SequenceBaseline baseline : SequenceBaseline.values()) {
            add(
                    answers,
                    baseline.name().toLowerCase(Locale.ROOT),
                    baseline.probabilities(split, train, split.test(), recipe.seed()),
                    done);
        }
        if (junctions) {
            add(answers, ZERO_SHOT, zeroShot(), done);
        }
    }

    /** The answers of one way that was compared. */
    static Answer answer(Map<String, Answer> answers, String way) {
        return Objects.requireNonNull(answers.get(way), way);
    }

    void add(Map<String, Answer> answers, String name, float[][] probabilities, BiConsumer<String, Estimate> done) {
        Estimate auroc = auroc(split, probabilities);
        answers.put(name, new Answer(probabilities, auroc));
        done.accept(name, auroc);
    }

    private List<String> judged() {
        return Arrays.stream(split.test())
                .mapToObj(split.sequences().sequences()::get)
                .toList();
    }

    /** The held sequences as cases, which intervals count by group of near-identical ones. */
    static Cases cases(SequenceSplit split, float[][] probabilities) {
        int[] groups = split.groups().groupOf();
        int[] test = split.test();
        return Cases.of(
                        probabilities,
                        Arrays.stream(test).map(split.sequences()::label).toArray())
                .groups(Arrays.stream(test).mapToObj(i -> "group " + groups[i]).toList());
    }

    /** The area under the ROC curve, of more than two classes their mean. */
    private static Metric metric(SequenceSplit split) {
        return split.sequences().classes().size() == 2
                ? BinaryMetrics.auroc().ofClass(1)
                : Average.MACRO.of(BinaryMetrics.auroc());
    }

    private static Estimate auroc(SequenceSplit split, float[][] probabilities) {
        return Intervals.defaults()
                .of(metric(split), cases(split, probabilities))
                .counting(GROUP, GROUPS);
    }

    /** The ways whose area is defined, the largest first. */
    static List<String> ranked(Map<String, Answer> answers) {
        return answers.entrySet().stream()
                .filter(entry -> entry.getValue().auroc().score().isDefined())
                .sorted(Comparator.comparingDouble(
                        entry -> -entry.getValue().auroc().score().orNaN()))
                .map(Map.Entry::getKey)
                .toList();
    }

    /**
     * Which way has the largest area, and how far the next one and the transferred network are behind: in words, by
     * differences on the same sequences. Their intervals are not corrected for the choice of the best.
     *
     * @param answers of {@link #run}
     */
    public static String whatWins(SequenceSplit split, Map<String, Answer> answers) {
        List<String> ways = ranked(answers);
        if (ways.size() < 2) {
            return "no two areas under the ROC curve are defined, so nothing can be compared";
        }
        String best = ways.get(0);
        String text = String.format(
                Locale.ROOT,
                "%s has the largest area under the ROC curve, %.4f; %s",
                best,
                answer(answers, best).auroc().score().orNaN(),
                behind(split, answers, best, ways.get(1)));
        return ways.indexOf(TRANSFER) > 1 ? text + "; " + behind(split, answers, best, TRANSFER) : text;
    }

    private static String behind(SequenceSplit split, Map<String, Answer> answers, String best, String other) {
        Estimate difference = Difference.of(
                        metric(split),
                        cases(split, answer(answers, best).probabilities()),
                        cases(split, answer(answers, other).probabilities()),
                        Intervals.defaults())
                .difference()
                .counting(GROUP, GROUPS);
        return String.format(
                        Locale.ROOT,
                        "%s is %.4f behind",
                        other,
                        difference.score().orNaN())
                + difference
                        .interval()
                        .map(i -> " (95 % interval of the difference " + i + ")"
                                + (i.low() > 0 ? "" : ", so these sequences do not tell the two apart"))
                        .orElse("")
                + difference.note().map(note -> " [" + note + "]").orElse("");
    }

    /** The network as it is: a donor at the last base of the first half, an acceptor at the next. */
    @SuppressWarnings("try")
    private float[][] zeroShot() {
        LabelledSequences sequences = split.sequences();
        OneHotBases encoding = OneHotBases.zeros().context(pretrained.context());
        int donorAt = sequences.length() / 2 - 1;
        List<String> judged = judged();
        float[][] all = new float[judged.size()][];
        return pretrained.evaluating(() -> {
            for (int i = 0; i < all.length; i++) {
                try (Scope scope = Scope.open();
                        Autograd.Guard guard = Autograd.noGrad()) {
                    Tensor p = pretrained
                            .forward(encoding.encode(List.of(judged.get(i))))
                            .softmax(1);
                    float donor = p.get(0, 2, donorAt);
                    float acceptor = p.get(0, 1, donorAt + 1);
                    all[i] = new float[] {donor, acceptor, 1 - Math.max(donor, acceptor)};
                }
            }
            return all;
        });
    }
}
