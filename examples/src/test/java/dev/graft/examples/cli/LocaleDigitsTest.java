package dev.graft.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Locales whose digits are not ASCII, or whose letters turn in another way: nothing that the program writes depends on
 * them.
 */
class LocaleDigitsTest {
    private final Locale before = Locale.getDefault();

    @TempDir
    private Path folder;

    @AfterEach
    void restore() {
        Locale.setDefault(before);
    }

    private String everythingFor(Locale locale, Path data) throws IOException {
        Locale.setDefault(locale);
        assertThat(locale.getLanguage().equals("tr") ? "i".toUpperCase(locale) : String.format(locale, "%d", 1))
                .as("what would go wrong")
                .isNotIn("I", "1");
        Path run = folder.resolve("run-" + locale.toLanguageTag());
        List<String> texts = new ArrayList<>();
        for (Object[] command : new Object[][] {
            {
                "finetune",
                "--data",
                data,
                "--model",
                "resnet20",
                "--weights",
                "none",
                "--freeze",
                "none",
                "--epochs",
                1,
                "--batch",
                8,
                "--out",
                run
            },
            {"evaluate", "--model", run, "--data", data, "--json", "-"},
            {"predict", "--model", run, data.resolve("left/image0.png"), "--json", "-"},
            {"inspect", run.resolve("model.safetensors")},
            {"doctor"},
            {"finetune", "--help"}
        }) {
            Cli cli = Cli.run(command).succeeded();
            texts.add(cli.out());
            texts.add(cli.err());
        }
        try (Stream<Path> files = Files.list(run)) {
            for (Path file : files.filter(f -> f.toString().matches(".*\\.(json|csv)"))
                    .sorted()
                    .toList()) {
                texts.add(Files.readString(file));
            }
        }
        return String.join("\n", texts);
    }

    @Test
    void digitsAreAsciiInEveryLocale() throws IOException {
        Path data = TinyImages.folder(folder.resolve("data"), 8, 1);
        for (String tag : List.of("ar-EG-u-nu-arab", "fa-IR-u-nu-arabext", "hi-IN-u-nu-deva", "tr-TR")) {
            String all = everythingFor(Locale.forLanguageTag(tag), data);
            assertThat(all).contains("confusion matrix", "\"accuracy\"", "learning");
            assertThat(all.codePoints()
                            .filter(c -> c > 127 && (Character.isDigit(c) || c == 0x66B || c == 0x66C))
                            .mapToObj(Character::toString)
                            .distinct()
                            .toList())
                    .as(tag)
                    .isEmpty();
        }
    }
}
