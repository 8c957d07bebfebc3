package dev.graft.examples.cli.text;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.examples.cli.Program;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

/** What comes from files cannot steer the terminal that shows it. */
class VisibleTextTest {

    private static String written(String text) {
        StringWriter all = new StringWriter();
        PrintWriter whole = VisibleText.to(new PrintWriter(all));
        whole.print(text);
        whole.flush();
        StringWriter pieces = new StringWriter();
        PrintWriter single = VisibleText.to(new PrintWriter(pieces));
        text.chars().forEach(single::write);
        single.write(text.toCharArray(), 0, 0);
        single.flush();
        assertThat(pieces.toString()).isEqualTo(all.toString());
        return all.toString();
    }

    @Test
    void controlCharactersAreShownAsTheirNumbers() {
        assertThat(written("a\u001b[2K\u001b[1Gb")).isEqualTo("a\\u001b[2K\\u001b[1Gb");
        assertThat(written("cancer\b\b\rhealthy")).isEqualTo("cancer\\u0008\\u0008\\u000dhealthy");
        assertThat(written("\u009b31m\u007f\u0000")).isEqualTo("\\u009b31m\\u007f\\u0000");
        assertThat(written("\u202eabc\u2066")).isEqualTo("\\u202eabc\\u2066");
    }

    @Test
    void textStaysAsItIs() {
        String text = "Krebs, \u00d6dem, \u65e5\u672c, \ud83d\ude00\tand\nmore \u200d";
        assertThat(written(text)).isEqualTo(text);
        StringWriter all = new StringWriter();
        PrintWriter out = VisibleText.to(new PrintWriter(all));
        out.print("line\r\n");
        out.println("next");
        out.flush();
        assertThat(all.toString()).isEqualTo("line\r\nnext" + System.lineSeparator());
    }

    @Test
    void theProgramShowsNothingElse() {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int code =
                Program.run(new PrintWriter(out), new PrintWriter(err), "predict", "--model", "no\u001b[31mmodel", "x");
        assertThat(code).isEqualTo(1);
        assertThat(err.toString()).contains("no\\u001b[31mmodel").doesNotContain("\u001b");
        assertThat(out.toString()).doesNotContain("\u001b");
    }

    @Test
    void theHelpHasNoColoursThatWouldBeShown() {
        String before = System.getProperty("picocli.ansi");
        System.setProperty("picocli.ansi", "true"); // as on a terminal
        try {
            for (String[] words : new String[][] {{"--help"}, {"finetune", "--help"}, {"finetune", "--nonsense"}}) {
                StringWriter text = new StringWriter();
                Program.run(new PrintWriter(text), new PrintWriter(text), words);
                assertThat(text.toString())
                        .contains("graft")
                        .doesNotContain("u001b")
                        .doesNotContain("\u001b");
            }
        } finally {
            if (before == null) {
                System.clearProperty("picocli.ansi");
            } else {
                System.setProperty("picocli.ansi", before);
            }
        }
    }
}
