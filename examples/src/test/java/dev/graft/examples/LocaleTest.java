package dev.graft.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.graft.examples.cli.TinyImages;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** {@code LC_ALL=C}, as in containers, with names beyond ASCII. */
class LocaleTest {
    private static final String DATA = "gr\u00F6\u00DFe";
    private static final String OUT = "ergebnis_\u00FC";

    @TempDir
    private Path folder;

    private record Run(int code, String out, String err) {}

    /** The shell passes bytes, as a user's does; this JVM itself may be in a poor locale. */
    private Run graft(String environment, String arguments) throws IOException, InterruptedException {
        Path script = folder.resolve("run.sh");
        Files.writeString(
                script,
                "cd \"$(dirname \"$0\")\" && " + environment
                        + " exec \"$JAVA\" -cp \"$CLASSES\" dev.graft.examples.Main " + arguments + "\n");
        ProcessBuilder builder = new ProcessBuilder("sh", script.toString())
                .redirectOutput(folder.resolve("out.txt").toFile())
                .redirectError(folder.resolve("err.txt").toFile());
        builder.environment()
                .putAll(Map.of(
                        "JAVA",
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "CLASSES",
                        System.getProperty("java.class.path")));
        Process process = builder.start();
        assertThat(process.waitFor(3, TimeUnit.MINUTES)).as("the program ends").isTrue();
        return new Run(
                process.exitValue(),
                Files.readString(folder.resolve("out.txt")),
                new String(Files.readAllBytes(folder.resolve("err.txt")), StandardCharsets.ISO_8859_1));
    }

    private void data() throws IOException {
        assumeThat(StandardCharsets.UTF_8.name())
                .as("this JVM can write such names")
                .isEqualTo(System.getProperty("sun.jnu.encoding"));
        TinyImages.folder(folder.resolve(DATA), 6, 1);
        Files.move(folder.resolve(DATA).resolve("left"), folder.resolve(DATA).resolve("\u00E4"));
        Files.move(
                folder.resolve(DATA).resolve("\u00E4/image0.png"),
                folder.resolve(DATA).resolve("\u00E4/bild \u2713.png"));
    }

    private List<String> names() throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.map(path -> path.getFileName().toString())
                    .filter(name -> !name.endsWith(".txt") && !name.endsWith(".sh"))
                    .sorted()
                    .toList();
        }
    }

    private static String finetune(String data, String out) {
        return "finetune --data " + data + " --model resnet20 --weights none --epochs 1 --batch 4 --out " + out;
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void thePoorLocaleIsLeftForAnother() throws Exception {
        data();
        Run run = graft("LC_ALL=C", finetune(DATA, OUT));
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(names()).containsExactly(OUT, DATA);
        assertThat(Files.readString(folder.resolve(OUT).resolve("model.json"))).contains("\u00E4");
        assertThat(run.out()).contains("\u00E4 ", "written to " + OUT);
        Run prediction = graft("LC_ALL=POSIX", "predict --model " + OUT + " '" + DATA + "/\u00E4/bild \u2713.png'");
        assertThat(prediction.code()).as(prediction.err()).isZero();
        assertThat(prediction.out()).contains("bild \u2713.png");
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void withoutARestartItStopsBeforeItWrites() throws Exception {
        data();
        Run run = graft("LC_ALL=C GRAFT_NO_RESTART=1", finetune(DATA, OUT));
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err())
                .startsWith("graft: the argument ")
                .contains("Hint: set the environment variable LC_ALL=C.UTF-8.")
                .hasLineCount(1);
        assertThat(names()).containsExactly(DATA);
        Files.move(folder.resolve(DATA), folder.resolve("data"));
        Run inside = graft("LC_ALL=C GRAFT_NO_RESTART=1", finetune("data", "run"));
        assertThat(inside.code()).isEqualTo(1);
        assertThat(inside.err())
                .contains(
                        "cannot be read as US-ASCII, which this locale says. Hint: set the environment variable LC_ALL=C.UTF-8.");
        assertThat(folder.resolve("run/model.json")).doesNotExist();
    }

    @Test
    void argumentsComeBackFromTheCommandLine() throws IOException {
        Path commandLine = folder.resolve("cmdline");
        LocaleText poor = new LocaleText(StandardCharsets.US_ASCII, commandLine);
        Files.writeString(commandLine, "java\0-jar\0g.jar\0predict\0" + DATA + " &%.png\0x\0");
        List<String> lost = List.of("predict", "gr\uFFFD\uFFFD\uFFFD\uFFFDe &%.png", "x");
        List<String> escaped = poor.escaped(lost.toArray(String[]::new)).orElseThrow();
        assertThat(escaped).allMatch(StandardCharsets.US_ASCII.newEncoder()::canEncode);
        System.setProperty(LocaleText.ESCAPED, "true");
        try {
            assertThat(LocaleText.unescaped(escaped.toArray(String[]::new)))
                    .containsExactly("predict", DATA + " &%.png", "x");
        } finally {
            System.clearProperty(LocaleText.ESCAPED);
        }
        assertThat(poor.escaped("predict", "plain")).as("nothing was lost").isEmpty();
        assertThat(poor.escaped("predict", "gr\uFFFDe", "x"))
                .as("another command line")
                .isEmpty();
        Files.write(commandLine, "java\0gr\u00F6\0".getBytes(StandardCharsets.ISO_8859_1));
        assertThat(poor.escaped("gr\uFFFD")).as("no UTF-8").isEmpty();
        assertThat(new LocaleText(StandardCharsets.US_ASCII, folder.resolve("absent")).escaped("\uFFFD"))
                .isEmpty();
        assertThat(new LocaleText(StandardCharsets.UTF_8, commandLine).environment())
                .isEmpty();
        assertThat(poor.unreadable("a", "b\uFFFD")).contains("b\uFFFD");
        List<String> all = new ArrayList<>(List.of("a", "\u00E4"));
        assertThat(new LocaleText(StandardCharsets.UTF_8, commandLine).unreadable(all.toArray(String[]::new)))
                .isEmpty();
    }
}
