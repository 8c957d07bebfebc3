package dev.graft.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;

/** What the built jars contain: licences of everything, natives, not too much. */
class JarContentsIT {
    private static final Path GRAFT_JAR = Path.of(System.getProperty("graft.jar", "target/graft.jar"));
    private static final long MOST_BYTES = 42_000_000;

    /** How the files of each owner begin in graft.jar, and the texts that NOTICE names for them. */
    private static final Map<String, List<String>> OWNERS = owners();

    private static Map<String, List<String>> owners() {
        Map<String, List<String>> owners = new LinkedHashMap<>();
        owners.put("dev/graft/", List.of("LICENSE"));
        owners.put("org/bytedeco/javacpp/", List.of("LICENSE"));
        owners.put(
                "org/bytedeco/openblas/",
                List.of(
                        "LICENSE",
                        "licenses/OpenBLAS.txt",
                        "licenses/LAPACK.txt",
                        "licenses/GPL-3.0.txt",
                        "licenses/GCC-RUNTIME-LIBRARY-EXCEPTION.txt",
                        "licenses/LGPL-2.1.txt"));
        owners.put("org/bytedeco/cuda/", List.of("LICENSE"));
        owners.put("com/twelvemonkeys/", List.of("licenses/TwelveMonkeys.txt"));
        owners.put("tiff-", List.of("licenses/TwelveMonkeys.txt"));
        owners.put("profiles/", List.of("licenses/TwelveMonkeys.txt"));
        owners.put("de/siegmar/fastcsv/", List.of("licenses/FastCSV.txt"));
        owners.put(
                "com/fasterxml/jackson/",
                List.of(
                        "LICENSE",
                        "licenses/Jackson-NOTICE.txt",
                        "FastDoubleParser-LICENSE",
                        "FastDoubleParser-NOTICE",
                        "thirdparty-LICENSE"));
        owners.put("picocli/", List.of("LICENSE"));
        return owners;
    }

    private static ZipFile graftJar() throws IOException {
        assumeThat(GRAFT_JAR).as("graft.jar is made by mvn package").exists();
        return new ZipFile(GRAFT_JAR.toFile());
    }

    private static Set<String> files(ZipFile jar) {
        return jar.stream()
                .filter(entry -> !entry.isDirectory())
                .map(ZipEntry::getName)
                .collect(Collectors.toSet());
    }

    private static String text(ZipFile jar, String name) throws IOException {
        return new String(jar.getInputStream(jar.getEntry(name)).readAllBytes(), StandardCharsets.UTF_8);
    }

    @Test
    void graftJarIsNotTooLarge() throws IOException {
        try (ZipFile jar = graftJar()) {
            assertThat(jar.size()).isPositive();
            assertThat(Files.size(GRAFT_JAR)).as("bytes of graft.jar").isLessThan(MOST_BYTES);
        }
    }

    @Test
    void graftJarHasTheLicenceOfAllThatIsInIt() throws IOException {
        try (ZipFile jar = graftJar()) {
            Set<String> files = files(jar);
            List<String> unowned = files.stream()
                    .filter(name -> !name.startsWith("META-INF/")
                            || name.matches("META-INF/versions/.*")
                            || name.matches(".*\\.(so|dll|dylib).*"))
                    .map(name -> name.replaceFirst("META-INF/versions/\\d+/", ""))
                    .filter(name -> OWNERS.keySet().stream().noneMatch(name::startsWith))
                    .toList();
            assertThat(unowned)
                    .as("files whose licence is not in OWNERS; add it here, to src/legal and to its NOTICE")
                    .isEmpty();
            String notice = text(jar, "META-INF/NOTICE");
            OWNERS.forEach((folder, licences) -> {
                assertThat(files).as("something of " + folder).anyMatch(name -> name.startsWith(folder));
                licences.forEach(licence -> {
                    assertThat(files).contains("META-INF/" + licence);
                    assertThat(notice.contains(licence.replace("licenses/", "")) || licence.equals("LICENSE"))
                            .as(licence + " is in NOTICE")
                            .isTrue();
                });
            });
            assertThat(notice).startsWith("Graft\n").doesNotContain("Apache Software Foundation");
            assertThat(text(jar, "META-INF/LICENSE")).contains("Apache License", "Version 2.0");
        }
    }

    @Test
    void graftJarHasTheNativesOfFourPlatforms() throws IOException {
        try (ZipFile jar = graftJar()) {
            Set<String> files = files(jar);
            Map<String, List<String>> libraries = Map.of(
                    "linux-x86_64",
                    List.of("libopenblas.so.0", "libjniopenblas_nolapack.so", "libgfortran.so.5", "libquadmath.so.0"),
                    "linux-arm64",
                    List.of("libopenblas.so.0", "libjniopenblas_nolapack.so", "libgfortran.so.5"),
                    "macosx-arm64",
                    List.of("libopenblas.0.dylib", "libjniopenblas_nolapack.dylib", "libgfortran.5.dylib"),
                    "windows-x86_64",
                    List.of("libopenblas.dll", "jniopenblas_nolapack.dll"));
            libraries.forEach((platform, names) -> assertThat(files)
                    .containsAll(names.stream()
                            .map(name -> "org/bytedeco/openblas/" + platform + "/" + name)
                            .toList())
                    .anyMatch(name -> name.matches("org/bytedeco/javacpp/" + platform + "/(lib)?jnijavacpp\\..*")));
        }
    }

    @Test
    void everyJarOfGraftHasLicenceAndNotice() throws IOException {
        assumeThat(GRAFT_JAR).as("graft.jar is made by mvn package").exists();
        List<Path> jars;
        try (Stream<Path> modules = Files.list(Path.of(".."))) {
            jars = modules.map(module -> module.resolve("target"))
                    .filter(Files::isDirectory)
                    .flatMap(JarContentsIT::list)
                    .filter(file -> file.getFileName().toString().matches("graft.*\\.jar"))
                    .toList();
        }
        assertThat(jars).hasSizeGreaterThan(5);
        for (Path path : jars) {
            try (ZipFile jar = new ZipFile(path.toFile())) {
                assertThat(files(jar)).as(path.toString()).contains("META-INF/LICENSE", "META-INF/NOTICE");
                assertThat(text(jar, "META-INF/NOTICE")).as(path.toString()).startsWith("Graft\nCopyright");
            }
        }
    }

    private static Stream<Path> list(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.toList().stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
