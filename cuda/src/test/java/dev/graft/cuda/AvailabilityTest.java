package dev.graft.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.tensor.Device;
import dev.graft.testing.Requirement;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each way in which there can be no GPU is said in one sentence, with a hint, and every time the same. */
class AvailabilityTest {
    private static final String NO_DEVICE = "int cuInit(unsigned f) { return 100; }"
            + " int cuDriverGetVersion(int* v) { *v = 13000; return 0; }"
            + " int cuDeviceGetCount(int* n) { *n = 0; return 100; }";

    @TempDir
    private Path libraries;

    @BeforeEach
    void compiler() {
        Optional<String> reason = FakeBuild.unavailable();
        Requirement.of(reason.isEmpty(), reason.orElse(""));
    }

    @Test
    void noJars() throws IOException {
        says(entry -> !isCuda(entry), "org.bytedeco:cuda", "not on the class path", "Hint: ");
    }

    @Test
    void noJarOfJavaCpp() throws IOException {
        says(entry -> !name(entry).startsWith("javacpp-"), "org.bytedeco:javacpp", "not on the class path", "Hint: ");
    }

    @Test
    void noNativePartForThePlatform() throws IOException {
        driver(NO_DEVICE);
        says(
                entry -> !(isCuda(entry) && name(entry).contains("x86_64")),
                "no native part for linux-x86_64",
                "Hint: add org.bytedeco:cuda with the classifier linux-x86_64");
    }

    @Test
    void noDriver() throws IOException {
        Requirement.of(!installed("libcuda.so.1"), "this machine has an NVIDIA driver");
        says(entry -> true, "no NVIDIA driver", "libcuda.so.1", "Hint: ", "use the device cpu");
    }

    @Test
    void driverTooOld() throws IOException {
        driver("int cuInit(unsigned f) { return 0; } int cuDriverGetVersion(int* v) { *v = 12040; return 0; }"
                + " int cuDeviceGetCount(int* n) { *n = 1; return 0; }");
        says(entry -> true, "supports CUDA 12.4", "13.0 is needed", "Hint: install driver 580 or newer");
    }

    @Test
    void driverWithoutDevice() throws IOException {
        driver(NO_DEVICE);
        says(entry -> true, "sees no device", "Hint: look at nvidia-smi and CUDA_VISIBLE_DEVICES");
    }

    @Test
    void noDeviceOfTheDriversCount() throws IOException {
        driver("int cuInit(unsigned f) { return 0; } int cuDriverGetVersion(int* v) { *v = 13000; return 0; }"
                + " int cuDeviceGetCount(int* n) { *n = 0; return 0; }");
        says(entry -> true, "sees no device", "Hint: ");
    }

    @Test
    void driverThatDoesNotStart() throws IOException {
        driver("int cuInit(unsigned f) { return 802; } int cuDriverGetVersion(int* v) { *v = 13000; return 0; }"
                + " int cuGetErrorName(int e, const char** s) { *s = \"CUDA_ERROR_SYSTEM_NOT_READY\"; return 0; }"
                + " int cuGetErrorString(int e, const char** s) { *s = \"system not yet initialized\"; return 0; }");
        says(entry -> true, "CUDA_ERROR_SYSTEM_NOT_READY (802): system not yet initialized", "Hint: ");
    }

    @Test
    void noCompilerOfCuda() throws IOException {
        Requirement.of(!installed("libnvrtc.so.13"), "this machine has NVRTC, where Graft looks for it");
        driver("int cuInit(unsigned f) { return 0; } int cuDriverGetVersion(int* v) { *v = 13000; return 0; }"
                + " int cuDeviceGetCount(int* n) { *n = 1; return 0; }");
        says(entry -> true, "libnvrtc.so.13 was not found", "Hint: install CUDA 13");
    }

    private void driver(String code) throws IOException {
        FakeBuild.standIn(libraries, "libcuda.so.1", code);
        FakeBuild.standIn(libraries, "libcudart.so.13", "int cudaGetDeviceCount(int* n) { *n = 0; return 100; }");
    }

    /** Asks in a JVM of its own, with the libraries of this test before the machine's. */
    private void says(Predicate<String> keep, String... words) throws IOException {
        Map<String, String> environment = Map.of("LD_LIBRARY_PATH", libraries.toString());
        Fork.Result result = Fork.run(Main.class, keep, environment, List.of());
        List<String> said = Fork.lines(result, "said");
        assertThat(result.exit()).as(result.output()).isZero();
        assertThat(said).as(result.output()).hasSize(4);
        assertThat(said.get(0)).contains(words).containsOnlyOnce("Hint: ");
        assertThat(said.get(1)).as("asked again").isEqualTo(said.get(0));
        assertThat(said.get(2)).startsWith("IllegalStateException: ").contains("cuda:0", said.get(0));
        assertThat(said.get(3)).as("asked again").isEqualTo(said.get(2));
    }

    private static String name(String entry) {
        return Path.of(entry).getFileName().toString();
    }

    private static boolean isCuda(String entry) {
        return name(entry).matches("cuda-\\d+\\..*\\.jar");
    }

    private static boolean installed(String library) {
        return List.of(
                        "/usr/lib/x86_64-linux-gnu",
                        "/usr/lib64",
                        "/usr/lib",
                        "/usr/local/cuda/lib64",
                        "/usr/local/cuda/lib")
                .stream()
                .anyMatch(folder -> Files.exists(Path.of(folder, library)));
    }

    /** Asks four times. */
    static final class Main {
        public static void main(String[] arguments) {
            for (int i = 0; i < 2; i++) {
                System.out.println("said " + new CudaProvider().unavailable().orElse("available"));
            }
            for (int i = 0; i < 2; i++) {
                try {
                    System.out.println("said " + Device.of("cuda:0"));
                } catch (RuntimeException e) {
                    System.out.println("said " + e.getClass().getSimpleName() + ": " + e.getMessage());
                }
            }
        }
    }
}
