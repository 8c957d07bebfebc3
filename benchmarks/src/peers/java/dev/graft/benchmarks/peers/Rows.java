package dev.graft.benchmarks.peers;

import dev.graft.backend.AttentionParams;
import dev.graft.backend.RecurrentCell;
import dev.graft.nn.Module;
import dev.graft.nn.Parameter;
import dev.graft.nn.data.sequence.OneHotBases;
import dev.graft.nn.layer.BatchNorm1d;
import dev.graft.nn.layer.Conv1d;
import dev.graft.nn.layer.Embedding;
import dev.graft.nn.layer.LayerNorm;
import dev.graft.nn.layer.Linear;
import dev.graft.nn.layer.ReLU;
import dev.graft.nn.layer.Sequential;
import dev.graft.nn.sequence.DilatedResNet;
import dev.graft.tensor.Recurrent;
import dev.graft.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** The networks and functions of {@link NetworksVersusTorch}, written as a user of Graft would. */
final class Rows {
    private static final int[] DILATIONS = {1, 4, 10, 25};
    /** Contexts of SpliceAI's networks whose weights are at hand. */
    private static final List<Integer> SCANS = List.of(80, 400, 2000);
    /** Positions of a piece of a scan, as {@code SpliceScan} takes them; both strands are scored. */
    private static final int PIECE = 10_000;
    /** Bases of the sequences that a network is trained on. */
    private static final List<Integer> SEQUENCES = List.of(60, 251);

    private Rows() {}

    /** The rows' names with their modes, in the table's order. */
    static final Map<String, List<String>> ALL = all();

    private static Map<String, List<String>> all() {
        Map<String, List<String>> rows = new LinkedHashMap<>();
        rows.put("mlp", List.of("train"));
        rows.put("records", List.of("train"));
        rows.put("readmission", List.of("train"));
        for (String name : List.of("conv1d", "transformer", "lstm")) {
            rows.put(name, List.of("train", "inference"));
        }
        for (int context : SCANS) {
            rows.put("scan" + context, List.of("inference"));
        }
        for (int bases : SEQUENCES) {
            rows.put("genome" + bases, List.of("train"));
        }
        for (String name : List.of("matmul256", "matmul512", "matmul1024", "matmul2048")) {
            rows.put(name, List.of("inference"));
        }
        for (String name : List.of("exp", "tanh", "sigmoid", "gelu", "softmax", "layernorm")) {
            rows.put(name, List.of("inference"));
        }
        return rows;
    }

    static Row of(String name, String mode) {
        SplittableRandom random = new SplittableRandom(1);
        return switch (name) {
            case "mlp" ->
                Row.of(
                        name,
                        mode,
                        mlp(random, 512, 1024, 1024, 10),
                        Map.of("input", Tensor.randn(random, 128, 512), "labels", classes(random, 10, 128)));
            case "records" ->
                Row.of(
                        name,
                        mode,
                        new Records(random),
                        Map.of("input", classes(random, 1000, 1024, 8), "labels", classes(random, 2, 1024)));
            case "readmission" -> Readmission.row(name, mode, random);
            case "conv1d" -> Row.of(name, mode, new Dilated(random), Map.of("input", Tensor.randn(random, 8, 4, 5000)));
            case "transformer" ->
                Row.of(name, mode, new Block(random, 384, 6), Map.of("input", Tensor.randn(random, 8, 197, 384)));
            case "lstm" ->
                Row.of(name, mode, new Lstm(random, 128, 256), Map.of("input", Tensor.randn(random, 64, 100, 128)));
            case "genome60", "genome251" -> {
                int bases = Integer.parseInt(name.substring("genome".length()));
                SequenceNet net = new SequenceNet(random);
                yield Row.of(
                        name,
                        mode,
                        net,
                        Map.of(
                                "input",
                                bases(random, 64, bases + net.body.context()),
                                "labels",
                                classes(random, 2, 64)));
            }
            case "scan80", "scan400", "scan2000" -> {
                DilatedResNet net = DilatedResNet.spliceAi(Integer.parseInt(name.substring("scan".length())), random);
                yield new Row(
                        name,
                        mode,
                        Optional.of(net),
                        Map.of("input", bases(random, 2, PIECE + net.context())),
                        x -> net.forward(x.get("input")).softmax(1));
            }
            default -> name.startsWith("matmul") ? product(name, mode, random) : function(name, mode, random);
        };
    }

    private static Row product(String name, String mode, SplittableRandom random) {
        int n = Integer.parseInt(name.substring("matmul".length()));
        return new Row(
                name,
                mode,
                Optional.empty(),
                Map.of("input", Tensor.randn(random, n, n), "other", Tensor.randn(random, n, n)),
                x -> x.get("input").matmul(x.get("other")));
    }

    private static Row function(String name, String mode, SplittableRandom random) {
        Tensor ones = Tensor.ones(1536);
        Tensor zeros = Tensor.zeros(1536);
        UnaryOperator<Tensor> function =
                switch (name) {
                    case "exp" -> Tensor::exp;
                    case "tanh" -> Tensor::tanh;
                    case "sigmoid" -> Tensor::sigmoid;
                    case "gelu" -> Tensor::gelu;
                    case "softmax" -> x -> x.softmax(-1);
                    case "layernorm" -> x -> x.layerNorm(ones, zeros, 1e-5f);
                    default -> throw new IllegalArgumentException("no row is called " + name);
                };
        return new Row(
                name,
                mode,
                Optional.empty(),
                Map.of("input", Tensor.randn(random, 1576, 1536)),
                x -> function.apply(x.get("input")));
    }

    private static Tensor classes(SplittableRandom random, int count, int... shape) {
        int size = IntStream.of(shape).reduce(1, (a, b) -> a * b);
        return Tensor.of(random.longs(size, 0, count).toArray(), shape);
    }

    /** Random bases, {@code [N, 4, length]}. */
    private static Tensor bases(SplittableRandom random, int count, int length) {
        return OneHotBases.zeros()
                .encode(Stream.generate(() -> random.ints(length, 0, 4)
                                .mapToObj(i -> "ACGT".substring(i, i + 1))
                                .collect(Collectors.joining()))
                        .limit(count)
                        .toList());
    }

    private static Sequential mlp(SplittableRandom random, int... widths) {
        List<Module> layers = new ArrayList<>();
        for (int i = 1; i < widths.length; i++) {
            layers.add(new Linear(widths[i - 1], widths[i], random));
            if (i < widths.length - 1) {
                layers.add(new ReLU());
            }
        }
        return new Sequential(layers.toArray(Module[]::new));
    }

    /** Eight embeddings of 1,000 entries and an MLP over all of them, {@code [N, 8]} to {@code [N, 2]}. */
    private static final class Records extends Module {
        private final Sequential tables;
        private final Sequential mlp;

        Records(SplittableRandom random) {
            tables = new Sequential(IntStream.range(0, 8)
                    .mapToObj(i -> new Embedding(1000, 16, random))
                    .toArray(Module[]::new));
            mlp = mlp(random, 128, 256, 128, 2);
        }

        @Override
        protected Tensor compute(Tensor x) {
            Tensor[] parts = new Tensor[x.dim(1)];
            for (int i = 0; i < parts.length; i++) {
                parts[i] = tables.module("" + i).forward(x.select(1, i));
            }
            return mlp.forward(Tensor.concat(1, parts));
        }
    }

    /** Residual blocks of dilated convolutions, as genome models stack them: {@code [N, 4, L]} to {@code [N, 3, L]}. */
    private static final class Dilated extends Module {
        private final Conv1d stem;
        private final Sequential blocks;
        private final Conv1d head;

        Dilated(SplittableRandom random) {
            stem = new Conv1d(4, 32, 1, random);
            blocks = new Sequential(IntStream.of(DILATIONS)
                    .mapToObj(d -> new Residual(d, random))
                    .toArray(Module[]::new));
            head = new Conv1d(32, 3, 1, random);
        }

        @Override
        protected Tensor compute(Tensor x) {
            return head.forward(blocks.forward(stem.forward(x)));
        }
    }

    private static final class Residual extends Module {
        private final BatchNorm1d norm1 = new BatchNorm1d(32);
        private final Conv1d conv1;
        private final BatchNorm1d norm2 = new BatchNorm1d(32);
        private final Conv1d conv2;

        Residual(int dilation, SplittableRandom random) {
            Conv1d.Options options = Conv1d.options().padding(5 * dilation).dilation(dilation);
            conv1 = new Conv1d(32, 32, 11, options, random);
            conv2 = new Conv1d(32, 32, 11, options, random);
        }

        @Override
        protected Tensor compute(Tensor x) {
            Tensor y = conv1.forward(norm1.forward(x).relu());
            return x.add(conv2.forward(norm2.forward(y).relu()));
        }
    }

    /** Classes of whole sequences: SpliceAI's smallest network, the mean over positions and a linear layer. */
    private static final class SequenceNet extends Module {
        private final DilatedResNet body;
        private final Linear fc;

        SequenceNet(SplittableRandom random) {
            body = DilatedResNet.spliceAi(80, random);
            fc = new Linear(body.channels(), 2, random);
        }

        @Override
        protected Tensor compute(Tensor x) {
            return fc.forward(body.features(x).mean(2));
        }
    }

    /** A transformer's block, norms first. */
    private static final class Block extends Module {
        private final LayerNorm norm1;
        private final Linear qkv;
        private final Linear proj;
        private final LayerNorm norm2;
        private final Linear fc1;
        private final Linear fc2;
        private final int heads;

        Block(SplittableRandom random, int width, int heads) {
            this.heads = heads;
            norm1 = new LayerNorm(width);
            qkv = new Linear(width, 3 * width, random);
            proj = new Linear(width, width, random);
            norm2 = new LayerNorm(width);
            fc1 = new Linear(width, 4 * width, random);
            fc2 = new Linear(4 * width, width, random);
        }

        @Override
        protected Tensor compute(Tensor x) {
            Tensor all = qkv.forward(norm1.forward(x));
            Tensor attention = all.selfAttention(heads, Optional.empty(), AttentionParams.of(all.dim(2) / 3 / heads));
            Tensor y = x.add(proj.forward(attention));
            return y.add(fc2.forward(fc1.forward(norm2.forward(y)).gelu()));
        }
    }

    /** One layer of LSTM, {@code [N, T, in]} to {@code [N, T, hidden]}. */
    private static final class Lstm extends Module {
        private final Parameter weight_ih_l0;
        private final Parameter weight_hh_l0;
        private final Parameter bias_ih_l0;
        private final Parameter bias_hh_l0;

        Lstm(SplittableRandom random, int in, int hidden) {
            float bound = (float) (1 / Math.sqrt(hidden));
            weight_ih_l0 = new Parameter(Tensor.uniform(random, -bound, bound, 4 * hidden, in));
            weight_hh_l0 = new Parameter(Tensor.uniform(random, -bound, bound, 4 * hidden, hidden));
            bias_ih_l0 = new Parameter(Tensor.uniform(random, -bound, bound, 4 * hidden));
            bias_hh_l0 = new Parameter(Tensor.uniform(random, -bound, bound, 4 * hidden));
        }

        @Override
        protected Tensor compute(Tensor x) {
            Tensor zeros = Tensor.zeros(x.dim(0), weight_hh_l0.shape().dim(1));
            Recurrent.Weights weights = new Recurrent.Weights(
                    weight_ih_l0.value(),
                    weight_hh_l0.value(),
                    Optional.of(bias_ih_l0.value()),
                    Optional.of(bias_hh_l0.value()));
            Recurrent.State initial = new Recurrent.State(zeros, Optional.of(zeros));
            return x.transpose(0, 1)
                    .recurrent(RecurrentCell.LSTM, false, weights, initial, Optional.empty())
                    .output()
                    .transpose(0, 1);
        }
    }
}
