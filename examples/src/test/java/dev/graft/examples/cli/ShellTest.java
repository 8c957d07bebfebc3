package dev.graft.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** What a hint prints is read back by a shell as the words that were meant. */
@DisabledOnOs(OS.WINDOWS)
class ShellTest {
    @Test
    void wordsThatNeedNoQuotesHaveNone() {
        assertThat(Shell.command(List.of("finetune", "--resume", "--out", "runs/run-1")))
                .isEqualTo("graft finetune --resume --out runs/run-1");
    }

    @Test
    void aShellReadsEveryWordBack() throws IOException, InterruptedException {
        for (String word : List.of(
                "my run",
                "it's",
                "a\"b",
                "$HOME",
                "`id`",
                "~/run",
                "*",
                "a;b",
                "a&b",
                "(x)",
                "",
                "back\\slash",
                "Ärzte",
                "!1",
                "two\nlines",
                "#1",
                "<in>",
                "{a,b}",
                "--out=my run")) {
            Process shell = new ProcessBuilder("sh", "-c", "printf %s " + Shell.word(word)).start();
            assertThat(new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                    .isEqualTo(word);
            assertThat(shell.waitFor()).isZero();
        }
    }

    @Test
    void aPathThatBeginsWithADashIsNoOption() {
        assertThat(Shell.command("predict", "--model", Path.of("-run"))).isEqualTo("graft predict --model ./-run");
        assertThat(Shell.command("predict", "--model", Path.of("- run"))).endsWith(" './- run'");
    }
}
