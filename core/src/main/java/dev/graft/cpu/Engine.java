package dev.graft.cpu;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntConsumer;
import java.util.function.Supplier;

/** What all kernels work with: threads, matrix products, element kernels, scratch memory. */
final class Engine {
    private static final Logger LOG = System.getLogger("dev.graft.cpu");
    private static final AtomicBoolean FALLBACK_LOGGED = new AtomicBoolean();

    private final Kernels kernels = chosenKernels();
    private final Supplier<Blas> blasSource;
    private final Memory memory = new Memory();
    private volatile Parallel parallel;
    private volatile Blas blas;
    private final Workspaces workspaces = new Workspaces(this::blas, memory);

    Engine(int threads, Supplier<Blas> blasSource) {
        this.parallel = new Parallel(threads);
        this.blasSource = blasSource;
        memory.register(workspaces);
    }

    Engine(int threads) {
        this(threads, Engine::chosenBlas);
    }

    private static Kernels chosenKernels() {
        Settings.KernelChoice choice = Settings.ofJvm().kernels();
        if (choice == Settings.KernelChoice.PLAIN) {
            return new PlainKernels("chosen by graft.kernels");
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
                "Vector kernels, which graft.kernels chose, are many times slower here than plain" + " ones: " + reason
                        + "."));
        return new VectorKernels();
    }

    private static Kernels fallBack(String reason) {
        if (!FALLBACK_LOGGED.getAndSet(true)) {
            LOG.log(
                    Level.INFO,
                    "Kernels fall back to plain Java loops and OpenBLAS, which take two to three times as long as compiled vectors: "
                            + reason + ".");
        }
        return new PlainKernels(reason);
    }

    private static Blas chosenBlas() {
        if (Settings.ofJvm().blas() == Settings.BlasChoice.JAVA) {
            return new JavaBlas("chosen by graft.blas");
        }
        try {
            return new OpenBlas();
        } catch (LinkageError e) {
            LOG.log(
                    Level.WARNING,
                    "OpenBLAS could not be loaded, matrix products fall back to slow Java loops (" + e
                            + "). Hint: put org.bytedeco:openblas and org.bytedeco:javacpp for this platform on the class path"
                            + " (on the module path add --add-modules org.bytedeco.openblas.PLATFORM,org.bytedeco.javacpp.PLATFORM, such as linux.x86_64),"
                            + " and let the JVM unpack natives (org.bytedeco.javacpp.cachedir must be writable).");
            return new JavaBlas("OpenBLAS could not be loaded: " + e);
        }
    }

    /** Whether kernels work on vectors; does not wait for them. */
    boolean usesVectors() {
        return kernels.usesVectors();
    }

    /** Waits for the {@link Rehearsal} of vector kernels. To be called when an operator runs, not before. */
    void awaitKernels() {
        if (usesVectors()) {
            Rehearsal.await();
        }
    }

    /** Ready for use, see {@link #awaitKernels}. */
    Kernels kernels() {
        awaitKernels();
        return kernels;
    }

    /** Loaded at the first product, so that programs without one start fast. */
    Blas blas() {
        Blas b = blas;
        if (b == null) {
            synchronized (this) {
                if (blas == null) {
                    blas = blasSource.get();
                }
                b = blas;
            }
        }
        return b;
    }

    /** The library in use; loads it. */
    String describeBlas() {
        return blas().description();
    }

    /** Who holds memory, and how to get it back. */
    Memory memory() {
        return memory;
    }

    Workspace workspace() {
        return workspaces.get();
    }

    int threads() {
        return parallel.threads();
    }

    void setThreads(int threads) {
        Parallel old = parallel;
        parallel = new Parallel(threads);
        old.close();
    }

    /** Runs {@code body} over {@code [0, n)} in pieces of {@code grain}; see {@link Parallel#forRange}. */
    void forRange(int n, int grain, Parallel.Body body) {
        parallel.forRange(n, grain, body);
    }

    /** Runs {@code task} for each index below {@code n}, one piece each. */
    void forEach(int n, IntConsumer task) {
        parallel.forRange(n, 1, (from, to) -> task.accept(from));
    }
}
