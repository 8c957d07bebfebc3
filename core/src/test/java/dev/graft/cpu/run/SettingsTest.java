package dev.graft.cpu.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.ForkedJvm;
import dev.graft.cpu.run.Settings.WinogradChoice;
import dev.graft.tensor.Device;
import dev.graft.tensor.Tensor;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingsTest {
    private static Settings of(Map<String, String> properties, Map<String, String> environment) {
        return new Settings(properties::get, environment::get);
    }

    private static Settings property(String name, String value) {
        return of(Map.of(name, value), Map.of());
    }

    @Test
    void thePropertyComesBeforeTheEnvironment() {
        int all = Math.min(Settings.MOST_THREADS, Runtime.getRuntime().availableProcessors());
        assertThat(of(Map.of(), Map.of()).threads()).isEqualTo(all);
        assertThat(of(Map.of(), Map.of("GRAFT_THREADS", " 3 ")).threads()).isEqualTo(3);
        assertThat(of(Map.of("graft.threads", "5"), Map.of("GRAFT_THREADS", "abc"))
                        .threads())
                .isEqualTo(5);
        assertThat(of(Map.of("graft.threads", ""), Map.of("GRAFT_THREADS", " ")).threads())
                .isEqualTo(all);
    }

    @Test
    void choicesAndDefaults() {
        Settings none = of(Map.of(), Map.of());
        assertThat(none.kernels()).isEqualTo(Settings.KernelChoice.BEST);
        assertThat(none.winograd()).isEqualTo(WinogradChoice.F4);
        assertThat(none.blas()).isEqualTo(Settings.BlasChoice.OPENBLAS);
        assertThat(none.poolBytes()).isEqualTo(Runtime.getRuntime().maxMemory() / 2);
        assertThat(property("graft.kernels", "vector").kernels()).isEqualTo(Settings.KernelChoice.VECTOR);
        assertThat(property("graft.kernels", "plain").kernels()).isEqualTo(Settings.KernelChoice.PLAIN);
        assertThat(property("graft.winograd", "2").winograd()).isEqualTo(WinogradChoice.F2);
        assertThat(property("graft.winograd", "off").winograd()).isEqualTo(WinogradChoice.OFF);
        assertThat(property("graft.blas", "java").blas()).isEqualTo(Settings.BlasChoice.JAVA);
        assertThat(property("graft.pool.bytes", "0").poolBytes()).isZero();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "graft.threads|abc|'abc' is not a whole number. Hint: give a whole number from 1 to 4096, or leave it out for the default.",
                "graft.threads|0|'0' is out of range. Hint: give a whole number from 1 to 4096, or leave it out for the default.",
                "graft.threads|1.5|'1.5' is not a whole number. Hint: give a whole number from 1 to 4096, or leave it out for the default.",
                "graft.threads|99999999999999999999|'99999999999999999999' is not a whole number. Hint: give a whole number from 1 to 4096, or leave it out for the default.",
                "graft.threads|2000000000|'2000000000' is out of range. Hint: give a whole number from 1 to 4096, or leave it out for the default.",
                "graft.pool.bytes|-1|'-1' is out of range. Hint: give a whole number of 0 or more, or leave it out for the default.",
                "graft.pool.bytes|1g|'1g' is not a whole number. Hint: give a whole number of 0 or more, or leave it out for the default.",
                "graft.kernels|fast|'fast' is not a choice. Hint: give vector or plain, or leave it out for the default.",
                "graft.winograd|5|'5' is not a choice. Hint: give 4, 2 or off, or leave it out for the default.",
                "graft.blas|x|'x' is not a choice. Hint: give openblas or java, or leave it out for the default.",
                "graft.traceClose|yes|'yes' is not a choice. Hint: give true or false, or leave it out for the default."
            })
    void whatCannotBeReadIsNamedWithThePlaceAndTheFix(String name, String value, String message) {
        assertThatThrownBy(property(name, value)::check)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(name + " (system property): " + message);
    }

    @Test
    void theEnvironmentIsNamedAsThePlace() {
        assertThatThrownBy(of(Map.of(), Map.of("GRAFT_THREADS", "-3"))::check)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "GRAFT_THREADS (environment): '-3' is out of range. Hint: give a whole number from 1 to 4096, or leave it out for the default.");
    }

    /**
     * Every use fails in the same way, not the second one with NoClassDefFoundError; and once the setting is mended,
     * use works.
     */
    @Test
    void theLibraryCanBeUsedOnceASettingIsMended() {
        String output = ForkedJvm.of(TwoTouches.class)
                .vectors()
                .flags("-Dgraft.winograd=5")
                .run()
                .succeeded();
        String line =
                "graft.winograd (system property): '5' is not a choice. Hint: give 4, 2 or off, or leave it out for"
                        + " the default.";
        assertThat(output.lines().filter(l -> l.contains(": ")))
                .containsSubsequence(
                        "IllegalArgumentException: " + line, "IllegalArgumentException: " + line, "sum: 3.0");
    }

    static final class TwoTouches {
        public static void main(String[] arguments) {
            for (Runnable use : new Runnable[] {Device::cpu, () -> Tensor.zeros(2)}) {
                try {
                    use.run();
                } catch (Throwable e) {
                    System.out.println(e.getClass().getSimpleName() + ": " + e.getMessage());
                }
            }
            System.clearProperty("graft.winograd");
            System.out.println("sum: " + Tensor.of(new float[] {1, 2}, 2).sum().item());
        }
    }

    @Test
    void vectorsThatWereAskedForAreNotReplacedInSilence() {
        String output = ForkedJvm.of(TwoTouches.class)
                .flags("-Dgraft.kernels=vector")
                .run()
                .output();
        assertThat(output)
                .contains(
                        "IllegalArgumentException: graft.kernels (system property): 'vector' is not possible: the JVM runs without the"
                                + " vector module. Hint: add --add-modules jdk.incubator.vector to the java command.");
    }
}
