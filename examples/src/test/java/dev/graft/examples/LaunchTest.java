package dev.graft.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class LaunchTest {
    private static final Streams STREAMS = new Streams(Optional.of(false), Optional.of(false));
    private static final LocaleText RICH = new LocaleText(StandardCharsets.UTF_8, Path.of("/proc/self/cmdline"));

    @Test
    void addsWhatIsMissing() {
        Launch launch = new Launch(List.of(), 17, false, true, RICH, STREAMS);
        assertThat(launch.needsRestart()).isTrue();
        assertThat(launch.missing())
                .containsExactly(
                        "-XX:+UseParallelGC",
                        "-XX:MaxNewSize=128m",
                        "-XX:Tier4BackEdgeThreshold=400000",
                        "-XX:MaxRAMPercentage=70",
                        "--add-modules=jdk.incubator.vector",
                        "-Dorg.bytedeco.javacpp.maxphysicalbytes=0",
                        "-Dorg.bytedeco.javacpp.maxbytes=0",
                        "-Djava.awt.headless=true");
    }

    @Test
    void asksForHugePagesWhereThereAreAny() {
        assertThat(new Launch(List.of(), 17, true, true, RICH, STREAMS).missing())
                .contains("-XX:+UseTransparentHugePages");
        assertThat(new Launch(List.of("-XX:-UseTransparentHugePages"), 17, true, true, RICH, STREAMS).missing())
                .noneMatch(flag -> flag.contains("HugePages"));
        assertThat(new Launch(List.of("-XX:+UseLargePages"), 17, true, true, RICH, STREAMS).missing())
                .noneMatch(flag -> flag.contains("HugePages"));
    }

    @Test
    void newerJavaAsksForNativeAccess() {
        assertThat(new Launch(List.of(), 25, false, true, RICH, STREAMS).missing())
                .contains("--enable-native-access=ALL-UNNAMED");
        assertThat(new Launch(List.of("--enable-native-access=ALL-UNNAMED"), 25, false, true, RICH, STREAMS).missing())
                .doesNotContain("--enable-native-access=ALL-UNNAMED");
    }

    @Test
    void keepsWhatTheUserChose() {
        List<String> given = List.of(
                "-Xmx8g",
                "-XX:+UseZGC",
                "-XX:Tier4BackEdgeThreshold=40000",
                "--add-modules=java.sql,jdk.incubator.vector",
                "-Djava.awt.headless=false");
        assertThat(new Launch(given, 17, false, true, RICH, STREAMS).missing()).isEmpty();
        assertThat(new Launch(given, 17, false, true, RICH, STREAMS).needsRestart())
                .isFalse();
        assertThat(new Launch(List.of("-XX:MaxRAMPercentage=20"), 17, false, true, RICH, STREAMS).missing())
                .noneMatch(flag -> flag.contains("MaxRAM"));
        assertThat(new Launch(List.of("-Xmn1g"), 17, false, true, RICH, STREAMS).missing())
                .noneMatch(flag -> flag.contains("NewSize"));
    }

    @Test
    void doesNotRestartWhereForbiddenOrUnderADebugger() {
        assertThat(new Launch(List.of(), 17, false, false, RICH, STREAMS).needsRestart())
                .isFalse();
        assertThat(new Launch(List.of("-agentlib:jdwp=transport=dt_socket"), 17, false, true, RICH, STREAMS)
                        .needsRestart())
                .isFalse();
    }

    @Test
    void theCommandCarriesFlagsThenMainClassThenArguments() {
        List<String> command =
                new Launch(List.of("-Xss4m"), 17, false, true, RICH, STREAMS).command("inspect", "a file.pth");
        assertThat(command.get(0)).contains("java");
        assertThat(command)
                .containsSubsequence(
                        "-Xss4m", "-XX:+UseParallelGC", "-cp", Main.class.getName(), "inspect", "a file.pth");
        assertThat(command)
                .contains("-D" + Launch.PARENT + "=" + ProcessHandle.current().pid());
    }

    @Test
    void aChildsExitCodeIsOurs() {
        String java = ProcessHandle.current().info().command().orElseThrow();
        assertThat(new ChildJvm(List.of(java, "-version"), Map.of(), false).run())
                .isZero();
        assertThat(new ChildJvm(List.of(java, "--no-such-flag"), Map.of(), false).run())
                .isNotZero();
        assertThat(new ChildJvm(List.of("/no/such/java"), Map.of(), false).run())
                .isEqualTo(1);
    }

    @Test
    void theChildLearnsWhereItsStreamsLead() {
        for (boolean same : new boolean[] {false, true}) {
            Streams streams = new Streams(Optional.of(same), Optional.of(true));
            Launch launch = new Launch(List.of(), 17, false, true, RICH, streams);
            assertThat(launch.isFiltered()).isTrue();
            assertThat(launch.command("doctor")).contains("-Dgraft.terminal=err");
            assertThat(launch.command("doctor").contains("-Dgraft.launcher.onestream=true"))
                    .isEqualTo(same);
        }
    }

    /** Lines on both streams would change their order where nobody knows that they meet. */
    @Test
    void whereNobodyKnowsWhereTheStreamsLeadTheyAreLeftAlone() {
        Launch launch = new Launch(List.of(), 17, false, true, RICH, new Streams(Optional.empty(), Optional.empty()));
        assertThat(launch.isFiltered()).isFalse();
        assertThat(launch.command("doctor")).noneMatch(word -> word.startsWith("-Dgraft.terminal"));
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void aShellsOpenFileIsFoundByTheChild() {
        Launch launch = new Launch(List.of(), 17, false, true, RICH, STREAMS);
        String own = "/proc/" + ProcessHandle.current().pid() + "/fd/63";
        assertThat(launch.command("--json", "/dev/fd/63")).endsWith("--json", own);
        assertThat(launch.command("--json=/proc/self/fd/63")).endsWith("--json=" + own);
        assertThat(launch.command("/dev/fd/1", "/dev/fd/63/x", "fd/63")).endsWith("/dev/fd/1", "/dev/fd/63/x", "fd/63");
    }
}
