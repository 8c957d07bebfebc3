package dev.graft.examples.cli;

import dev.graft.backend.BackendProvider;
import dev.graft.examples.cli.text.Sizes;
import dev.graft.nn.model.Versions;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Device;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.SplittableRandom;
import picocli.CommandLine.Command;

/** Tells what Graft runs on, and why it chose what it uses. */
@Command(
        name = "doctor",
        mixinStandardHelpOptions = true,
        description = {
            "Shows the JVM, the processor, the kernels in use and why, what multiplies matrices, memory limits, and CUDA or the reason without it.",
            "Exits 1 where matrix products come out wrong."
        })
final class DoctorCommand extends ReportingCommand {
    private static final int PRODUCT_SIZE = 512;
    private static final int PRODUCT_REPEATS = 20;

    private boolean healthy = true;

    @Override
    Object report() {
        Map<String, Object> report = new LinkedHashMap<>();
        report.put("graft", Versions.graft());
        report.put("java", java());
        report.put("cpu", cpu());
        report.put("memory", memory());
        report.put(
                "backend",
                new LinkedHashMap<String, Object>(Device.cpu().backend().describe()));
        report.put("product", product());
        report.put("devices", devices());
        report.put("settings", settings());
        print(out(), "", report);
        return report;
    }

    @Override
    int exitCode() {
        return healthy ? 0 : Program.FAILURE;
    }

    private static Map<String, Object> java() {
        Map<String, Object> java = new LinkedHashMap<>();
        java.put("version", Runtime.version().toString());
        java.put("vm", System.getProperty("java.vm.name") + ", " + System.getProperty("java.vendor"));
        java.put("os", Versions.asMap().get("os"));
        java.put("flags", Machine.jvmFlags());
        java.put("collectors", Machine.collectors());
        return java;
    }

    private static Map<String, Object> cpu() {
        Map<String, Object> cpu = new LinkedHashMap<>();
        cpu.put("model", Machine.cpuModel().orElse("not told by this system"));
        cpu.put("processors", Runtime.getRuntime().availableProcessors());
        cpu.put("instruction_sets", Machine.instructionSets());
        return cpu;
    }

    private static Map<String, Object> memory() {
        Map<String, Object> memory = new LinkedHashMap<>();
        memory.put("machine_bytes", Machine.memory());
        memory.put("heap_limit_bytes", Runtime.getRuntime().maxMemory());
        memory.put(
                "javacpp_limit_bytes",
                System.getProperty("org.bytedeco.javacpp.maxbytes", "default").replaceFirst("^0$", "0 (no limit)"));
        return memory;
    }

    private Map<String, Object> product() {
        int n = PRODUCT_SIZE;
        Map<String, Object> result = new LinkedHashMap<>();
        try (Scope scope = Scope.open();
                Autograd.Guard guard = Autograd.noGrad()) {
            Tensor a = Tensor.randn(new SplittableRandom(1), n, n);
            Tensor b = Tensor.randn(new SplittableRandom(2), n, n);
            double error = error(a, b, a.matmul(b));
            healthy = error < 1e-3;
            long start = System.nanoTime();
            for (int i = 0; i < PRODUCT_REPEATS; i++) {
                a.matmul(b).close();
            }
            double seconds = (System.nanoTime() - start) / 1e9;
            result.put("size", n);
            result.put("largest_error", error);
            result.put("gflops", Math.round(2.0 * n * n * n * PRODUCT_REPEATS / seconds / 1e8) / 10.0);
            result.put("correct", healthy);
        }
        return result;
    }

    /** The largest difference from a row and a column computed in double precision. */
    private static double error(Tensor a, Tensor b, Tensor product) {
        int n = a.dim(0);
        float[] p = a.toFloatArray();
        float[] q = b.toFloatArray();
        float[] got = product.toFloatArray();
        double worst = 0;
        for (int i = 0; i < n; i++) {
            int j = (i * 7) % n;
            double sum = 0;
            for (int k = 0; k < n; k++) {
                sum += (double) p[i * n + k] * q[k * n + j];
            }
            worst = Math.max(worst, Math.abs(sum - got[i * n + j]));
        }
        return worst;
    }

    private static Map<String, Object> devices() {
        Map<String, Object> devices = new LinkedHashMap<>();
        devices.put("cpu", "available");
        for (BackendProvider provider : ServiceLoader.load(BackendProvider.class)) {
            devices.put(
                    provider.type(),
                    provider.unavailable()
                            .<Object>map(reason -> "not available: " + reason)
                            .orElseGet(() -> tried(provider.type())));
        }
        devices.putIfAbsent("cuda", "not available: the module graft-cuda is not on the class path. Hint: add it");
        return devices;
    }

    /** What a device says of itself, and whether its product of two matrices is right. */
    private static Object tried(String name) {
        try (Scope scope = Scope.open();
                Autograd.Guard guard = Autograd.noGrad()) {
            Device device = Device.of(name);
            Map<String, Object> facts = new LinkedHashMap<>(device.backend().describe());
            Tensor a = Tensor.randn(new SplittableRandom(1), PRODUCT_SIZE, PRODUCT_SIZE);
            Tensor b = Tensor.randn(new SplittableRandom(2), PRODUCT_SIZE, PRODUCT_SIZE);
            facts.put("correct", error(a, b, a.to(device).matmul(b.to(device))) < 1e-3);
            return facts;
        } catch (RuntimeException e) {
            return "available, but it fails: " + e.getMessage();
        }
    }

    private static Map<String, Object> settings() {
        Map<String, Object> settings = new LinkedHashMap<>();
        for (String name : List.of("GRAFT_HOME", "GRAFT_OFFLINE", "GRAFT_NO_RESTART", "GRAFT_THREADS", "TORCH_HOME")) {
            settings.put(name, System.getenv().getOrDefault(name, "not set"));
        }
        return settings;
    }

    private static void print(PrintWriter out, String indent, Map<String, ?> values) {
        values.forEach((name, value) -> {
            if (value instanceof Map<?, ?> map) {
                out.println(indent + name);
                Map<String, Object> inner = new LinkedHashMap<>();
                map.forEach((key, entry) -> inner.put(String.valueOf(key), entry));
                print(out, indent + "  ", inner);
            } else {
                out.printf(Locale.ROOT, "%s%-22s %s%n", indent, name, text(name, value));
            }
        });
    }

    private static String text(String name, Object value) {
        if (value instanceof Number bytes && name.endsWith("_bytes")) {
            return Sizes.text(bytes.longValue());
        }
        return value instanceof List<?> list
                ? String.join(" ", list.stream().map(String::valueOf).toList())
                : String.valueOf(value);
    }
}
