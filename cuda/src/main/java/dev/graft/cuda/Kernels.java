package dev.graft.cuda;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.bytedeco.cuda.cudart.CUfunc_st;
import org.bytedeco.cuda.cudart.CUmod_st;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.BytePointer;

/** The kernels of one device, by name. A file is compiled and loaded when the first of its kernels is asked for. */
final class Kernels {
    private final Gpu gpu;
    private final KernelCompiler compiler;
    private final Map<String, String> files = new ConcurrentHashMap<>();
    private final Map<String, CUmod_st> modules = new ConcurrentHashMap<>();
    private final Map<String, CUfunc_st> functions = new ConcurrentHashMap<>();

    Kernels(Gpu gpu, KernelCompiler compiler) {
        this.gpu = gpu;
        this.compiler = compiler;
        for (String file : KernelSource.FILES) {
            for (String kernel : KernelSource.kernels(file)) {
                if (files.put(kernel, file) != null) {
                    throw new IllegalStateException("cuda: two kernels are named " + kernel);
                }
            }
        }
    }

    /** Blocks of threads are launched in the context that is current. */
    CUfunc_st function(String name) {
        CUfunc_st function = functions.get(name);
        return function == null ? functions.computeIfAbsent(name, this::load) : function;
    }

    private CUfunc_st load(String name) {
        String file = files.get(name);
        if (file == null) {
            throw new IllegalArgumentException("cuda: no kernel is named " + name);
        }
        CUfunc_st function = new CUfunc_st();
        gpu.check(
                "looking up the kernel " + name,
                cudart.cuModuleGetFunction(function, modules.computeIfAbsent(file, this::module), name));
        return function;
    }

    private CUmod_st module(String file) {
        byte[] image = compiler.compile(file + ".cu", KernelSource.text(file), gpu.architecture());
        CUmod_st module = new CUmod_st();
        try (BytePointer data = new BytePointer(image)) {
            gpu.check("loading the kernels of " + file + ".cu", cudart.cuModuleLoadData(module, data));
        }
        return module;
    }
}
