package dev.graft.benchmarks.peers;

import dev.graft.io.Safetensors;
import dev.graft.io.StateDict;
import dev.graft.nn.Module;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Tensor;
import dev.graft.vision.model.zoo.ModelZoo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import org.bytedeco.pytorch.JitModule;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.global.torch;

/**
 * Time from the start of a process to its end after one prediction by ResNet-18, weights read from a file: Graft;
 * libtorch from Java, from C++ and from Python with a frozen TorchScript file. Programs run in turn; all must predict
 * the same class. C++ and Python need a Python that has PyTorch, C++ a compiler too; where something is missing the
 * line says what.
 *
 * <p>Run: {@code mvn -q -Ppeers -pl benchmarks -am verify -Dpeers.main=FirstPrediction [-Dpeers.args="python=python3
 * threads=2"]}
 */
public final class FirstPrediction {
    private static final int REPEATS = 7;
    private static final Task TASK = new Task("resnet18", "inference", 1, Task.SIZE);
    private static final Path CPP = Path.of("src/peers/cpp/first_prediction.cpp");
    private static final Path PYTHON = Path.of("src/peers/python/first_prediction.py");

    private FirstPrediction() {}

    public static void main(String[] args) throws IOException, InterruptedException {
        switch (args[0]) {
            case "graft" -> graft(Path.of(args[1]));
            case "libtorch" -> libtorch(args[1]);
            default -> compare(args);
        }
    }

    private static void compare(String[] args) throws IOException, InterruptedException {
        Options options = Options.parse(List.of(args).subList(1, args.length), Map.of());
        Path folder = Path.of(args[0]).toAbsolutePath().resolveSibling("first-prediction");
        Files.createDirectories(folder);
        Path weights = folder.resolve("resnet18.safetensors");
        Path script = folder.resolve("resnet18.pt");
        try (Module net = GraftSteps.network(TASK)) {
            Safetensors.save(net.stateDict(), weights);
            TorchScriptNet.of(TASK, new TorchWeights(net), false).save(script.toString());
        }
        Map<String, List<String>> programs = new LinkedHashMap<>();
        List<String> graft = ChildJvm.withoutPeers(
                ChildJvm.command(ChildJvm.graftFlags(), FirstPrediction.class, "graft", weights.toString()));
        programs.put("graft", graft);
        List<String> fast = new ArrayList<>(graft);
        fast.addAll(1, List.of("-XX:TieredStopAtLevel=1"));
        programs.put("graft, -XX:TieredStopAtLevel=1", fast);
        programs.put(
                "libtorch from Java",
                ChildJvm.command(List.of(), FirstPrediction.class, "libtorch", script.toString()));
        addPython(programs, options.python(), script);
        addCpp(programs, options.python(), folder, script);
        print(race(programs, options.threads()));
    }

    private static void addPython(Map<String, List<String>> programs, String python, Path script)
            throws InterruptedException {
        try {
            ChildJvm.run(List.of(python, "-c", "import torch"), 1);
            programs.put("libtorch from Python", List.of(python, PYTHON.toString(), script.toString()));
        } catch (IOException e) {
            System.out.println("libtorch from Python: skipped, " + python + " has no PyTorch; say python=PATH");
        }
    }

    private static void addCpp(Map<String, List<String>> programs, String python, Path folder, Path script)
            throws InterruptedException {
        Path program = folder.resolve("first_prediction");
        try {
            String torchFolder = ChildJvm.run(
                            List.of(python, "-c", "import torch, os; print(os.path.dirname(torch.__file__))"), 1)
                    .strip();
            if (!Files.exists(program)) {
                String include = torchFolder + "/include";
                String lib = torchFolder + "/lib";
                ChildJvm.run(
                        List.of(
                                "g++",
                                "-O2",
                                "-std=c++17",
                                CPP.toString(),
                                "-o",
                                program.toString(),
                                "-I" + include,
                                "-I" + include + "/torch/csrc/api/include",
                                "-L" + lib,
                                "-Wl,-rpath," + lib,
                                "-ltorch",
                                "-ltorch_cpu",
                                "-lc10"),
                        1);
            }
            programs.put("libtorch from C++", List.of(program.toString(), script.toString()));
        } catch (IOException e) {
            System.out.println("libtorch from C++: skipped, it needs g++ and " + python + " with PyTorch's headers; "
                    + e.getMessage());
        }
    }

    private static Map<String, List<Double>> race(Map<String, List<String>> programs, int threads)
            throws IOException, InterruptedException {
        Map<String, List<Double>> seconds = new LinkedHashMap<>();
        String expected = "";
        // The first round only brings the files into memory.
        for (int i = 0; i <= REPEATS; i++) {
            for (Map.Entry<String, List<String>> program : programs.entrySet()) {
                long start = System.nanoTime();
                String answer = ChildJvm.run(program.getValue(), threads).strip();
                double taken = (System.nanoTime() - start) / 1e9;
                expected = expected.isEmpty() ? answer : expected;
                if (!answer.equals(expected)) {
                    throw new IllegalStateException(program.getKey() + " predicts " + answer + ", not " + expected);
                }
                if (i > 0) {
                    seconds.computeIfAbsent(program.getKey(), name -> new ArrayList<>())
                            .add(taken);
                }
            }
        }
        return seconds;
    }

    private static void print(Map<String, List<Double>> seconds) {
        System.out.printf("%-32s %8s %8s %8s%n", "seconds to the first prediction", "median", "least", "most");
        seconds.forEach((name, times) -> {
            double[] sorted = times.stream().mapToDouble(t -> t).sorted().toArray();
            System.out.printf(
                    Locale.ROOT,
                    "%-32s %8.3f %8.3f %8.3f%n",
                    name,
                    sorted[sorted.length / 2],
                    sorted[0],
                    sorted[sorted.length - 1]);
        });
    }

    /** A picture that every language makes alike. */
    private static float[] picture() {
        float[] values = new float[Task.SIZE * Task.SIZE * 3];
        for (int i = 0; i < values.length; i++) {
            values[i] = i * 7 % 255 / 255f - 0.5f;
        }
        return values;
    }

    private static void graft(Path weights) {
        try (StateDict state = Safetensors.load(weights);
                Module net = ModelZoo.architecture(TASK.model()).create(state, new SplittableRandom(1));
                Autograd.Guard guard = Autograd.noGrad()) {
            net.eval();
            Tensor picture = Tensor.of(picture(), 1, Task.SIZE, Task.SIZE, 3).permute(0, 3, 1, 2);
            System.out.println(net.forward(picture).argmax(1).toLongArray()[0]);
        }
    }

    private static void libtorch(String script) {
        try (NoGradGuard guard = new NoGradGuard()) {
            JitModule net = torch.load(script);
            var picture = org.bytedeco.pytorch.Tensor.create(picture(), 1, Task.SIZE, Task.SIZE, 3)
                    .permute(0, 3, 1, 2);
            System.out.println(TorchScriptNet.forward(net, picture).argmax().item_long());
        }
    }
}
