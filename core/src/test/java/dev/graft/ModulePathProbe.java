package dev.graft;

import dev.graft.tensor.Device;

/** Says what computes matrix products. Lies in no package of the module {@code dev.graft.core}. */
final class ModulePathProbe {
    private ModulePathProbe() {}

    public static void main(String[] args) {
        System.out.println("module: " + Device.class.getModule().getName());
        System.out.println("products: " + Device.cpu().backend().describe().get("matrix products"));
    }
}
