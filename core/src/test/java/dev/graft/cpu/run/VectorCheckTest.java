package dev.graft.cpu.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.ForkedJvm;
import dev.graft.backend.Conv2dParams;
import dev.graft.tensor.Device;
import dev.graft.tensor.Tensor;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Vector kernels where the JVM compiles them to instructions, plain ones elsewhere, with the reason and the fix in the
 * log and in {@code doctor}.
 */
@DisabledIfSystemProperty(named = "graft.kernels", matches = "plain", disabledReason = "once is enough")
class VectorCheckTest {
    private static final int LONGEST_MS = 20_000;

    /** One convolution that takes minutes with vectors that are not compiled. */
    static final class ElementLoops {
        public static void main(String[] arguments) {
            long start = System.nanoTime();
            SplittableRandom random = new SplittableRandom(1);
            Tensor x = Tensor.randn(random, 1, 64, 56, 56);
            Tensor w = Tensor.randn(random, 64, 64, 3, 3);
            float sum =
                    x.conv2d(w, Optional.empty(), Conv2dParams.of(1, 1)).sum().item();
            System.out.println("kernels: " + Device.cpu().backend().describe().get("element kernels"));
            System.out.println(
                    "took " + (System.nanoTime() - start) / 1_000_000 + " ms, finite " + Float.isFinite(sum));
        }
    }

    private static String run(String... flags) {
        String output = ForkedJvm.of(ElementLoops.class)
                .flags("--add-modules", "jdk.incubator.vector")
                .flags(flags)
                .run()
                .succeeded();
        String took = output.substring(output.indexOf("took ") + 5);
        assertThat(Integer.parseInt(took.substring(0, took.indexOf(' '))))
                .as(output)
                .isLessThan(LONGEST_MS);
        assertThat(output).contains("finite true");
        return output;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "-XX:TieredStopAtLevel=1",
                "-XX:TieredStopAtLevel=2",
                "-XX:TieredStopAtLevel=3",
                "-XX:CompilationMode=quick-only"
            })
    void withoutTheOptimizingCompiler(String flag) {
        String reason =
                "this JVM runs without its optimizing compiler, C2. Hint: run without -XX:TieredStopAtLevel and -XX:CompilationMode";
        assertThat(run(flag))
                .contains(
                        "Kernels fall back to plain Java loops",
                        reason + ".",
                        "kernels: plain Java loops (" + reason + ")");
    }

    @ParameterizedTest
    @ValueSource(strings = {"-Xint", "-XX:TieredStopAtLevel=0"})
    void withoutAnyCompiler(String flag) {
        assertThat(run(flag))
                .contains("Kernels fall back to plain Java loops")
                .containsPattern("Hint: run without -X(int|X:TieredStopAtLevel)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"-XX:UseAVX=0", "-XX:-UseFMA"})
    @EnabledIfSystemProperty(named = "os.arch", matches = "amd64|x86_64")
    void withoutFusedMultiplyAdd(String flag) {
        assertThat(run(flag))
                .contains(
                        "Kernels fall back to plain Java loops",
                        "kernels: plain Java loops (this JVM does not use the processor's fused"
                                + " multiply-add instructions. Hint: run without -XX:-UseFMA and -XX:UseAVX=0");
    }

    @Test
    void withShortVectors() {
        assertThat(run("-XX:MaxVectorSize=8"))
                .contains(
                        "Kernels fall back to plain Java loops",
                        "vectors of 64 bits. Hint: run without -XX:MaxVectorSize");
    }

    @Test
    void withoutTheModule() {
        assertThat(ForkedJvm.of(ElementLoops.class).run().succeeded())
                .contains("kernels: plain Java loops (the JVM runs without the vector module. Hint: add"
                        + " --add-modules jdk.incubator.vector to the java command)");
    }

    @ParameterizedTest
    @CsvSource({"-XX:+UseSerialGC", "-XX:-TieredCompilation", "-XX:CompilationMode=high-only"})
    void vectorsWhereTheyAreCompiled(String flag) {
        assertThat(run(flag)).contains("kernels: Vector API").doesNotContain("fall back");
    }

    /** An image without the module of management cannot ask for flags: such a JVM is measured. */
    @Test
    void vectorsWhereTheJvmDoesNotSay() {
        String output = ForkedJvm.of(ElementLoops.class)
                .flags(
                        "--limit-modules",
                        "java.base,java.logging,jdk.unsupported,jdk.incubator.vector",
                        "--add-modules",
                        "jdk.incubator.vector")
                .run()
                .succeeded();
        assertThat(output).contains("kernels: Vector API");
        String slow = ForkedJvm.of(ElementLoops.class)
                .flags(
                        "--limit-modules",
                        "java.base,java.logging,jdk.unsupported,jdk.incubator.vector",
                        "--add-modules",
                        "jdk.incubator.vector",
                        "-XX:TieredStopAtLevel=3")
                .run()
                .succeeded();
        assertThat(slow)
                .contains("kernels: plain Java loops (this JVM (")
                .contains("does not compile the Vector API to instructions. Hint: use a JDK");
    }

    @Test
    void aChoiceIsObeyedWithAWarning() {
        ForkedJvm.Result result = ForkedJvm.of(Chosen.class)
                .flags("--add-modules", "jdk.incubator.vector", "-XX:TieredStopAtLevel=1", "-Dgraft.kernels=vector")
                .run();
        assertThat(result.succeeded())
                .contains(
                        "kernels: Vector API",
                        "Vector kernels, which graft.kernels chose, are many times slower here than plain ones:"
                                + " this JVM runs without its optimizing compiler, C2.");
        assertThat(run("-Dgraft.kernels=plain"))
                .contains("kernels: plain Java loops (chosen by graft.kernels)")
                .doesNotContain("fall back");
    }

    static final class Chosen {
        public static void main(String[] arguments) {
            System.out.println("kernels: " + Device.cpu().backend().describe().get("element kernels"));
        }
    }
}
