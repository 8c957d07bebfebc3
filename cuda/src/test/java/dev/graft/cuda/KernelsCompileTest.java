package dev.graft.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.Requirement;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * Every kernel file compiles for every generation of devices that CUDA 13 knows, without a warning. Needs nvcc, but no
 * GPU. What has compiled is remembered in {@code target}, by its text.
 */
class KernelsCompileTest {
    private static final List<Integer> ARCHITECTURES = List.of(75, 80, 86, 89, 90, 100, 120);
    private static final List<String> FLAGS =
            List.of("-fatbin", "-std=c++17", "-Werror", "all-warnings", "-Xptxas", "-warn-spills");

    @Test
    void everyKernelFileCompilesForEveryArchitecture() throws IOException, InterruptedException {
        String version = version();
        FakeBuild build = new FakeBuild();
        Path output = Files.createDirectories(FakeBuild.module().resolve("target/kernels-compiled"));
        List<FakeBuild.Unit> files = build.libraryFiles();
        assertThat(files).isNotEmpty();
        String prelude = build.prelude();
        ExecutorService pool = Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors());
        List<String> complaints = new ArrayList<>();
        try {
            List<Future<String>> running = new ArrayList<>();
            for (FakeBuild.Unit file : files) {
                String text = prelude + "#line 1 \"" + file.name() + "\"\n" + file.text();
                running.add(pool.submit(() -> complaint(output, version, file.name(), text)));
            }
            for (Future<String> future : running) {
                complaints.add(future.get());
            }
        } catch (ExecutionException e) {
            throw new IOException(e);
        } finally {
            pool.shutdownNow();
        }
        assertThat(complaints.stream().filter(c -> !c.isEmpty())).isEmpty();
    }

    @Test
    void aWarningIsAComplaint() throws IOException {
        String version = version();
        Path output = Files.createDirectories(FakeBuild.module().resolve("target/kernels-compiled"));
        String text = new FakeBuild().prelude() + "\nKERNEL f(float* y) { int unused; y[0] = 1.f; }\n";
        assertThat(complaint(output, version, "warning.cu", text)).contains("unused");
    }

    private static String version() {
        String version = "";
        String reason = "no nvcc, which compiles the kernels for every architecture";
        try {
            version = FakeBuild.run(Path.of("."), List.of("nvcc", "--version"));
        } catch (IOException e) {
            reason += " (" + e.getMessage() + ")";
        }
        Requirement.of(version.contains("release 13"), version.isEmpty() ? reason : "nvcc is not of CUDA 13");
        return version;
    }

    /** What the compiler says of a file; nothing if all is well. */
    private static String complaint(Path output, String version, String name, String text) throws IOException {
        List<String> command = new ArrayList<>(List.of("nvcc"));
        command.addAll(FLAGS);
        command.addAll(targets(text));
        Path compiled = output.resolve(name + "-" + FakeBuild.hash(version + command + text));
        if (Files.exists(compiled)) {
            return "";
        }
        Path source = Files.writeString(output.resolve(name), text);
        Path image = output.resolve(name + ".fatbin");
        command.addAll(List.of(source.toString(), "-o", image.toString()));
        try {
            FakeBuild.run(output, command);
        } catch (IOException e) {
            return String.valueOf(e.getMessage());
        }
        Files.delete(image);
        Files.createFile(compiled);
        return "";
    }

    /** Where the text is the same for all architectures, it is read once, and translated for each. */
    private static List<String> targets(String text) {
        if (!text.contains("__CUDA_ARCH__")) {
            String all = ARCHITECTURES.stream().map(a -> "sm_" + a).collect(Collectors.joining(","));
            return List.of("-gencode", "arch=compute_75,code=[" + all + "]");
        }
        List<String> each = new ArrayList<>();
        for (int architecture : ARCHITECTURES) {
            each.add("-gencode");
            each.add(String.format(Locale.ROOT, "arch=compute_%d,code=sm_%d", architecture, architecture));
        }
        return each;
    }
}
