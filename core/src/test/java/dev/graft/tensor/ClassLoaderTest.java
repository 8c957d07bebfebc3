package dev.graft.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.ForkedJvm;
import dev.graft.backend.Conv2dParams;
import java.lang.ref.WeakReference;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

/** Class loaders that load the library, use it and are dropped, as application servers and plugins do. */
class ClassLoaderTest {

    /** Loads Graft's classes itself, and all else, JavaCPP included, from its parent. */
    static final class Own extends URLClassLoader {
        Own() {
            super(urls(), ClassLoaderTest.class.getClassLoader());
        }

        private static URL[] urls() {
            return new URL[] {
                Tensor.class.getProtectionDomain().getCodeSource().getLocation(),
                ClassLoaderTest.class.getProtectionDomain().getCodeSource().getLocation()
            };
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (!name.startsWith("dev.graft.")) {
                return super.loadClass(name, resolve);
            }
            synchronized (getClassLoadingLock(name)) {
                Class<?> loaded = findLoadedClass(name);
                return loaded == null ? findClass(name) : loaded;
            }
        }
    }

    /** What an application does with the library. */
    public static final class Application implements Runnable {
        // Reachable from the loader, never closed.
        private static Tensor kept;

        @Override
        public void run() {
            SplittableRandom random = new SplittableRandom(5);
            kept = Tensor.randn(random, 64, 64, 3, 3);
            try (Scope scope = Scope.open();
                    Autograd.Guard guard = Autograd.noGrad()) {
                Tensor x = Tensor.randn(random, 2, 64, 28, 28);
                for (int i = 0; i < 3; i++) {
                    x = x.conv2d(kept, Optional.empty(), Conv2dParams.of(1, 1))
                            .relu()
                            .mul(0.05f);
                }
                Tensor rows = x.reshape(128, 784);
                if (!Float.isFinite(rows.matmul(rows.transpose(0, 1)).sum().item())) {
                    throw new IllegalStateException("not finite");
                }
            }
            List<Tensor> large = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                large.add(Tensor.zeros(1 << 18));
            }
            large.forEach(Tensor::close);
        }
    }

    private static void use(Own loader) {
        try {
            ((Runnable) loader.loadClass(Application.class.getName())
                            .getDeclaredConstructor()
                            .newInstance())
                    .run();
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    /** JavaCPP's own thread would keep, on JDK 17, the loader of whoever used JavaCPP first; Graft does not need it. */
    @Test
    void nothingKeepsADroppedLoaderAlive() {
        assertThat(ForkedJvm.of(Dropped.class)
                        .vectors()
                        .flags("-Xmx300m", "-Dgraft.threads=3", "-Dorg.bytedeco.javacpp.nopointergc=true")
                        .run()
                        .succeeded())
                .contains("collected: true");
    }

    static final class Dropped {
        public static void main(String[] arguments) throws Exception {
            ExecutorService others = Executors.newFixedThreadPool(2); // live on
            WeakReference<ClassLoader> loader = drop(others);
            long end = System.nanoTime() + 30_000_000_000L;
            while (loader.get() != null && System.nanoTime() < end) {
                System.gc();
                Thread.sleep(100);
            }
            System.out.println("collected: " + (loader.get() == null));
            System.exit(0);
        }

        private static WeakReference<ClassLoader> drop(ExecutorService others) throws Exception {
            Own loader = new Own();
            use(loader);
            others.submit(() -> use(loader)).get();
            others.submit(() -> use(loader)).get();
            for (int i = 0; i < 2; i++) {
                others.submit(() -> {}).get(); // the pool's threads forget their last task
            }
            return new WeakReference<>(loader);
        }
    }

    /** Eight pools of 20 MiB and more do not fit the heap, and need not. */
    @Test
    void poolsOfLoadersThatAreStillThereGiveWay() {
        assertThat(ForkedJvm.of(Eight.class)
                        .flags("-Dgraft.kernels=plain", "-Xmx100m", "-Dgraft.threads=2")
                        .run()
                        .succeeded())
                .contains("used 8 loaders");
    }

    static final class Eight {
        public static void main(String[] arguments) {
            List<Own> loaders = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                loaders.add(new Own());
                use(loaders.get(i));
            }
            System.out.println("used " + loaders.size() + " loaders");
        }
    }

    /** Workers are made by whoever calls first: they must not keep the caller's context class loader. */
    @Test
    void workersDoNotKeepTheirCallersContextClassLoader() throws InterruptedException {
        WeakReference<ClassLoader> context = callWithContext();
        for (int i = 0; i < 100 && context.get() != null; i++) {
            Tensor.ones(1 << 20).add(1f).close(); // keeps the workers at work
            System.gc();
            Thread.sleep(10);
        }
        assertThat(context.get()).isNull();
    }

    private static WeakReference<ClassLoader> callWithContext() throws InterruptedException {
        ClassLoader context = new URLClassLoader(new URL[0], null);
        Thread caller = new Thread(() -> Tensor.ones(1 << 20).add(1f).close());
        caller.setContextClassLoader(context);
        caller.start();
        caller.join();
        return new WeakReference<>(context);
    }
}
