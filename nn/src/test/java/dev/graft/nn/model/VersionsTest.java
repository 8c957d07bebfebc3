package dev.graft.nn.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Graft's version is known on the class path and on the module path alike. */
class VersionsTest {
    @TempDir
    private Path folder;

    /** Says the version in a JVM of its own. */
    static final class Probe {
        private Probe() {}

        public static void main(String[] args) {
            System.out.println("version " + Versions.graft());
        }
    }

    private static Path place(Class<?> type) {
        try {
            return Path.of(
                    type.getProtectionDomain().getCodeSource().getLocation().toURI());
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    private static String run(String... arguments) throws IOException, InterruptedException {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        Process process = new ProcessBuilder(
                        Stream.concat(Stream.of(java, "-XX:TieredStopAtLevel=1"), Stream.of(arguments))
                                .toList())
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
        return said;
    }

    private static String path(Stream<?> entries) {
        return entries.map(Object::toString).collect(Collectors.joining(File.pathSeparator));
    }

    private static String file(Class<?> type) {
        return type.getName().replace('.', '/') + ".class";
    }

    /** A folder with the probe alone. */
    private Path probe() throws IOException {
        Path copy = folder.resolve("probe").resolve(file(Probe.class));
        Files.createDirectories(copy.getParent());
        Files.copy(place(Probe.class).resolve(file(Probe.class)), copy);
        return folder.resolve("probe");
    }

    @Test
    void isOfTheJarOnTheClassPath() throws Exception {
        Path jar = folder.resolve("nn.jar");
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().put(Attributes.Name.IMPLEMENTATION_VERSION, "1.2.3");
        try (OutputStream file = Files.newOutputStream(jar);
                JarOutputStream out = new JarOutputStream(file, manifest)) {
            for (Class<?> type : List.of(Versions.class, Probe.class)) {
                out.putNextEntry(new ZipEntry(file(type)));
                out.write(Files.readAllBytes(place(type).resolve(file(type))));
            }
        }
        assertThat(run("-cp", jar.toString(), Probe.class.getName())).contains("version 1.2.3");
    }

    @Test
    void isOfTheModuleOnTheModulePath() throws Exception {
        Path jar = folder.resolve("nn.jar");
        String classes = place(Versions.class).toString();
        int code = ToolProvider.findFirst("jar")
                .orElseThrow()
                .run(
                        System.out,
                        System.err,
                        "--create",
                        "--file",
                        jar.toString(),
                        "--module-version",
                        "1.2.3",
                        "-C",
                        classes,
                        ".");
        assertThat(code).isZero();
        String jars = "bytedeco.*|jackson-[^/\\\\]*|fastcsv[^/\\\\]*|graft-core-[^/\\\\]*(?<!tests)";
        List<String> needed = Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> entry.matches(".*(core.target.classes|(" + jars + ")\\.jar)"))
                .toList();
        assertThat(run(
                        "-p",
                        path(Stream.concat(Stream.of(jar), needed.stream())),
                        "--patch-module",
                        "dev.graft.nn=" + probe(),
                        "-m",
                        "dev.graft.nn/" + Probe.class.getName()))
                .contains("version 1.2.3");
    }

    @Test
    void isDevelopmentOutsideOfAJar() {
        assertThat(Versions.graft()).isEqualTo("development");
    }
}
