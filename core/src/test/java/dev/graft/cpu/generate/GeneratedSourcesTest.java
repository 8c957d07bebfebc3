package dev.graft.cpu.generate;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Committed kernels are what their generators write, formatted as all sources are. After a change to a generator:
 *
 * <pre>
 * mvn -pl core test-compile
 * java -cp core/target/test-classes dev.graft.cpu.generate.GeneratedSources core/src/main/java
 * </pre>
 */
class GeneratedSourcesTest {
    static List<Source> sources() {
        return GeneratedSources.all();
    }

    @ParameterizedTest
    @MethodSource("sources")
    void committedSourceIsWhatItsGeneratorWrites(Source source) throws IOException {
        String committed = Files.readString(Path.of("src/main/java", source.path()));
        assertThat(committed.replace("\r\n", "\n"))
                .as("%s. Hint: change its generator and write it as this class describes.", source)
                .isEqualTo(source.text());
    }
}
