package dev.graft.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * No number is written by the user's locale, none of whose digits need be ASCII, and no letter turned by it (Turkish
 * has another I). Each call that would is found in the sources of all modules.
 */
class LocaleFreeSourcesTest {
    private static final Map<Pattern, String> FORBIDDEN = Map.of(
            Pattern.compile("\\bString\\s*\\.\\s*format\\s*\\(\\s*+(?!Locale\\.|java\\.util\\.Locale\\.)"),
                    "String.format(Locale.ROOT, ...)",
            Pattern.compile("\\.\\s*(?:printf|format)\\s*\\(\\s*(?=\"|\\w+ *\\+ *\")"), "printf(Locale.ROOT, ...)",
            Pattern.compile("\\.\\s*formatted\\s*\\("), "String.format(Locale.ROOT, ...)",
            Pattern.compile("\\.\\s*to(?:Lower|Upper)Case\\s*\\(\\s*\\)"), "toLowerCase(Locale.ROOT)",
            Pattern.compile(
                            "\\bNumberFormat\\s*\\.\\s*get\\w*\\(\\s*\\)|\\bnew\\s+DecimalFormat\\(\\s*\"[^\"]*\"\\s*\\)"),
                    "a format with Locale.ROOT",
            Pattern.compile("\\bnew\\s+(?:java\\.util\\.)?(?:Formatter|Scanner)\\s*\\("),
                    "String.format(Locale.ROOT, ...) or a parser of its own",
            Pattern.compile("\\bMessageFormat\\b"), "String.format(Locale.ROOT, ...)");

    private static Path root() {
        Path here = Path.of("").toAbsolutePath();
        return Files.exists(here.resolve("vision/pom.xml")) ? here : here.getParent();
    }

    private static List<Path> sources() throws IOException {
        List<Path> sources = new ArrayList<>();
        for (String module : List.of("core", "cuda", "nn", "vision", "examples", "benchmarks")) {
            try (Stream<Path> all = Files.walk(root().resolve(module).resolve("src/main/java"))) {
                all.filter(file -> file.toString().endsWith(".java")).forEach(sources::add);
            }
        }
        return sources;
    }

    static List<String> findings(String name, String source) {
        List<String> found = new ArrayList<>();
        FORBIDDEN.forEach((pattern, instead) -> {
            Matcher matcher = pattern.matcher(source);
            while (matcher.find()) {
                long line = 1
                        + source.substring(0, matcher.start())
                                .chars()
                                .filter(c -> c == '\n')
                                .count();
                found.add(name + ":" + line + ": " + matcher.group().strip() + " ... write " + instead);
            }
        });
        return found;
    }

    @Test
    void nothingIsFormattedByTheUsersLocale() throws IOException {
        List<Path> sources = sources();
        assertThat(sources).hasSizeGreaterThan(150);
        List<String> found = new ArrayList<>();
        for (Path file : sources) {
            found.addAll(findings(root().relativize(file).toString(), Files.readString(file)));
        }
        assertThat(found).isEmpty();
    }

    @Test
    void theSearchFindsEachKind() {
        for (String bad : List.of(
                "String.format(\"%d\", 1)",
                "String.format(\n        \"%d\", 1)",
                "out.printf(\"%d\", 1)",
                "out().printf(name + \" %8s\", 1)",
                "\"%d\".formatted(1)",
                "out.format(\"%d\", 1)",
                "name.toLowerCase()",
                "name.toUpperCase( )",
                "new DecimalFormat(\"0.0\")",
                "NumberFormat.getInstance()",
                "new Formatter()",
                "new Scanner(text)",
                "MessageFormat.format(\"{0}\", 1)")) {
            assertThat(findings("x", bad)).as(bad).isNotEmpty();
        }
        for (String good : List.of(
                "String.format(Locale.ROOT, \"%d\", 1)",
                "String.format(\n        Locale.ROOT, \"%d\", 1)",
                "out.printf(Locale.ROOT,\n \"%d\", 1)",
                "name.toLowerCase(Locale.ROOT)",
                "HexFormat.of().formatHex(bytes)",
                "info.format()",
                "catch (NumberFormatException e)")) {
            assertThat(findings("x", good)).as(good).isEmpty();
        }
    }
}
