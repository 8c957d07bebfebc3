package dev.graft.nn.sequence;

import dev.graft.io.StateDict;
import dev.graft.io.WeightFiles;
import dev.graft.io.file.FileException;
import dev.graft.nn.Module;
import dev.graft.nn.ModuleList;
import dev.graft.nn.StateKey;
import dev.graft.nn.layer.Conv1d;
import dev.graft.tensor.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/**
 * A residual network of dilated convolutions over a sequence, as SpliceAI and OpenSpliceAI: {@code [N, inputs, L +
 * context]} to logits {@code [N, outputs, L]}. Each result depends on {@link #context()} columns around it, half of
 * them on each side.
 *
 * <pre>{@code
 * try (DilatedResNet network = DilatedResNet.read(Path.of("model_400nt_rs10.pt"))) {
 *     network.eval();
 *     Tensor x = OneHotBases.zeros().context(network.context()).encode(List.of(letters));
 *     Tensor probabilities = network.forward(x).softmax(1);      // [1, 3, L]: none, acceptor, donor
 * }
 * }</pre>
 *
 * <p>No convolution is padded, so a piece of a sequence with its context gives what the whole sequence gives, up to
 * rounding. Keys of the state dict are those of OpenSpliceAI's files.
 *
 * @see <a href="https://doi.org/10.1016/j.cell.2018.12.015">Jaganathan et al. 2019, Predicting splicing from primary
 *     sequence with deep learning</a>
 */
public final class DilatedResNet extends Module {
    /** The slope of negative values in all activations. */
    static final float SLOPE = 0.1f;

    private static final int FAMILY_CHANNELS = 32;
    private static final int FAMILY_OUTPUTS = 3;
    private static final String LAST = "final_conv.weight";
    private static final int UNITS = 4;
    private static final List<Stage> FAMILY = List.of(
            new Stage(UNITS, 11, 1), new Stage(UNITS, 11, 4), new Stage(UNITS, 21, 10), new Stage(UNITS, 41, 25));

    @StateKey("initial_conv")
    private final Module initialConv;

    @StateKey("initial_skip")
    private final Module initialSkip;

    /** The units of a stage, then its skip, then the next stage. */
    @StateKey("residual_units")
    private final ModuleList residualUnits;

    @StateKey("final_conv")
    private Module finalConv;

    private final List<Stage> stages;
    private final int inputs;
    private final int channels;
    private final int outputs;
    private final int context;

    /**
     * Residual units of one kind, which end in a skip connection to the network's end.
     *
     * @param units how many, at least 1
     * @param kernel taps of each convolution, odd
     * @param dilation the distance between taps
     */
    public record Stage(int units, int kernel, int dilation) {

        /** @throws IllegalArgumentException for an even kernel, or a number below 1 */
        public Stage {
            if (units < 1 || kernel < 1 || kernel % 2 == 0 || dilation < 1) {
                throw new IllegalArgumentException(
                        "dilatedResNet: a stage needs at least 1 unit, an odd kernel and a dilation of at least 1 (units "
                                + units + ", kernel " + kernel + ", dilation " + dilation + ")");
            }
        }

        /** Columns that the stage's result lacks. */
        int shrinks() {
            return units * 2 * dilation * (kernel - 1);
        }
    }

    /**
     * A network with random weights.
     *
     * @param inputs channels of the input, 4 for one-hot bases
     * @param channels of every layer between
     * @param outputs logits for each position
     */
    public DilatedResNet(int inputs, int channels, List<Stage> stages, int outputs, RandomGenerator random) {
        if (stages.isEmpty()) {
            throw new IllegalArgumentException("dilatedResNet: needs at least one stage");
        }
        this.stages = List.copyOf(stages);
        this.inputs = inputs;
        this.channels = channels;
        this.outputs = outputs;
        this.context = stages.stream().mapToInt(Stage::shrinks).sum();
        initialConv = new Conv1d(inputs, channels, 1, random);
        initialSkip = new Skip(channels, random);
        List<Module> units = new ArrayList<>();
        for (Stage stage : stages) {
            for (int i = 0; i < stage.units(); i++) {
                units.add(new ResidualUnit(channels, stage.kernel(), stage.dilation(), random));
            }
            units.add(new Skip(channels, random));
        }
        residualUnits = new ModuleList(units);
        finalConv = new Conv1d(channels, outputs, 1, random);
    }

    /**
     * SpliceAI's networks, 32 channels: 4 units for a context of 80, 8 for 400, 12 for 2,000 and 16 for 10,000.
     *
     * @param context 80, 400, 2000 or 10000
     */
    public static DilatedResNet spliceAi(int context, RandomGenerator random) {
        return spliceAi(context, FAMILY_OUTPUTS, random);
    }

    /**
     * One of SpliceAI's networks with another number of outputs, such as 4 for the bases themselves.
     *
     * @param context 80, 400, 2000 or 10000
     */
    public static DilatedResNet spliceAi(int context, int outputs, RandomGenerator random) {
        int sum = 0;
        for (int i = 0; i < FAMILY.size(); i++) {
            sum += FAMILY.get(i).shrinks();
            if (sum == context) {
                return new DilatedResNet(4, FAMILY_CHANNELS, FAMILY.subList(0, i + 1), outputs, random);
            }
        }
        throw new IllegalArgumentException(
                "dilatedResNet: SpliceAI has no network of context " + context + ". Hint: 80, 400, 2000 or 10000.");
    }

    /**
     * A network of the OpenSpliceAI family from its file (PyTorch's format or safetensors), whose number of layers says
     * which one it is.
     *
     * @throws FileException if the file is not of that family
     */
    public static DilatedResNet read(Path file) {
        try (StateDict state = WeightFiles.load(file)) {
            long units = state.names().stream()
                    .filter(name -> name.matches("residual_units\\.\\d+\\.conv1\\.weight"))
                    .count();
            long stages = units / UNITS;
            if (units % UNITS != 0 || stages < 1 || stages > FAMILY.size() || !state.contains("initial_conv.weight")) {
                throw new FileException(
                        file + " is no network of the SpliceAI family: it has " + units + " residual units",
                        "their files have 4, 8, 12 or 16, named residual_units.0.conv1.weight and so on");
            }
            int context = FAMILY.subList(0, (int) stages).stream()
                    .mapToInt(Stage::shrinks)
                    .sum();
            int outputs = state.contains(LAST) ? state.get(LAST).dim(0) : FAMILY_OUTPUTS;
            DilatedResNet network = spliceAi(context, outputs, new SplittableRandom(0));
            try {
                network.load(state);
            } catch (RuntimeException e) {
                network.close();
                throw e;
            }
            return network;
        }
    }

    /** Its groups of residual units. */
    List<Stage> stages() {
        return stages;
    }

    /** A network of the same layers with random weights. */
    DilatedResNet untrained(RandomGenerator random) {
        return new DilatedResNet(inputs, channels, stages, outputs, random);
    }

    /** Columns around a position that its result depends on, half of them on each side. */
    public int context() {
        return context;
    }

    /** Channels of the input. */
    public int inputs() {
        return inputs;
    }

    /** Logits of each position. */
    public int outputs() {
        return outputs;
    }

    /** Channels of the {@link #features}. */
    public int channels() {
        return channels;
    }

    /** What the last layer sees: {@code [N, inputs, L + context]} to {@code [N, channels, L]}. */
    public Tensor features(Tensor x) {
        return inUse(() -> body(x));
    }

    private Tensor body(Tensor x) {
        if (x.rank() != 3 || x.dim(1) != inputs || x.dim(2) <= context) {
            throw new IllegalArgumentException("dilatedResNet: input must be [N, " + inputs + ", L + " + context
                    + "], was " + x.shape() + ". Hint: OneHotBases.zeros().context(" + context + ").");
        }
        int length = x.dim(2) - context;
        Tensor stream = initialConv.forward(x);
        Tensor sum = initialSkip.forward(middle(stream, length));
        for (Module part : residualUnits) {
            if (part instanceof Skip) {
                sum = sum.add(part.forward(middle(stream, length)));
            } else {
                stream = part.forward(stream);
            }
        }
        return sum;
    }

    private static Tensor middle(Tensor x, int length) {
        int from = (x.dim(2) - length) / 2;
        return from == 0 ? x : x.slice(2, from, from + length);
    }

    @Override
    protected Tensor compute(Tensor x) {
        return finalConv.forward(body(x));
    }
}
