package dev.graft.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DoctorCommandTest {
    @Test
    void tellsWhatTheProgramRunsOn(@TempDir Path folder) {
        Map<String, Object> report = Cli.json(folder.resolve("doctor.json"), "doctor");
        assertThat(report).containsKeys("graft", "java", "cpu", "memory", "backend", "product", "devices", "settings");
        assertThat(Cli.map(report.get("java")).get("version"))
                .isEqualTo(Runtime.version().toString());
        assertThat(Cli.map(report.get("product")).get("correct")).isEqualTo(true);
        assertThat((Number) Cli.map(report.get("memory")).get("heap_limit_bytes"))
                .isNotNull();
        assertThat(Cli.map(report.get("devices")).get("cpu")).isEqualTo("available");
        assertThat((String) Cli.map(report.get("devices")).get("cuda"))
                .startsWith("not available: ")
                .contains("Hint: ");
        Map<?, ?> backend = Cli.map(report.get("backend"));
        String kernels = String.valueOf(backend.get("element kernels"));
        assertThat((String) backend.get("matrix products"))
                .startsWith(kernels.startsWith("Vector API") ? kernels : "OpenBLAS");
    }

    @Test
    void printsATableForPeople() {
        assertThat(Cli.run("doctor").succeeded().out())
                .contains("matrix products")
                .contains("heap_limit_bytes")
                .contains("GB")
                .contains("cuda");
    }

    @Test
    void everyCommandHasHelp() {
        for (String command : new String[] {"finetune", "evaluate", "predict", "inspect", "doctor", "demo"}) {
            assertThat(Cli.run(command, "--help").succeeded().out())
                    .startsWith("Usage: graft " + command)
                    .contains("--json", "--stacktrace");
        }
        assertThat(Cli.run("--version").succeeded().out()).startsWith("graft ");
    }
}
