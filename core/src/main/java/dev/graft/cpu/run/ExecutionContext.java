package dev.graft.cpu.run;

import dev.graft.cpu.KernelRehearsal;
import dev.graft.cpu.elementwise.PlainElementLoops;
import dev.graft.cpu.elementwise.VectorElementLoops;
import dev.graft.cpu.gemm.JavaBlas;
import dev.graft.cpu.gemm.OpenBlas;
import dev.graft.cpu.memory.MemoryAccount;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntConsumer;
import java.util.function.Supplier;

/** What all kernels work with: threads, matrix products, element kernels, scratch memory. */
public final class ExecutionContext {
    private static final Logger LOG = System.getLogger("dev.graft.cpu");
    private static final AtomicBoolean FALLBACK_LOGGED = new AtomicBoolean();

    private final ElementLoops kernels = chosenKernels();
    private final Supplier<Blas> blasSource;
    private final MemoryAccount memory = new MemoryAccount();
    private volatile Parallel parallel;
    private volatile Blas blas;
    private final Workspaces workspaces = new Workspaces(this::blas, memory);

    public ExecutionContext(int threads, Supplier<Blas> blasSource) {
        this.parallel = new Parallel(threads);
        this.blasSource = blasSource;
        memory.register(workspaces);
    }

    public ExecutionContext(int threads) {
        this(threads, ExecutionContext::chosenBlas);
    }

    private static ElementLoops chosenKernels() {
        Settings.KernelChoice choice = Settings.ofJvm().kernels();
        if (choice == Settings.KernelChoice.PLAIN) {
            return new PlainElementLoops("chosen by graft.kernels");
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
        return new VectorElementLoops();
    }

    private static ElementLoops fallBack(String reason) {
        if (!FALLBACK_LOGGED.getAndSet(true)) {
            LOG.log(
                    Level.INFO,
                    "Kernels fall back to plain Java loops and OpenBLAS, which take two to three times as long as compiled vectors: "
                            + reason + ".");
        }
        return new PlainElementLoops(reason);
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
    public boolean usesVectors() {
        return kernels.usesVectors();
    }

    /** Waits for the {@link KernelRehearsal} of vector kernels. To be called when an operator runs, not before. */
    public void awaitKernels() {
        if (usesVectors()) {
            KernelRehearsal.await();
        }
    }

    /** Ready for use, see {@link #awaitKernels}. */
    public ElementLoops kernels() {
        awaitKernels();
        return kernels;
    }

    /** Loaded at the first product, so that programs without one start fast. */
    public Blas blas() {
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
    public String describeBlas() {
        return blas().description();
    }

    /** Who holds memory, and how to get it back. */
    public MemoryAccount memory() {
        return memory;
    }

    public Workspace workspace() {
        return workspaces.get();
    }

    public int threads() {
        return parallel.threads();
    }

    public void setThreads(int threads) {
        Parallel old = parallel;
        parallel = new Parallel(threads);
        old.close();
    }

    /** Runs {@code body} over {@code [0, n)} in pieces of {@code grain}; see {@link Parallel#forRange}. */
    public void forRange(int n, int grain, Parallel.Body body) {
        parallel.forRange(n, grain, body);
    }

    /** Runs {@code task} for each index below {@code n}, one piece each. */
    public void forEach(int n, IntConsumer task) {
        parallel.forRange(n, 1, (from, to) -> task.accept(from));
    }
}
