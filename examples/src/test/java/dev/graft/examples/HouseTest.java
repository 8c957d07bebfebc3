package dev.graft.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.ArchConfiguration;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The rooms of all modules: which may use which, and how full they may be. */
class HouseTest {
    /**
     * All packages below {@code dev.graft}, from the bottom to the top. A package may use what stands on earlier lines;
     * those on one line do not use one another. A new package gets its place here.
     */
    private static final List<String> BOTTOM_TO_TOP = List.of(
            // core
            "random, type, message",
            "io.file",
            "backend",
            "cpu.memory",
            "cpu.run",
            "cpu.layout",
            "cpu.conv.parts, cpu.elementwise, cpu.gemm, cpu.reduce",
            "cpu.conv.depthwise, cpu.conv.winograd, cpu.norm, cpu.pool",
            "cpu.conv, cpu.sequence",
            "cpu",
            "tensor",
            "io.bytes, io.content",
            "io.archive, io.safetensors",
            "io.torch",
            "io",
            // nn
            "nn",
            "nn.linear, nn.explain, nn.uncertainty, nn.layer, nn.data, nn.loss, nn.metric, nn.optim",
            "nn.data.sequence, nn.layer.sequence, nn.metric.decision, nn.metric.interval",
            "nn.train, nn.json",
            "nn.report.page",
            "nn.report.chart, nn.report.checklist",
            "nn.report",
            "nn.data.table",
            "nn.model",
            "nn.run",
            "nn.table, nn.sequence",
            // vision
            "vision.image.file",
            "vision.image.dicom",
            "vision.image.decode",
            "vision.image",
            "vision.image.transform",
            "vision.data.similar",
            "vision.data",
            "vision.model.weights",
            "vision.model.download, vision.model.part",
            "vision.model",
            "vision.explain",
            "vision.model.resnet, vision.model.squeezenet, vision.model.efficientnet",
            "vision.model.zoo",
            "vision.report",
            "vision",
            "vision.serve",
            // examples
            "examples.demo, examples.genomics, examples.readmission",
            "examples.cli.text",
            "examples.cli",
            "examples");

    private static final List<String> MODULES = List.of("core", "nn", "vision", "examples");
    private static final Path ROOT = Path.of("..");
    private static final String PREFIX = "dev.graft.";
    private static final int MOST_FILES = 50;
    private static final int MOST_FILES_IN_CPU = 25;
    private static final int MOST_LINES = 600;
    private static final String REASON = "one file because";

    @Test
    void packagesUseOnlyWhatLiesBelowThem() {
        Map<String, Integer> floors = new LinkedHashMap<>();
        for (int i = 0; i < BOTTOM_TO_TOP.size(); i++) {
            for (String room : BOTTOM_TO_TOP.get(i).split(", ", -1)) {
                floors.put(room, i);
            }
        }
        Set<String> withoutPlace = new TreeSet<>();
        Map<String, String> pointsUp = new TreeMap<>();
        for (Dependency arrow : arrows()) {
            String from = room(arrow.getOriginClass());
            String to = room(arrow.getTargetClass());
            if (!floors.containsKey(from)) {
                withoutPlace.add(from);
            } else if (!from.equals(to) && floors.getOrDefault(to, Integer.MAX_VALUE) >= floors.get(from)) {
                pointsUp.putIfAbsent(from + " -> " + to, arrow.getDescription());
            }
        }
        assertThat(withoutPlace).as("packages without a place in BOTTOM_TO_TOP").isEmpty();
        assertThat(pointsUp).as("arrows that point up").isEmpty();
    }

    @Test
    void packagesHaveRoomToGrow() throws IOException {
        Map<String, Long> files = sources("src/main/java").stream()
                .collect(Collectors.groupingBy(
                        file -> file.getParent().toString().replaceFirst(".*src.main.java.", ""),
                        TreeMap::new,
                        Collectors.counting()));
        assertThat(files).hasSizeGreaterThan(BOTTOM_TO_TOP.size());
        files.forEach((room, count) -> assertThat(count)
                .as("files in " + room)
                .isLessThanOrEqualTo(room.endsWith("graft/cpu") ? MOST_FILES_IN_CPU : MOST_FILES));
    }

    @Test
    void longFilesSayWhyTheyAreInOne() throws IOException {
        Set<String> tooLong = new TreeSet<>();
        for (Path file : sources("src")) {
            String text = Files.readString(file);
            if (text.lines().count() > MOST_LINES && !classComment(text).contains(REASON)) {
                tooLong.add(file.getFileName().toString());
            }
        }
        assertThat(tooLong)
                .as("files of more than " + MOST_LINES + " lines whose class comment does not say \"" + REASON + "\"")
                .isEmpty();
    }

    /** The comment before the file's first type, its lines joined. */
    private static String classComment(String text) {
        int end = text.indexOf(" {\n");
        int start = text.indexOf("/**");
        return start < 0 || start > end ? "" : text.substring(start, end).replaceAll("\\s*\n \\* ?", " ");
    }

    private static Collection<Dependency> arrows() {
        List<Path> folders = MODULES.stream()
                .map(module -> ROOT.resolve(module).resolve("target/classes"))
                .toList();
        assertThat(folders).as("compiled modules").allMatch(Files::isDirectory);
        ArchConfiguration.get().setResolveMissingDependenciesFromClassPath(false);
        return new ClassFileImporter()
                .importPaths(folders).stream()
                        .filter(type -> type.getPackageName().startsWith(PREFIX))
                        .flatMap(type -> type.getDirectDependenciesFromSelf().stream())
                        .filter(arrow -> arrow.getTargetClass().getPackageName().startsWith(PREFIX))
                        .toList();
    }

    private static String room(JavaClass type) {
        return type.getPackageName().substring(PREFIX.length());
    }

    private static List<Path> sources(String below) throws IOException {
        List<Path> found = new ArrayList<>();
        for (String module : List.of("core", "nn", "vision", "examples", "cuda", "benchmarks")) {
            Path folder = ROOT.resolve(module).resolve(below);
            if (Files.isDirectory(folder)) {
                try (Stream<Path> files = Files.walk(folder)) {
                    files.filter(file -> file.toString().endsWith(".java")
                                    && !file.endsWith("module-info.java")
                                    && !file.endsWith("package-info.java"))
                            .forEach(found::add);
                }
            }
        }
        return found;
    }
}
