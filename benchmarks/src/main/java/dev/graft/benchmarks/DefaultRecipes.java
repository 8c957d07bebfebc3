package dev.graft.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Whether {@code graft finetune} works with nothing but its defaults: every network with weights at hand, on every set
 * of images at hand, with five seeds. Prints the worst and the median validation accuracy and AUROC of each. Runs that
 * are finished are not run again.
 *
 * <pre>{@code
 * java benchmarks/src/main/java/dev/graft/benchmarks/DefaultRecipes.java examples/target/graft.jar ../shared/data OUT [MODEL=WEIGHTS ...]
 * }</pre>
 */
public final class DefaultRecipes {
    private static final int SEEDS = 5;

    private final Path jar;
    private final Path out;

    private DefaultRecipes(Path jar, Path out) {
        this.jar = jar;
        this.out = out;
    }

    /**
     * Fine-tunes every network on every data set and prints the table.
     *
     * @param arguments the program's jar, the data folder, a folder for the runs, and {@code MODEL=FILE} for weights
     *     that lie elsewhere
     */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        Path data = Path.of(arguments[1]);
        DefaultRecipes table =
                new DefaultRecipes(Path.of(arguments[0]), Files.createDirectories(Path.of(arguments[2])));
        Map<String, Path> weights = new LinkedHashMap<>();
        weights.put("squeezenet1_1", data.resolve("weights/squeezenet1_1/squeezenet1_1.safetensors"));
        weights.put("efficientnet_lite0", data.resolve("weights/efficientnet_lite0/efficientnet-lite0-57934424.pth"));
        weights.put("resnet20", data.resolve("weights/resnet_cifar10/resnet20-12fca82f.th"));
        for (String given : Arrays.asList(arguments).subList(3, arguments.length)) {
            weights.put(given.split("=", 2)[0], Path.of(given.split("=", 2)[1]));
        }
        Path images = data.resolve("images");
        Map<String, List<String>> sets = new LinkedHashMap<>();
        sets.put(
                "hymenoptera",
                List.of("--data", images.resolve("hymenoptera/hymenoptera_data").toString()));
        sets.put(
                "covid_xray_256",
                List.of("--data", images.resolve("covid_xray_256").toString()));
        sets.put(
                "pneumoniamnist",
                List.of(
                        "--data",
                        images.resolve("pneumoniamnist/pneumoniamnist_reconstructed.npz")
                                .toString()));
        sets.put(
                "brain_tumor_4class",
                List.of(
                        "--data",
                        images.resolve("brain_tumor_4class/Training").toString(),
                        "--val",
                        images.resolve("brain_tumor_4class/Testing").toString()));
        System.out.println(
                "| model | images | accuracy, worst / median | AUROC, worst / median | runs with warnings |");
        System.out.println("|---|---|---|---|---|");
        for (Map.Entry<String, List<String>> set : sets.entrySet()) {
            for (Map.Entry<String, Path> model : weights.entrySet()) {
                System.out.println(table.row(model.getKey(), model.getValue(), set.getKey(), set.getValue()));
            }
        }
    }

    private String row(String model, Path weights, String set, List<String> data)
            throws IOException, InterruptedException {
        double[] accuracy = new double[SEEDS];
        double[] auroc = new double[SEEDS];
        int warned = 0;
        for (int seed = 0; seed < SEEDS; seed++) {
            String metrics = run(model, weights, set, data, seed);
            String best = metrics.substring(metrics.indexOf("\"best\""));
            accuracy[seed] = number(best, "accuracy");
            auroc[seed] = number(best, "auroc");
            warned += metrics.replaceAll("\\s", "").contains("\"warnings\":[]") ? 0 : 1;
        }
        Arrays.sort(accuracy);
        Arrays.sort(auroc);
        return String.format(
                Locale.ROOT,
                "| %s | %s | %.3f / %.3f | %.3f / %.3f | %d |",
                model,
                set,
                accuracy[0],
                accuracy[SEEDS / 2],
                auroc[0],
                auroc[SEEDS / 2],
                warned);
    }

    private String run(String model, Path weights, String set, List<String> data, int seed)
            throws IOException, InterruptedException {
        Path folder = out.resolve(model + "-" + set + "-" + seed);
        Path metrics = folder.resolve("metrics.json");
        if (!Files.exists(metrics)) {
            List<String> command = new ArrayList<>(List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-jar",
                    jar.toString(),
                    "finetune",
                    "--model",
                    model,
                    "--weights",
                    weights.toString(),
                    "--seed",
                    Integer.toString(seed),
                    "--out",
                    folder.toString(),
                    "--overwrite"));
            command.addAll(data);
            Path log = out.resolve(folder.getFileName() + ".log");
            int code = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start()
                    .waitFor();
            if (code != 0) {
                throw new UncheckedIOException(
                        new IOException(String.join(" ", command) + " ended with " + code + ", see " + log));
            }
        }
        return Files.readString(metrics);
    }

    private static double number(String json, String key) {
        Matcher match =
                Pattern.compile("\"" + key + "\"\\s*:\\s*([-0-9.eE]+|null)").matcher(json);
        if (!match.find()) {
            throw new IllegalStateException("metrics.json has no " + key);
        }
        return match.group(1).equals("null") ? Double.NaN : Double.parseDouble(match.group(1));
    }
}
