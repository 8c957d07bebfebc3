package dev.graft.cuda;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Compiles the fake driver of {@code src/test/cpp} and all kernel files into a {@code libcuda.so.1}, with g++.
 *
 * <p>Every file is compiled on its own, in parallel, and kept in {@code target/fake-cuda} under a hash of all that it
 * depends on: after a change of one kernel file only that file is compiled again.
 */
final class FakeBuild {
    private static final List<String> FLAGS = List.of(
            // -fno-strict-aliasing: kernels read words as other types, as nvcc lets them
            "-std=c++17", "-O2", "-fPIC", "-fvisibility=hidden", "-fno-strict-aliasing", "-fno-exceptions", "-w");
    private static final String KERNELS = "dev/graft/cuda/kernels";
    private static final Pattern KERNEL = Pattern.compile("GRAFT_KERNEL_MARK static void\\s+(\\w+)\\s*\\(");

    private final Path module;
    private final Path sources;
    private final Path output;

    /** A kernel file's text, or a variant of it, which runs instead after {@link FakeDriver#variant}. */
    record Unit(String name, int variant, String text) {
        String identifier() {
            return name.replaceAll("\\W", "_") + "_" + variant;
        }
    }

    /** The two libraries, in the order in which they are to be loaded. */
    record Libraries(Path cuda, Path cudart) {}

    FakeBuild() {
        module = module();
        sources = module.resolve("src/test/cpp");
        output = module.resolve("target/fake-cuda");
    }

    /** Why it cannot be built on this machine; empty if it can. */
    static Optional<String> unavailable() {
        String system = System.getProperty("os.name") + "-" + System.getProperty("os.arch");
        if (!system.equals("Linux-amd64")) {
            return Optional.of("the fake CUDA driver is written for linux-x86_64, this is " + system);
        }
        try {
            run(Path.of("."), List.of("g++", "--version"));
            return Optional.empty();
        } catch (IOException e) {
            return Optional.of("no g++, which compiles the kernels for the fake CUDA driver (" + e.getMessage() + ")");
        }
    }

    /** The module's folder, wherever the tests run. */
    static Path module() {
        for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
            for (Path candidate : List.of(at, at.resolve("cuda"))) {
                if (Files.exists(candidate.resolve("src/test/cpp/hostsim.h"))) {
                    return candidate;
                }
            }
        }
        throw new IllegalStateException(
                "no folder cuda/src/test/cpp above " + Path.of("").toAbsolutePath());
    }

    /** All kernel files: the library's, and those that test the fake driver itself. */
    List<Unit> kernelFiles() throws IOException {
        return Stream.concat(libraryFiles().stream(), kernelFiles("src/test/resources").stream())
                .toList();
    }

    /** The library's kernel files, without the prelude. */
    List<Unit> libraryFiles() throws IOException {
        return kernelFiles("src/main/resources");
    }

    /** What every kernel file begins with. */
    String prelude() throws IOException {
        return Files.readString(
                module.resolve("src/main/resources").resolve(KERNELS).resolve("prelude.cuh"));
    }

    private List<Unit> kernelFiles(String resources) throws IOException {
        List<Unit> units = new ArrayList<>();
        try (Stream<Path> files = Files.list(module.resolve(resources).resolve(KERNELS))) {
            for (Path file :
                    files.filter(f -> f.toString().endsWith(".cu")).sorted().toList()) {
                units.add(new Unit(file.getFileName().toString(), 0, Files.readString(file)));
            }
        }
        return units;
    }

    /** Builds the driver with these variants beside the true kernels, or finds it built. */
    Libraries build(List<Unit> variants) throws IOException {
        Files.createDirectories(output);
        // other JVMs of the same tests build here too
        try (FileChannel channel =
                        FileChannel.open(output.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                var lock = channel.lock()) {
            return buildLocked(
                    Stream.concat(kernelFiles().stream(), variants.stream()).toList());
        }
    }

    private Libraries buildLocked(List<Unit> units) throws IOException {
        String compiler =
                run(output, List.of("g++", "--version")).lines().findFirst().orElse("");
        List<Task> tasks = new ArrayList<>();
        String base = compiler + FLAGS + Files.readString(sources.resolve("registry.h"));
        String kernelBase = base + Files.readString(sources.resolve("hostsim.h"));
        for (Unit unit : units) {
            String text = source(unit);
            tasks.add(new Task(unit.identifier() + "-" + hash(kernelBase + text), () -> withRegistration(unit, text)));
        }
        StringBuilder headers = new StringBuilder(base);
        for (Path header : list(".h")) {
            headers.append(Files.readString(header));
        }
        for (Path file : list(".cpp")) {
            String text = Files.readString(file);
            tasks.add(new Task(file.getFileName() + "-" + hash(headers + text), () -> text));
        }
        compileAll(tasks);
        return link(tasks.stream().map(Task::object).toList());
    }

    /** What has to be compiled; the text is asked for only if it is not compiled yet. */
    private record Task(String name, Text text) {
        String object() {
            return name + ".o";
        }
    }

    private interface Text {
        String get() throws IOException;
    }

    private void compileAll(List<Task> tasks) throws IOException {
        ExecutorService pool = Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors());
        try {
            List<Future<Void>> running = new ArrayList<>();
            for (Task task : tasks) {
                if (!Files.exists(output.resolve(task.object()))) {
                    running.add(pool.submit(() -> compile(task)));
                }
            }
            for (Future<Void> future : running) {
                future.get();
            }
        } catch (ExecutionException e) {
            throw new IOException(e.getCause().getMessage(), e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        } finally {
            pool.shutdownNow();
        }
    }

    private @Nullable Void compile(Task task) throws IOException {
        String text = task.text().get();
        Path file = Files.writeString(output.resolve(task.name() + ".cpp"), text);
        Path half = output.resolve(task.name() + ".half");
        List<String> command = new ArrayList<>(List.of("g++"));
        command.addAll(FLAGS);
        if (text.startsWith("# ")) {
            command.add("-fpreprocessed");
        }
        command.addAll(List.of("-I" + sources, "-c", "-x", "c++", file.toString(), "-o", half.toString()));
        run(output, command);
        Files.move(half, output.resolve(task.object()), StandardCopyOption.ATOMIC_MOVE);
        return null;
    }

    private String source(Unit unit) throws IOException {
        // the namespace keeps functions of one name in two files apart, as modules are on a device
        return "#define GRAFT_UNIT \"" + unit.identifier() + "\"\n#include \"hostsim.h\"\nnamespace {\n"
                + "#line 1 \"prelude.cuh\"\n" + prelude() + "\n#line 1 \"" + unit.name() + "\"\n" + unit.text()
                + "\n}\n";
    }

    /** The preprocessed text, with what makes the kernels known to the engine. */
    private String withRegistration(Unit unit, String text) throws IOException {
        Path file = Files.writeString(output.resolve(unit.identifier() + ".raw.cpp"), text);
        String preprocessed = run(output, List.of("g++", "-std=c++17", "-E", "-I" + sources, file.toString()));
        Set<String> names = new LinkedHashSet<>();
        Matcher matcher = KERNEL.matcher(preprocessed);
        while (matcher.find()) {
            names.add(matcher.group(1));
        }
        String id = unit.identifier();
        String kernels = names.stream()
                .map(name -> "hostsim::Call<&" + name + ">::kernel(\"" + name + "\"), ")
                .collect(Collectors.joining());
        String bound = "extern char %s_graft_shared_%s[] __attribute__((weak, visibility(\"hidden\")));\n";
        return preprocessed.replace("GRAFT_KERNEL_MARK", "")
                + String.format(Locale.ROOT, bound, "__start", id)
                + String.format(Locale.ROOT, bound, "__stop", id)
                + "static const hostsim::Kernel graft_kernels[] = {" + kernels + "{}};\n"
                + "static const hostsim::KernelFile graft_file = {\"" + unit.name() + "\", " + unit.variant()
                + ", R\"graft_text(" + unit.text() + ")graft_text\", __start_graft_shared_" + id
                + ", __stop_graft_shared_" + id + ", graft_kernels, " + names.size() + "};\n"
                + "static struct Registration { Registration() { hostsim::add(graft_file); } } graft_registration;\n";
    }

    private Libraries link(List<String> objects) throws IOException {
        Path folder = Files.createDirectories(output.resolve("lib-" + hash(objects.toString())));
        Path cuda = folder.resolve("libcuda.so.1");
        Path cudart = folder.resolve("libcudart.so.13");
        if (Files.exists(cuda) && Files.exists(cudart)) {
            return new Libraries(cuda, cudart);
        }
        // only the driver's functions are seen from outside, so that nothing of the JVM's C++ libraries is replaced
        Path exported = Files.writeString(folder.resolve("cuda.map"), "{ global: cu*; local: *; };\n");
        List<String> command = new ArrayList<>(List.of("g++", "-shared", "-o", folder.resolve("half") + ""));
        command.addAll(objects);
        command.addAll(List.of("-Wl,-soname,libcuda.so.1", "-Wl,--version-script=" + exported));
        command.addAll(List.of("-static-libstdc++", "-static-libgcc", "-pthread"));
        run(output, command);
        Files.move(folder.resolve("half"), cuda, StandardCopyOption.ATOMIC_MOVE);
        return new Libraries(
                cuda, standIn(folder, "libcudart.so.13", "int cudaGetDeviceCount(int*n){*n=0;return 100;}"));
    }

    /** A library that others name although nothing calls it, or that answers a few calls. */
    static Path standIn(Path folder, String soname, String code) throws IOException {
        Path file = Files.writeString(folder.resolve(soname + ".c"), code + "\n");
        Path library = folder.resolve(soname);
        // libcudart's symbols carry its soname as their version
        Path versions = Files.writeString(folder.resolve(soname + ".map"), soname + " { global: *; };\n");
        String script = "-Wl,--version-script=" + versions;
        List<String> command =
                new ArrayList<>(List.of("g++", "-x", "c", "-shared", "-fPIC", "-w", "-o", library.toString()));
        command.addAll(List.of("-Wl,-soname," + soname, script, file.toString()));
        run(folder, command);
        return library;
    }

    private List<Path> list(String extension) throws IOException {
        try (Stream<Path> files = Files.list(sources)) {
            return files.filter(f -> f.toString().endsWith(extension)).sorted().toList();
        }
    }

    /** Runs a command; its standard output. Fails with all that it said. */
    static String run(Path folder, List<String> command) throws IOException {
        Path errors = Files.createTempFile("graft-build", ".txt");
        try {
            Process process = new ProcessBuilder(command)
                    .directory(folder.toFile())
                    .redirectError(errors.toFile())
                    .start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new IOException(String.join(" ", command) + "\n" + said + Files.readString(errors));
            }
            return said;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        } finally {
            Files.delete(errors);
        }
    }

    static String hash(String text) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest, 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    static Libraries buildUnchecked(List<Unit> variants) {
        try {
            return new FakeBuild().build(variants);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
