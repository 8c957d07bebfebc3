package dev.graft.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class LaunchTest {
    @Test
    void addsWhatIsMissing() {
        Launch launch = new Launch(List.of(), 17, false, true);
        assertThat(launch.needsRestart()).isTrue();
        assertThat(launch.missing()).containsExactly("-XX:+UseParallelGC", "-XX:MaxNewSize=128m",
                "-XX:Tier4BackEdgeThreshold=400000", "-XX:MaxRAMPercentage=70", "--add-modules=jdk.incubator.vector", "-Dorg.bytedeco.javacpp.maxphysicalbytes=0",
                "-Dorg.bytedeco.javacpp.maxbytes=0", "-Djava.awt.headless=true");
    }

    @Test
    void asksForHugePagesWhereThereAreAny() {
        assertThat(new Launch(List.of(), 17, true, true).missing()).contains("-XX:+UseTransparentHugePages");
        assertThat(new Launch(List.of("-XX:-UseTransparentHugePages"), 17, true, true).missing()).noneMatch(flag -> flag.contains("HugePages"));
        assertThat(new Launch(List.of("-XX:+UseLargePages"), 17, true, true).missing()).noneMatch(flag -> flag.contains("HugePages"));
    }

    @Test
    void newerJavaAsksForNativeAccess() {
        assertThat(new Launch(List.of(), 25, false, true).missing()).contains("--enable-native-access=ALL-UNNAMED");
        assertThat(new Launch(List.of("--enable-native-access=ALL-UNNAMED"), 25, false, true).missing())
                .doesNotContain("--enable-native-access=ALL-UNNAMED");
    }

    @Test
    void keepsWhatTheUserChose() {
        List<String> given = List.of("-Xmx8g", "-XX:+UseZGC", "-XX:Tier4BackEdgeThreshold=40000", "--add-modules=java.sql,jdk.incubator.vector", "-Djava.awt.headless=false");
        assertThat(new Launch(given, 17, false, true).missing()).isEmpty();
        assertThat(new Launch(given, 17, false, true).needsRestart()).isFalse();
        assertThat(new Launch(List.of("-XX:MaxRAMPercentage=20"), 17, false, true).missing()).noneMatch(flag -> flag.contains("MaxRAM"));
        assertThat(new Launch(List.of("-Xmn1g"), 17, false, true).missing()).noneMatch(flag -> flag.contains("NewSize"));
    }

    @Test
    void doesNotRestartWhereForbiddenOrUnderADebugger() {
        assertThat(new Launch(List.of(), 17, false, false).needsRestart()).isFalse();
        assertThat(new Launch(List.of("-agentlib:jdwp=transport=dt_socket"), 17, false, true).needsRestart()).isFalse();
    }

    @Test
    void theCommandCarriesFlagsThenMainClassThenArguments() {
        List<String> command = new Launch(List.of("-Xss4m"), 17, false, true).command("inspect", "a file.pth");
        assertThat(command.get(0)).contains("java");
        assertThat(command).containsSubsequence("-Xss4m", "-XX:+UseParallelGC", "-cp", Main.class.getName(), "inspect", "a file.pth");
        assertThat(command).contains("-D" + Launch.PARENT + "=" + ProcessHandle.current().pid());
    }

    @Test
    void aChildsExitCodeIsOurs() {
        String java = ProcessHandle.current().info().command().orElseThrow();
        assertThat(new ChildJvm(List.of(java, "-version")).run()).isZero();
        assertThat(new ChildJvm(List.of(java, "--no-such-flag")).run()).isNotZero();
        assertThat(new ChildJvm(List.of("/no/such/java")).run()).isEqualTo(1);
    }
}
