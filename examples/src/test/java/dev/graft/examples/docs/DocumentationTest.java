package dev.graft.examples.docs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.examples.cli.DocumentedCommands;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the documentation names exists: commands, options, settings, classes, files, links, Maven profiles. */
class DocumentationTest {
    private static final Path ROOT = Page.ROOT;
    private static final int README_LINES = 150;

    /** Commands of a shell that need nothing of this project. */
    private static final Set<String> TOOLS = Set.of("curl", "cd", "git", "export", "unzip", "ls", "find", "zip", "gpg");

    /** Names that look like settings: of the tests, of Maven builds, and a domain. */
    private static final Set<String> OF_OTHERS = Set.of("GRAFT_DATA", "graft.platform", "graft.version", "graft.dev");

    private static List<ShellCommand> shell() {
        return Page.all().stream()
                .filter(page -> !page.isHistory())
                .flatMap(page -> page.fences().stream())
                .filter(fence -> fence.language().equals("sh"))
                .flatMap(fence -> ShellCommand.of(fence).stream())
                .toList();
    }

    @Test
    void theProgramTakesEveryCommandThatIsShown() {
        List<ShellCommand> commands =
                shell().stream().filter(c -> c.graft().isPresent()).toList();
        assertThat(commands).hasSizeGreaterThan(4);
        for (ShellCommand command : commands) {
            assertThat(DocumentedCommands.refusal(command.graft().orElseThrow()))
                    .as(command.toString())
                    .isEmpty();
        }
    }

    @Test
    void everyOtherCommandRunsSomethingThatExists() throws IOException {
        for (ShellCommand command : shell()) {
            if (command.graft().isPresent()) {
                continue;
            }
            String tool = command.words().get(0);
            if (tool.contains("/")) {
                assertThat(ROOT.resolve(tool)).as(command.toString()).exists();
            } else {
                assertThat(tool).as(command.toString()).matches(t -> TOOLS.contains(t) || isBuildTool(t));
            }
        }
        List<String> maven = mavenCommands();
        assertThat(maven).hasSizeGreaterThan(3);
        for (String command : maven) {
            checkMaven(command);
        }
    }

    private static boolean isBuildTool(String tool) {
        return tool.equals("mvn") || tool.equals("java");
    }

    /** Of fences and of text. */
    private static List<String> mavenCommands() {
        List<String> commands = new ArrayList<>();
        shell().forEach(command -> commands.add(String.join(" ", command.words())));
        Page.all().stream().filter(page -> !page.isHistory()).forEach(page -> commands.addAll(page.spans()));
        return commands.stream().filter(c -> c.matches("(mvn|\\./mvnw) .*")).toList();
    }

    private static void checkMaven(String command) throws IOException {
        String poms = allPoms();
        for (MatchResult profile : found("-P(\\w+)", command)) {
            assertThat(poms).as(command).contains("<id>" + profile.group(1) + "</id>");
        }
        for (MatchResult module : found("-pl (\\S+)", command)) {
            for (String name : module.group(1).split(",", -1)) {
                assertThat(ROOT.resolve(name).resolve("pom.xml")).as(command).exists();
            }
        }
        for (MatchResult main : found("-D(?:peers\\.main|test)=(\\w+)", command)) {
            assertThat(sourceNames()).as(command).contains(main.group(1));
        }
    }

    private static String allPoms() throws IOException {
        StringBuilder text = new StringBuilder(Files.readString(ROOT.resolve("pom.xml")));
        for (String module : List.of("core", "nn", "vision", "cuda", "examples", "benchmarks")) {
            text.append(Files.readString(ROOT.resolve(module).resolve("pom.xml")));
        }
        return text.toString();
    }

    private static List<MatchResult> found(String regex, String text) {
        return Pattern.compile(regex).matcher(text).results().toList();
    }

    @Test
    void everyOptionInTheTextIsOneOfTheProgram() {
        Set<String> known = DocumentedCommands.options();
        Set<String> ofTheJvm = Set.of("--add-modules", "--enable-native-access", "--module-path", "--module");
        Set<String> unknown = new TreeSet<>();
        for (Page page : Page.all()) {
            if (page.isHistory()) {
                continue;
            }
            for (String span : page.spans()) {
                found("(?<![\\w-])--[a-z][a-z0-9-]*", span).stream()
                        .map(MatchResult::group)
                        .filter(option -> !known.contains(option) && !ofTheJvm.contains(option))
                        .forEach(option -> unknown.add(page.file() + ": " + option));
            }
        }
        assertThat(unknown).isEmpty();
    }

    @Test
    void everyOptionAndCommandIsInTheManual() throws IOException {
        String manual = Files.readString(ROOT.resolve("docs/command-line.md"));
        Set<String> missing = new TreeSet<>();
        DocumentedCommands.options().stream()
                .filter(option -> option.startsWith("--"))
                .filter(option -> found("`" + option + "(?![a-z-])", manual).isEmpty())
                .forEach(missing::add);
        DocumentedCommands.commands().stream()
                .filter(command -> !manual.contains("`" + command + "`"))
                .forEach(missing::add);
        assertThat(missing)
                .as("options and commands that docs/command-line.md leaves out")
                .isEmpty();
    }

    @Test
    void everySettingIsRead() throws IOException {
        String sources = sources().stream()
                .filter(file -> file.toString().contains("/src/main/"))
                .map(DocumentationTest::read)
                .collect(Collectors.joining());
        String launcher = Files.readString(ROOT.resolve("bin/graft"));
        Set<String> unknown = new TreeSet<>();
        for (Page page : Page.all()) {
            if (!page.isHistory()) {
                found(
                                "(?<![\\w./-])graft\\.[a-z][A-Za-z.]*[a-z]|\\bGRAFT_[A-Z_]+|\\b(?:TORCH|XDG)_[A-Z_]+",
                                page.text())
                        .stream()
                        .map(MatchResult::group)
                        .filter(name -> !name.matches(".*\\.(jar|cmd)")
                                && !sources.contains("\"" + name + "\"")
                                && !launcher.contains("${" + name + "-"))
                        .filter(name -> !OF_OTHERS.contains(name))
                        .forEach(name -> unknown.add(page.file() + ": " + name));
            }
        }
        assertThat(unknown).isEmpty();
        String settings = Files.readString(ROOT.resolve("docs/settings.md"));
        for (MatchResult setting : found("property\\(\"(graft[.\\w]+)\"\\)", sources)) {
            assertThat(settings).contains("`" + setting.group(1) + "`");
        }
    }

    @Test
    void everyLinkLeadsSomewhere() {
        Set<String> broken = new TreeSet<>();
        for (Page page : Page.all()) {
            for (String link : page.links()) {
                String[] parts = link.split("#", 2);
                Path target = parts[0].isEmpty()
                        ? page.file()
                        : page.file().resolveSibling(parts[0]).normalize();
                boolean exists = Files.exists(ROOT.resolve(target));
                boolean anchored = parts.length == 1
                        || (exists
                                && new Page(target, read(ROOT.resolve(target)))
                                        .anchors()
                                        .contains(parts[1]));
                if (!exists || !anchored) {
                    broken.add(page.file() + ": " + link);
                }
            }
        }
        assertThat(broken).isEmpty();
    }

    /** {@code Name}, {@code Name.member}, a package, a path or a test, wherever backticks name one. */
    @Test
    void everyClassAndFileThatIsNamedExists() {
        Set<String> known = sourceNames();
        Set<String> unknown = new TreeSet<>();
        for (Page page : Page.all()) {
            if (page.isHistory() || page.file().endsWith("pytorch.md")) {
                continue; // pytorch.md names PyTorch's classes, too: see DocumentedNamesTest
            }
            for (String span : page.spans()) {
                if (span.matches("(?:[a-z]+\\.)*[A-Z][a-z0-9]+[A-Z]\\w*(?:\\.\\w+)*(?:\\(.*\\))?")) {
                    String type = span.replaceFirst("^(?:[a-z]+\\.)*", "").replaceFirst("[.(].*$", "");
                    if (!known.contains(type) && !isOfTheJdk(type)) {
                        unknown.add(page.file() + ": " + span);
                    }
                }
                if (span.matches("[\\w.-]+(?:/[\\w.-]+)+") && !span.startsWith("META-INF") && isOurs(span)) {
                    if (!Files.exists(ROOT.resolve(span))) {
                        unknown.add(page.file() + ": " + span);
                    }
                }
            }
        }
        assertThat(unknown).isEmpty();
    }

    private static boolean isOurs(String path) {
        return !path.startsWith("..")
                && Files.isDirectory(ROOT.resolve(path.substring(0, path.indexOf('/'))))
                && !path.contains("/target/");
    }

    private static boolean isOfTheJdk(String type) {
        return Set.of(
                                "ServiceLoader",
                                "StringBuilder",
                                "ThreadPool",
                                "BufferedImage",
                                "InputStream",
                                "HttpServer",
                                "VmHWM")
                        .contains(type)
                || type.matches("(Use|Max)[A-Z]\\w+"); // flags of the JVM
    }

    private static Set<String> sourceNames() {
        return sources().stream()
                .map(file -> file.getFileName().toString().replace(".java", ""))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static List<Path> sources() {
        List<Path> files = new ArrayList<>();
        for (String module : List.of("core", "nn", "vision", "cuda", "examples", "benchmarks")) {
            try (Stream<Path> all = Files.walk(ROOT.resolve(module).resolve("src"))) {
                all.filter(file -> file.toString().endsWith(".java")).forEach(files::add);
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }
        return files;
    }

    private static String read(Path file) {
        try {
            return Files.isDirectory(file) ? "" : Files.readString(file);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void theReadmeIsShort() throws IOException {
        assertThat(Files.readString(ROOT.resolve("README.md")).lines().count()).isLessThan(README_LINES);
    }

    @Test
    void dependenciesHaveTheProjectsNamesAndVersion() throws IOException {
        String pom = Files.readString(ROOT.resolve("pom.xml"));
        String version = found("<version>([^<]+)</version>", pom).get(0).group(1);
        int seen = 0;
        for (Page page : Page.all()) {
            for (Page.Fence fence : page.fences()) {
                if (fence.language().equals("xml") && fence.text().contains("<groupId>dev.graft</groupId>")) {
                    seen++;
                    for (MatchResult artifact : found("<artifactId>(graft-[^<]+)</artifactId>", fence.text())) {
                        assertThat(ROOT.resolve(artifact.group(1).substring("graft-".length())))
                                .as(fence.where())
                                .exists();
                    }
                    found("<version>([^<]+)</version>", fence.text())
                            .forEach(stated -> assertThat(stated.group(1))
                                    .as(fence.where())
                                    .isEqualTo(version));
                }
            }
        }
        assertThat(seen).isPositive();
    }
}
