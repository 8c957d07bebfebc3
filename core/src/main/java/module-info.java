/** Tensors, autograd, the operator set, the CPU backend and weight files. */
module dev.graft.core {
    requires static org.jspecify;
    requires static java.management;
    requires static jdk.incubator.vector;
    requires static jdk.management;
    requires org.bytedeco.javacpp;
    requires org.bytedeco.openblas;

    exports dev.graft.type;
    exports dev.graft.tensor;
    exports dev.graft.backend;
    exports dev.graft.io;
    exports dev.graft.io.file;
    exports dev.graft.message;
    exports dev.graft.random;

    uses dev.graft.backend.BackendProvider;
}
