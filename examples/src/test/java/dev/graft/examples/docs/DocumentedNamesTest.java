package dev.graft.examples.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Every Graft name in the tables of docs/pytorch.md is a public class, or a public member of one; every row has one;
 * and what the page says is missing is missing.
 */
class DocumentedNamesTest {
    private static final int LEAST_NAMES = 120;
    private static final int LEAST_MISSING = 10;
    /** The second cells of rows that need no name of Graft. */
    private static final Set<String> WITHOUT_NAMES =
            Set.of("the same, of I64 and I32", "nothing: one process computes in F32");

    private static final Pattern CODE = Pattern.compile("`([^`]+)`");
    private static final Pattern NAME = Pattern.compile("`([A-Z]\\w*)(?:\\.(\\w+))?`");

    @Test
    void everyGraftNameInTheTableOfPyTorchNamesExists() throws IOException {
        Map<String, Class<?>> types = publicTypes();
        Set<String> unknown = new TreeSet<>();
        int names = 0;
        for (String line : Files.readAllLines(Page.ROOT.resolve("docs/pytorch.md"))) {
            String[] cells = line.split(" \\| ", -1);
            if (!line.startsWith("| ") || cells.length != 2) {
                continue;
            }
            for (MatchResult name : NAME.matcher(cells[1]).results().toList()) {
                names++;
                Class<?> type = types.get(name.group(1));
                if (type == null || (name.group(2) != null && !hasMember(type, name.group(2)))) {
                    unknown.add(name.group());
                }
            }
        }
        assertThat(unknown).isEmpty();
        assertThat(names).isGreaterThan(LEAST_NAMES);
    }

    /** A row without a name of Graft could not go stale unnoticed: it must be one of few that say so in words. */
    @Test
    void everyRowNamesWhatIsThere() throws IOException {
        Set<String> nameless = new TreeSet<>();
        for (String line : Files.readAllLines(Page.ROOT.resolve("docs/pytorch.md"))) {
            if (!line.startsWith("| ") || line.startsWith("| PyTorch |")) {
                continue;
            }
            String[] cells = line.split(" \\| ", -1);
            assertThat(cells).as(line).hasSize(2);
            if (!NAME.matcher(cells[1]).find()) {
                nameless.add(cells[1]);
            }
        }
        assertThat(nameless)
                .allMatch(cell -> WITHOUT_NAMES.stream().anyMatch(cell::startsWith), "a row without a name");
    }

    /** What the page says is missing is missing: no public type has such a name. */
    @Test
    void whatIsNotThereYetIsNotThere() throws IOException {
        String page = Files.readString(Page.ROOT.resolve("docs/pytorch.md"));
        Map<String, Class<?>> types = publicTypes();
        Set<String> known = new TreeSet<>();
        types.values().forEach(type -> {
            known.add(plain(type.getSimpleName()));
            Arrays.stream(type.getMethods())
                    .filter(m -> m.getDeclaringClass() == type)
                    .forEach(m -> known.add(plain(m.getName())));
        });
        Set<String> there = new TreeSet<>();
        int names = 0;
        for (String line :
                page.substring(page.indexOf("## Not there yet")).lines().toList()) {
            if (!line.startsWith("| `")) {
                continue;
            }
            for (MatchResult code :
                    CODE.matcher(line.split(" \\| ", -1)[0]).results().toList()) {
                // the last name of a path, or the argument that a call is about
                String name = code.group(1).replaceAll("=.*", "").replaceAll(".*[.(]", "");
                names++;
                if (known.contains(plain(name))) {
                    there.add(code.group());
                }
            }
        }
        assertThat(there).as("names under \"Not there yet\" that are there").isEmpty();
        assertThat(names).isGreaterThan(LEAST_MISSING);
    }

    /** A name without PyTorch's underscores and capitals. */
    private static String plain(String name) {
        return name.replace("_", "").toLowerCase(java.util.Locale.ROOT);
    }

    private static boolean hasMember(Class<?> type, String member) {
        return Stream.concat(Arrays.stream(type.getMethods()), Arrays.stream(type.getFields()))
                .anyMatch(m -> m.getName().equals(member));
    }

    /** By simple name; of two with one name the library's come first. */
    private static Map<String, Class<?>> publicTypes() throws IOException {
        Map<String, Class<?>> types = new LinkedHashMap<>();
        for (String module : new String[] {"core", "nn", "vision"}) {
            Path classes = Page.ROOT.resolve(module).resolve("target/classes");
            try (Stream<Path> files = Files.walk(classes)) {
                for (Path file : files.filter(f -> f.toString().endsWith(".class"))
                        .sorted()
                        .toList()) {
                    String name = classes.relativize(file)
                            .toString()
                            .replace(".class", "")
                            .replace(java.io.File.separatorChar, '.');
                    if (!name.contains("$") && !name.endsWith("-info") && !name.contains(".cpu.")) {
                        add(types, name);
                    }
                }
            }
        }
        types.put("Optional", java.util.Optional.class);
        return types;
    }

    private static void add(Map<String, Class<?>> types, String name) {
        try {
            Class<?> type = Class.forName(name, false, DocumentedNamesTest.class.getClassLoader());
            if (java.lang.reflect.Modifier.isPublic(type.getModifiers())) {
                types.putIfAbsent(type.getSimpleName(), type);
            }
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }
}
