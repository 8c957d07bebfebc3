/** The GPU backend, found at run time by {@link java.util.ServiceLoader}. */
module dev.graft.cuda {
    requires static org.jspecify;
    requires transitive dev.graft.core;
    requires org.bytedeco.javacpp;
    requires org.bytedeco.cuda;

    exports dev.graft.cuda;

    provides dev.graft.backend.BackendProvider with
            dev.graft.cuda.CudaProvider;
}
