package dev.graft.examples.docs;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A page of the documentation.
 *
 * @param file from the project's root
 * @param text its Markdown
 */
record Page(Path file, String text) {
    static final Path ROOT = Path.of("..");

    private static final Pattern FENCE = Pattern.compile("(?ms)^( *)```(\\w*)\n(.*?)^ *```$");
    private static final Pattern NOT_RUN = Pattern.compile("<!-- not run: (.+?) -->\\s*$");

    /** README, CHANGELOG and the like, and all of docs/ and benchmarks/. */
    static List<Page> all() {
        List<Page> pages = new ArrayList<>();
        for (Path folder : List.of(ROOT, ROOT.resolve("docs"), ROOT.resolve("benchmarks"))) {
            try (Stream<Path> files = Files.list(folder)) {
                files.filter(file -> file.toString().endsWith(".md"))
                        .sorted()
                        .forEach(file -> pages.add(new Page(ROOT.relativize(file), read(file))));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return pages;
    }

    /** The page without what has been changed in the past: old names are allowed there. */
    boolean isHistory() {
        return file.endsWith("CHANGELOG.md");
    }

    /**
     * A fenced block.
     *
     * @param where page and line, to be found again
     * @param language what follows the opening fence; may be empty
     * @param notRun the reason in a comment above the fence why nobody runs it
     */
    record Fence(String where, String language, String text, Optional<String> notRun) {}

    List<Fence> fences() {
        List<Fence> fences = new ArrayList<>();
        Matcher matcher = FENCE.matcher(text);
        while (matcher.find()) {
            String before = text.substring(0, matcher.start(1));
            Matcher reason = NOT_RUN.matcher(before);
            fences.add(new Fence(
                    file + ":" + (before.lines().count() + 1),
                    matcher.group(2),
                    matcher.group(3).indent(-matcher.group(1).length()),
                    reason.find() ? Optional.of(reason.group(1)) : Optional.empty()));
        }
        return fences;
    }

    /** What stands between single backticks, outside fences. */
    List<String> spans() {
        return Pattern.compile("`([^`\n]+)`")
                .matcher(FENCE.matcher(text).replaceAll(""))
                .results()
                .map(span -> span.group(1))
                .toList();
    }

    /** The targets of links, without those to other sites. */
    List<String> links() {
        return Pattern.compile("\\]\\(([^)]+)\\)")
                .matcher(text)
                .results()
                .map((MatchResult link) -> link.group(1))
                .filter(target -> !target.contains("://"))
                .toList();
    }

    /** The anchors of the headings, as GitHub makes them. */
    List<String> anchors() {
        return Pattern.compile("(?m)^#+ (.+)$")
                .matcher(text)
                .results()
                .map(heading -> heading.group(1)
                        .toLowerCase(java.util.Locale.ROOT)
                        .replaceAll("[^\\p{L}\\p{N} _-]", "")
                        .replace(' ', '-'))
                .toList();
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
