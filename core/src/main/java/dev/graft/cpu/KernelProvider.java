package dev.graft.cpu;

import dev.graft.cpu.conv.parts.ConvolutionAlgorithm;
import dev.graft.cpu.gemm.JavaBlas;
import dev.graft.cpu.gemm.LargeProducts;
import dev.graft.cpu.gemm.OpenBlas;
import dev.graft.cpu.layout.ChannelsLast;
import dev.graft.cpu.norm.NormLoops;
import dev.graft.cpu.pool.MaxPooling;
import dev.graft.cpu.pool.TapLoops;
import dev.graft.cpu.run.Blas;
import dev.graft.cpu.run.ElementLoops;
import dev.graft.cpu.run.ExecutionContext;
import dev.graft.cpu.run.Settings;
import dev.graft.cpu.run.VectorCheck;
import dev.graft.cpu.sequence.BlockProducts;
import dev.graft.cpu.sequence.CellLoops;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

/**
 * The kernels that this machine runs, for everything that has more than one implementation. They are chosen here, once,
 * and nowhere else. Classes whose names start with {@code Vector} need the Vector API; those that start with
 * {@code Plain} or {@code Blas} do not.
 */
public abstract class KernelProvider {
    private static final Logger LOG = System.getLogger("dev.graft.cpu");
    private static final AtomicBoolean FALLBACK_LOGGED = new AtomicBoolean();

    KernelProvider() {}

    /**
     * What {@code graft.kernels} chooses, else vectors if the JVM compiles them to instructions.
     *
     * @throws IllegalArgumentException if vectors are chosen but not possible
     */
    public static KernelProvider chosen() {
        Settings.KernelChoice choice = Settings.ofJvm().kernels();
        if (choice == Settings.KernelChoice.PLAIN) {
            return new PlainKernelProvider("chosen by graft.kernels");
        }
        boolean forced = choice == Settings.KernelChoice.VECTOR;
        if (!VectorCheck.hasModule()) {
            String missing =
                    "the JVM runs without the vector module. Hint: add --add-modules jdk.incubator.vector to the java command";
            if (forced) {
                throw new IllegalArgumentException(
                        "graft.kernels (system property): 'vector' is not possible: " + missing + ".");
            }
            return fallBack(missing);
        }
        Optional<String> obstacle = VectorCheck.obstacle();
        if (obstacle.isPresent() && !forced) {
            return fallBack(obstacle.get());
        }
        obstacle.ifPresent(reason -> LOG.log(
                Level.WARNING,
                "Vector kernels, which graft.kernels chose, are many times slower here than plain ones: " + reason
                        + "."));
        return new VectorKernelProvider();
    }

    private static KernelProvider fallBack(String reason) {
        if (!FALLBACK_LOGGED.getAndSet(true)) {
            LOG.log(
                    Level.INFO,
                    "Kernels fall back to plain Java loops and OpenBLAS, which take two to three times as long as compiled vectors: "
                            + reason + ".");
        }
        return new PlainKernelProvider(reason);
    }

    private static Blas chosenBlas() {
        if (Settings.ofJvm().blas() == Settings.BlasChoice.JAVA) {
            return new JavaBlas("chosen by graft.blas");
        }
        try {
            return new OpenBlas();
        } catch (IllegalCallerException e) {
            return javaBlas(
                    e,
                    "add --enable-native-access=ALL-UNNAMED to the java command, or on the module path"
                            + " --enable-native-access=org.bytedeco.javacpp,org.bytedeco.openblas");
        } catch (LinkageError e) {
            return javaBlas(
                    e,
                    "put org.bytedeco:openblas and org.bytedeco:javacpp for this platform (such as classifier linux-x86_64)"
                            + " on the class path or the module path,"
                            + " and let the JVM unpack natives (org.bytedeco.javacpp.cachedir must be writable)");
        }
    }

    private static Blas javaBlas(Throwable reason, String fix) {
        LOG.log(
                Level.WARNING,
                "OpenBLAS could not be loaded, matrix products fall back to Java loops, which take ten to twenty times as long ("
                        + reason + "). Hint: " + fix + ".");
        return new JavaBlas("OpenBLAS could not be loaded: " + reason);
    }

    /** What the kernels of this provider run with, including the chosen library for matrix products. */
    public final ExecutionContext context(int threads) {
        return context(threads, KernelProvider::chosenBlas);
    }

    public final ExecutionContext context(int threads, Supplier<Blas> blas) {
        return new ExecutionContext(threads, elementLoops(), this::awaitKernels, blas);
    }

    /** Returns when the kernels are ready for use. */
    abstract void awaitKernels();

    abstract ElementLoops elementLoops();

    abstract BlockProducts blockProducts();

    /** Of recurrent layers. */
    abstract CellLoops cellLoops();

    abstract NormLoops normLoops(ExecutionContext context);

    abstract MaxPooling maxPooling(ExecutionContext context, ChannelsLast layout);

    abstract TapLoops tapLoops();

    abstract LargeProducts products(ExecutionContext context);

    /** For one group. */
    abstract ConvolutionAlgorithm denseConvolution(ExecutionContext context);

    /** For any number of groups. */
    abstract ConvolutionAlgorithm groupedConvolution(ExecutionContext context, ChannelsLast layout);

    /** For as many groups as channels. */
    abstract ConvolutionAlgorithm depthwiseConvolution(ExecutionContext context);
}
