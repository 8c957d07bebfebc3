package dev.graft.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** {@code bin/graft}, with a Java that prints what it is given, one word a line. */
@DisabledOnOs(OS.WINDOWS)
@Timeout(60)
class LauncherScriptTest {
    private static final Path SCRIPT = Path.of("..", "bin", "graft");

    @TempDir
    private Path folder;

    private Path home;
    private Path java;

    private record Run(int code, List<String> out, String err) {}

    @BeforeEach
    void fakes() throws IOException {
        home = Files.createDirectories(folder.resolve("a home/bin")).getParent();
        java = Files.writeString(home.resolve("bin/java"), "#!/bin/sh\nprintf '%s\\n' \"$@\"\n");
        assertThat(java.toFile().setExecutable(true)).isTrue();
    }

    /** A repository, in which the script and the jar lie as in this one. */
    private Path repository(String name, boolean built) throws IOException {
        Path bin = Files.createDirectories(folder.resolve(name).resolve("bin"));
        Path script = Files.copy(SCRIPT, bin.resolve("graft"), StandardCopyOption.COPY_ATTRIBUTES);
        if (built) {
            Files.createDirectories(folder.resolve(name).resolve("examples/target"));
            Files.createFile(folder.resolve(name).resolve("examples/target/graft.jar"));
        }
        return script;
    }

    private Run run(Map<String, String> environment, String... command) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
        builder.environment().remove("GRAFT_JAR");
        builder.environment().put("JAVA_HOME", home.toString());
        builder.environment().putAll(environment);
        builder.environment().values().removeIf(String::isEmpty);
        Process process = builder.start();
        process.getOutputStream().close();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Run(process.waitFor(), Arrays.asList(out.split("\n", -1)), err);
    }

    private static Optional<String> after(List<String> words, String word) {
        int at = words.indexOf(word);
        return at < 0 ? Optional.empty() : Optional.of(words.get(at + 1));
    }

    @Test
    void isExecutableInTheRepository() {
        assertThat(Files.isExecutable(SCRIPT)).isTrue();
    }

    @Test
    void argumentsPassAsTheyAre() throws Exception {
        Path script = repository("my graft's repo", true);
        List<String> words =
                List.of("finetune", "--out", "my run", "", "$HOME", "it's", "a\"b", "*", "-x", "back\\slash", "ä");
        List<String> command = new ArrayList<>(List.of(script.toString()));
        command.addAll(words);
        Run run = run(Map.of(), command.toArray(String[]::new));
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(run.err()).isEmpty();
        Path jar = folder.resolve("my graft's repo/examples/target/graft.jar");
        assertThat(Path.of(after(run.out(), "-jar").orElseThrow()).toRealPath()).isEqualTo(jar.toRealPath());
        int from = run.out().indexOf("-jar") + 2;
        assertThat(run.out().subList(from, from + words.size())).isEqualTo(words);
        assertThat(run.out()).contains("-Dgraft.program=" + script, "-Dgraft.terminal=none");
    }

    @Test
    void findsTheJarThroughLinksAndFromAnyFolder() throws Exception {
        Path script = repository("repo", true);
        Path direct = Files.createSymbolicLink(folder.resolve("graft"), script);
        Path away = Files.createDirectories(folder.resolve("some where"));
        Path relative = Files.createSymbolicLink(away.resolve("g"), Path.of("..", "graft"));
        for (String called : new String[] {
            direct.toString(), relative.toString(), "./graft", "some where/g", "repo/bin/graft", "repo/bin/../bin/graft"
        }) {
            Run run = run(Map.of(), called, "doctor");
            assertThat(run.code()).as(called + run.err()).isZero();
            assertThat(Path.of(after(run.out(), "-jar").orElseThrow()).toRealPath())
                    .isEqualTo(folder.resolve("repo/examples/target/graft.jar").toRealPath());
        }
        Run byPath = run(Map.of("PATH", folder.resolve("repo/bin") + ":" + System.getenv("PATH")), "sh", "-c", "graft");
        assertThat(byPath.out()).contains("-Dgraft.program=graft");
    }

    @Test
    void aJarBesideTheScriptOrInTheEnvironmentComesFirst() throws Exception {
        Path script = repository("repo", true);
        Path named = Files.createFile(folder.resolve("other name.jar"));
        assertThat(after(
                        run(Map.of("GRAFT_JAR", named.toString()), script.toString())
                                .out(),
                        "-jar"))
                .contains(named.toString());
        Path beside = Files.createFile(script.resolveSibling("graft.jar"));
        assertThat(Path.of(after(run(Map.of(), script.toString()).out(), "-jar").orElseThrow())
                        .toRealPath())
                .isEqualTo(beside.toRealPath());
        Run missing = run(Map.of("GRAFT_JAR", "no such.jar"), script.toString());
        assertThat(missing.code()).isEqualTo(1);
        assertThat(missing.err()).contains("graft: GRAFT_JAR=no such.jar does not exist. Hint: ");
    }

    @Test
    void withoutTheJarItSaysHowToBuildIt() throws Exception {
        Run run = run(Map.of(), repository("new repo", false).toString(), "demo");
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err().lines()).hasSize(1);
        assertThat(run.err())
                .contains(
                        "graft: graft.jar is not built yet. Hint: run (cd '",
                        "new repo' && ./mvnw ",
                        "package -DskipTests)");
    }

    @Test
    void javaIsFoundOrItsLackIsTold() throws Exception {
        String script = repository("repo", true).toString();
        Run wrong = run(Map.of("JAVA_HOME", "/no/such/java"), script);
        assertThat(wrong.code()).isEqualTo(1);
        assertThat(wrong.err())
                .contains("JAVA_HOME=/no/such/java has no bin/java. Hint: set it to a JDK of version 17");
        Path tools = Files.createDirectories(folder.resolve("tools"));
        for (String tool : new String[] {"dirname", "readlink", "sed"}) {
            Path call =
                    Files.writeString(tools.resolve(tool), "#!/bin/sh\nPATH=/usr/bin:/bin exec " + tool + " \"$@\"\n");
            assertThat(call.toFile().setExecutable(true)).isTrue();
        }
        Run none = run(Map.of("JAVA_HOME", "", "PATH", tools.toString()), script);
        assertThat(none.code()).isEqualTo(1);
        assertThat(none.err()).contains("Java is not installed. Hint: install a JDK of version 17 or newer");
        String path = java.getParent() + ":" + tools;
        assertThat(run(Map.of("JAVA_HOME", "", "PATH", path), script, "doctor").out())
                .contains("doctor");
        Files.writeString(home.resolve("release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"1.8.0_392\"\n");
        Run old = run(Map.of(), script);
        assertThat(old.code()).isEqualTo(1);
        assertThat(old.err()).contains("is Java 8. Hint: set JAVA_HOME to a JDK of version 17 or newer.");
        Files.writeString(home.resolve("release"), "JAVA_VERSION=\"25\"\n");
        assertThat(run(Map.of(), script).code()).isZero();
    }

    @Test
    void flagsForJavaComeBeforeTheJar() throws Exception {
        List<String> out = run(
                        Map.of("GRAFT_JAVA_OPTS", "-Xmx8g -Dx=y"),
                        repository("repo", true).toString())
                .out();
        assertThat(out).containsSubsequence("-Xmx8g", "-Dx=y", "-jar");
    }
}
