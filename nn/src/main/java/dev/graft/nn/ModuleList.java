package dev.graft.nn;

import dev.graft.tensor.Tensor;
import java.util.Iterator;
import java.util.List;

/** A list of modules that their parent calls: {@code for (Module block : blocks) x = block.forward(x)}. */
public final class ModuleList extends Container implements Iterable<Module> {

    public ModuleList(Module... modules) {
        this(List.of(modules));
    }

    public ModuleList(List<? extends Module> modules) {
        super(numbered(modules));
    }

    @Override
    public Iterator<Module> iterator() {
        return list().iterator();
    }

    /** @throws UnsupportedOperationException always: the parent decides how its modules are applied */
    @Override
    protected List<Tensor> compute(List<Tensor> inputs) {
        throw new UnsupportedOperationException(
                "ModuleList: cannot be called. Hint: loop over its modules, or use Sequential.");
    }
}
