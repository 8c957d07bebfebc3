package dev.graft.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class KernelSourceTest {
    private static final Pattern LAUNCH = Pattern.compile("\\.launch\\(\\s*\"(\\w+)\"\\s*\\)");

    private static Set<String> files(Path folder, String ending) throws IOException {
        try (var files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(ending))
                    .collect(Collectors.toCollection(TreeSet::new));
        }
    }

    @Test
    void namesEveryFile() throws IOException {
        assertThat(files(Path.of("src/main/resources/dev/graft/cuda/kernels"), ".cu"))
                .containsExactlyInAnyOrderElementsOf(
                        KernelSource.FILES.stream().map(file -> file + ".cu").toList());
    }

    @Test
    void hasEveryKernelThatIsLaunchedByName() throws IOException {
        Set<String> kernels = KernelSource.FILES.stream()
                .flatMap(file -> KernelSource.kernels(file).stream())
                .collect(Collectors.toCollection(TreeSet::new));
        int launches = 0;
        Path folder = Path.of("src/main/java/dev/graft/cuda");
        for (String file : files(folder, ".java")) {
            Matcher launch = LAUNCH.matcher(Files.readString(folder.resolve(file)));
            while (launch.find()) {
                launches++;
                assertThat(kernels).as(file).contains(launch.group(1));
            }
        }
        assertThat(launches).isGreaterThan(30);
    }

    /** NVRTC has no folder of headers. */
    @Test
    void includesNothing() {
        for (String file : KernelSource.FILES) {
            assertThat(KernelSource.text(file).toLowerCase(Locale.ROOT))
                    .as(file)
                    .doesNotContain("#include");
        }
    }
}
