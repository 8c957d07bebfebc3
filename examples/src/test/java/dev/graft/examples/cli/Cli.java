package dev.graft.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.nn.json.Json;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Runs the program inside the test. */
record Cli(int code, String out, String err) {

    static Cli run(Object... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int code = Program.run(
                new PrintWriter(out),
                new PrintWriter(err),
                Arrays.stream(arguments).map(String::valueOf).toArray(String[]::new));
        return new Cli(code, out.toString(), err.toString());
    }

    /** Fine-tunes a small network from nothing for one epoch. */
    static Cli finetune(Path data, Path out, Object... more) {
        List<Object> all = new ArrayList<>(List.of(
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
                out));
        all.addAll(Arrays.asList(more));
        return run(all.toArray());
    }

    /** Runs with {@code --json FILE} and returns the file's object. */
    static Map<String, Object> json(Path file, Object... arguments) {
        Object[] all = Arrays.copyOf(arguments, arguments.length + 2);
        all[arguments.length] = "--json";
        all[arguments.length + 1] = file;
        run(all).succeeded();
        return Json.readObject(file);
    }

    Cli succeeded() {
        assertThat(code).as(err).isZero();
        return this;
    }

    /** One line that says what, where and the fix. */
    Cli failedWith(String... parts) {
        assertThat(code).as(out + err).isEqualTo(1);
        assertThat(err.strip().lines()).as(err).hasSize(1);
        assertThat(err).startsWith("graft ").contains("Hint: ").contains(parts);
        return this;
    }

    /** Failed, with such a line among those on standard error. */
    Cli failsNaming(String part) {
        assertThat(code).as(out + err).isEqualTo(1);
        assertThat(err).contains(part);
        return this;
    }

    /** Two lines: what is wrong, and what to do. */
    Cli wrongUsage(String... parts) {
        assertThat(code).as(out + err).isEqualTo(2);
        assertThat(err.strip().lines()).as(err).hasSize(2);
        assertThat(parts).allSatisfy(part -> assertThat(err).contains(part));
        assertThat(err)
                .startsWith("graft")
                .containsPattern("\\RHint: .*graft( [a-z-]+)* --help shows all (options|commands)\\.");
        return this;
    }

    static List<?> list(Map<String, Object> map, String key) {
        return (List<?>) map.get(key);
    }

    static Map<?, ?> map(Object value) {
        return (Map<?, ?>) value;
    }
}
