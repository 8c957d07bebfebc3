package dev.graft.examples.docs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.examples.cli.TimmFolders;
import dev.graft.examples.cli.TinyImages;
import dev.graft.io.StateDict;
import dev.graft.io.TorchCheckpoint;
import dev.graft.io.file.Sha256;
import dev.graft.vision.model.resnet.ResNet;
import dev.graft.vision.model.squeezenet.SqueezeNet;
import dev.graft.vision.model.weights.ClassNames;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every Java snippet of the documentation compiles and runs, and so does every command of the program, page by page in
 * their order: a model that one snippet trains is there for the next. They run in a folder of tiny images, without a
 * network. Weights that would be downloaded are random ones, which a stand-in for {@code ResNet18Weights} names.
 */
class SnippetsTest {
    private static final int IMAGES_PER_CLASS = 5;

    /** The facts of the stand-in: images of 64x64 in place of 224x224, for speed. */
    private static final String SMALL_IMAGES = "WeightsFacts.of(facts.architecture(), facts.fileName(), facts.sha256(),"
            + " facts.classes(), facts.preprocessing().withImageSize(64))";

    @TempDir
    private static Path folder;

    private static Path classes;
    private static String classPath;

    @BeforeAll
    static void makeStandIns() throws IOException {
        classes = Files.createDirectories(folder.resolve("classes"));
        Path checkpoints = Files.createDirectories(folder.resolve("home/checkpoints"));
        classPath = classes + File.pathSeparator + System.getProperty("java.class.path");
        try (var model = ResNet.resnet18(1000, new SplittableRandom(1));
                StateDict state = model.stateDict()) {
            TorchCheckpoint.save(state, checkpoints.resolve("resnet18.pth"));
        }
        String sha256 = Sha256.of(checkpoints.resolve("resnet18.pth"));
        Files.move(
                checkpoints.resolve("resnet18.pth"),
                checkpoints.resolve("resnet18-" + sha256.substring(0, 8) + ".pth"));
        Path source = Path.of("..", "vision/src/main/java/dev/graft/vision/model/resnet/ResNet18Weights.java");
        String standIn = Files.readString(source)
                .replaceFirst("\"[0-9a-f]{64}\"", "\"" + sha256 + "\"")
                .replace("this.facts = facts;", "this.facts = " + SMALL_IMAGES + ";");
        assertThat(standIn).contains(sha256, SMALL_IMAGES);
        makeFilesThatSomebodySent();
        compile(List.of(write("dev/graft/vision/model/resnet/ResNet18Weights.java", standIn)));
    }

    private static void makeFilesThatSomebodySent() {
        var random = new SplittableRandom(4);
        try (var resnet = ResNet.resnet18(2, random);
                StateDict state = resnet.stateDict()) {
            TorchCheckpoint.save(state, folder.resolve("resnet18.pth"));
        }
        try (var squeezenet = SqueezeNet.squeezenet1_1(1000, random);
                StateDict state = squeezenet.stateDict()) {
            TorchCheckpoint.save(state, folder.resolve("squeezenet1_1.pth"));
        }
    }

    private static Path write(String name, String text) throws IOException {
        Path file = folder.resolve("sources").resolve(name);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, text);
    }

    private static void compile(List<Path> files) {
        List<String> arguments = new ArrayList<>(List.of("-proc:none", "-cp", classPath, "-d", classes.toString()));
        files.forEach(file -> arguments.add(file.toString()));
        var messages = new java.io.ByteArrayOutputStream();
        int code = ToolProvider.getSystemJavaCompiler().run(null, messages, messages, arguments.toArray(String[]::new));
        assertThat(code).as(messages.toString(StandardCharsets.UTF_8)).isZero();
    }

    @TestFactory
    Stream<DynamicTest> runOnePageAfterTheOther() {
        return Page.all().stream()
                .filter(page -> page.fences().stream()
                        .anyMatch(fence -> JavaSnippet.of(fence).isPresent()
                                || !programs(fence).isEmpty()))
                .map(page -> DynamicTest.dynamicTest(page.file().toString(), () -> run(page)));
    }

    @Test
    void thePagesThatShowCodeAreAmongThem() {
        List<String> java = Page.all().stream()
                .filter(page ->
                        page.fences().stream().anyMatch(f -> JavaSnippet.of(f).isPresent()))
                .map(page -> page.file().toString())
                .toList();
        assertThat(java).contains("README.md", "docs/java.md", "docs/adding.md");
    }

    @Test
    void whatIsNotRunSaysWhy() {
        var known = List.of("java", "sh", "xml", "json", "groovy", "");
        for (Page page : Page.all()) {
            for (Page.Fence fence : page.fences()) {
                assertThat(fence.language()).as(fence.where()).isIn(known);
                assertThat(fence.notRun().map(String::strip).orElse("none given"))
                        .as(fence.where())
                        .hasSizeGreaterThan(5);
            }
        }
    }

    /** The program's commands in a fence that can be run: those with names of files, not with placeholders. */
    private static List<ShellCommand> programs(Page.Fence fence) {
        if (!fence.language().equals("sh") || fence.notRun().isPresent()) {
            return List.of();
        }
        return ShellCommand.of(fence).stream()
                .filter(command -> command.graft().isPresent())
                // the demonstration takes minutes, and has tests of its own
                .filter(command -> !command.graft().get().contains("demo"))
                .toList();
    }

    private static void run(Page page) throws IOException, InterruptedException {
        List<Path> sources = new ArrayList<>();
        List<String> steps = new ArrayList<>();
        for (Page.Fence fence : page.fences()) {
            Optional<JavaSnippet> snippet = JavaSnippet.of(fence);
            if (snippet.isPresent()) {
                sources.add(
                        write(snippet.get().className() + ".java", snippet.get().source()));
                if (snippet.get().isProgram()) {
                    steps.add("java\t" + fence.where() + "\t" + snippet.get().className());
                }
            }
            programs(fence)
                    .forEach(command -> steps.add("graft\t" + fence.where() + "\t"
                            + String.join("\t", command.graft().orElseThrow())));
        }
        if (!sources.isEmpty()) {
            compile(sources);
        }
        if (steps.isEmpty()) {
            return;
        }
        Path work = workingFolder(page.file().toString().replaceAll("\\W", "_"));
        String said = runSteps(work, Files.write(work.resolve("steps.txt"), steps));
        assertThat(said).contains("--- the end").doesNotContain("FAILED ");
    }

    /** A new user's folder: images to learn from, images to ask about, weights that somebody sent. */
    private static Path workingFolder(String name) throws IOException {
        Path work = Files.createDirectories(folder.resolve(name));
        TinyImages.folder(work.resolve("my-images"), IMAGES_PER_CLASS, 1);
        TinyImages.folder(work.resolve("my-test-images"), IMAGES_PER_CLASS, 2);
        for (String image : List.of("photo.jpg", "scan1.jpg", "scan2.png")) {
            // told by its first bytes, a PNG may be called .jpg
            TinyImages.write(work.resolve(image), image.startsWith("scan"), new SplittableRandom(3));
        }
        Files.write(work.resolve("imagenet_classes.txt"), ClassNames.imageNet());
        for (String file : List.of("resnet18.pth", "squeezenet1_1.pth")) {
            Files.createLink(work.resolve(file), folder.resolve(file));
        }
        TimmFolders.write(work.resolve("resnet18.a1_in1k"), 2, true, "[\"left\", \"right\"]");
        return work;
    }

    private static String runSteps(Path work, Path steps) throws IOException, InterruptedException {
        Path output = work.resolve("output.txt");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx1500m",
                        "--add-modules=jdk.incubator.vector",
                        "-Dgraft.home=" + folder.resolve("home"),
                        "-Dgraft.offline=true",
                        "-Dorg.bytedeco.javacpp.maxphysicalbytes=0",
                        "-cp",
                        classPath,
                        SnippetRunner.class.getName(),
                        steps.toString())
                .directory(work.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            assertThat(process.waitFor(5, TimeUnit.MINUTES))
                    .as("the snippets end")
                    .isTrue();
        } finally {
            process.destroyForcibly();
        }
        return Files.readString(output);
    }

    @Test
    void fencesAreFoundWithTheirLinesAndReasons() {
        var fences = new Page(
                        Path.of("x.md"),
                        "a\n<!-- not run: it needs a GPU -->\n```java\nint a;\n```\n\n   ```sh\n   graft doctor\n   ```\n")
                .fences();
        assertThat(fences)
                .containsExactly(
                        new Page.Fence("x.md:3", "java", "int a;\n", Optional.of("it needs a GPU")),
                        new Page.Fence("x.md:7", "sh", "graft doctor\n", Optional.empty()));
    }
}
