package dev.graft.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.testing.Requirement;
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
 * Every kernel file compiles for every generation of devices that CUDA 13 knows, without a warning. Needs nvcc, or else
 * NVRTC, but no GPU. What has compiled is remembered in {@code target}, by its text.
 */
class KernelsCompileTest {
    private static final List<Integer> ARCHITECTURES = List.of(75, 80, 86, 89, 90, 100, 120);
    private static final List<String> FLAGS =
            List.of("-fatbin", "-std=c++17", "-Werror", "all-warnings", "-Xptxas", "-warn-spills");

    /** What a compiler says of a file; nothing if all is well. */
    private interface Compiler {
        String complaint(String name, String text) throws IOException;
    }

    @Test
    void everyKernelFileCompilesForEveryArchitecture() throws IOException, InterruptedException {
        Compiler compiler = compiler();
        FakeBuild build = new FakeBuild();
        List<FakeBuild.Unit> files = build.libraryFiles();
        assertThat(files).isNotEmpty();
        String prelude = build.prelude();
        ExecutorService pool = Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors());
        List<String> complaints = new ArrayList<>();
        try {
            List<Future<String>> running = new ArrayList<>();
            for (FakeBuild.Unit file : files) {
                String text = prelude + "#line 1 \"" + file.name() + "\"\n" + file.text();
                running.add(pool.submit(() -> compiler.complaint(file.name(), text)));
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
    void anErrorIsAComplaint() throws IOException {
        String text = new FakeBuild().prelude() + "\nKERNEL f(float* y) { y[0] = nowhere; }\n";
        assertThat(compiler().complaint("error.cu", text)).contains("nowhere");
    }

    private static Compiler compiler() throws IOException {
        Path output = Files.createDirectories(FakeBuild.module().resolve("target/kernels-compiled"));
        String reason;
        try {
            String version = FakeBuild.run(Path.of("."), List.of("nvcc", "--version"));
            if (version.contains("release 13")) {
                return (name, text) -> nvcc(output, version, name, text);
            }
            reason = "nvcc is not of CUDA 13";
        } catch (IOException e) {
            reason = "no nvcc (" + e.getMessage() + ")";
        }
        if (FakeDriver.unavailable().isEmpty()) {
            // JavaCPP loads NVRTC together with the driver
            FakeDriver.load();
        }
        try {
            NvrtcCompiler nvrtc = new NvrtcCompiler(output);
            return (name, text) -> nvrtc(nvrtc, name, text);
        } catch (LinkageError e) {
            Requirement.of(false, reason + " and no NVRTC (" + e.getMessage() + "), which compile the kernels");
            throw e;
        }
    }

    private static String nvrtc(NvrtcCompiler compiler, String name, String text) {
        try {
            ARCHITECTURES.forEach(architecture -> compiler.compile(name, text, architecture));
            return "";
        } catch (IllegalStateException e) {
            return String.valueOf(e.getMessage());
        }
    }

    private static String nvcc(Path output, String version, String name, String text) throws IOException {
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
