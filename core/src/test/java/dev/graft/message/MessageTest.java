package dev.graft.message;

import static dev.graft.message.Message.setting;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** One line, in Java's words and in a command line's. */
class MessageTest {
    private static String asOptions(Message message) {
        return message.render(
                (name, value) -> "--" + name + value.map(v -> " " + v).orElse(""));
    }

    @Test
    void aSettingIsSaidInTheReadersWords() {
        Message line = Message.of(setting("epochs") + " was 0, say " + setting("model", "resnet20") + " or "
                + setting("featureCache", false));
        assertThat(line).hasToString("epochs was 0, say model(\"resnet20\") or featureCache(false)");
        assertThat(asOptions(line)).isEqualTo("--epochs was 0, say --model resnet20 or --featureCache false");
    }

    @Test
    void namesOfFilesStayAsTheyAre() {
        String path = "/data/{epochs}/$1/\\1/100 %s";
        Message line = Message.of(setting("out") + " " + path + " is a file, not " + setting("out", path));
        assertThat(line).hasToString("out " + path + " is a file, not out(\"" + path.replace("\\", "\\\\") + "\")");
        assertThat(asOptions(line)).isEqualTo("--out " + path + " is a file, not --out " + path);
    }

    /** What a hint says in Java can be pasted. */
    @Test
    void aValueIsSaidAsJavasSourceSaysIt() {
        Message line = Message.of(setting("FineTuning.resume", Path.of("run1")) + " or " + setting("lr", 0.5) + " or "
                + setting("labels", "a \"b\"\n\\c"));
        assertThat(line)
                .hasToString("FineTuning.resume(Path.of(\"run1\")) or lr(0.5) or labels(\"a \\\"b\\\"\\n\\\\c\")");
        assertThat(asOptions(line)).isEqualTo("--FineTuning.resume run1 or --lr 0.5 or --labels a \"b\"\n\\c");
    }

    @Test
    void javaMaySayASettingInItsOwnWay() {
        Message line = Message.of("choose one by " + Message.inJava("state.under(\"ema\")", "stateDict", "ema")
                + ", see " + Message.inJava("names()", "inspect"));
        assertThat(line).hasToString("choose one by state.under(\"ema\"), see names()");
        assertThat(asOptions(line)).isEqualTo("choose one by --stateDict ema, see --inspect");
        assertThat(Message.of(line.marked())).isEqualTo(line);
    }

    @Test
    void anExceptionSaysJavasWords() {
        SettingException e = new SettingException(setting("epochs") + " must be at least 1", "leave it out");
        assertThat(e).hasMessage("epochs must be at least 1. Hint: leave it out.");
        assertThat(asOptions(Explained.of(e))).isEqualTo("--epochs must be at least 1. Hint: leave it out.");
        assertThat(Explained.of(new IllegalStateException("plain"))).hasToString("plain");
        assertThatThrownBy(() -> {
                    throw e;
                })
                .isInstanceOf(IllegalArgumentException.class);
    }
}
