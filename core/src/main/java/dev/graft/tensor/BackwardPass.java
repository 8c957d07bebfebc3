package dev.graft.tensor;

import java.util.IdentityHashMap;
import java.util.PriorityQueue;

/** Walks the recorded operators from a result to its leaves, newest first, freeing saved tensors as it goes. */
final class BackwardPass {
    private final IdentityHashMap<Node, Tensor> gradients = new IdentityHashMap<>();
    private final PriorityQueue<Node> pending = new PriorityQueue<>((p, q) -> Long.compare(q.id, p.id));

    private BackwardPass() {}

    /** Starts at {@code result}; the seed's memory belongs to this pass. */
    static void run(Tensor result, Tensor seed) {
        try (Scope scope = Scope.open();
                Autograd.Guard guard = Autograd.noGrad()) {
            Node root = result.node();
            if (root == null) {
                result.accumulateGrad(seed);
                return;
            }
            BackwardPass pass = new BackwardPass();
            try {
                pass.add(root, seed);
                while (!pass.pending.isEmpty()) {
                    pass.step(pass.pending.poll());
                }
            } finally {
                pass.gradients.values().forEach(Tensor::close);
            }
        }
    }

    private void step(Node node) {
        if (node.saved.isReleased()) {
            throw new IllegalStateException("backward: a part of this graph (made by " + node.function()
                    + ") was already run backward and its saved tensors are freed. "
                    + "Hint: call backward() once per forward pass; add losses before calling it.");
        }
        Tensor gradient = gradients.remove(node);
        try (gradient;
                Scope scope = Scope.open()) {
            Tensor[] results = node.op.backward(node.saved, gradient, node.needs);
            for (int i = 0; i < node.inputs.length; i++) {
                if (node.inputs[i] != null) {
                    add(node.inputs[i], results[i]);
                }
            }
            // Leaves come last: they take over memory that has no other holder, and must see that a gradient still on
            // its way holds it.
            for (int i = 0; i < node.leaves.length; i++) {
                if (node.leaves[i] != null) {
                    node.leaves[i].accumulateGrad(results[i]);
                }
            }
        }
        node.saved.release();
    }

    private void add(Node node, Tensor gradient) {
        // A separate handle: one tensor may be the gradient of several inputs.
        Tensor mine = gradient.savedHandle();
        Tensor before = gradients.get(node);
        if (before == null) {
            gradients.put(node, mine);
            pending.add(node);
            return;
        }
        if (InPlace.isPrivate(before)) {
            try (mine) {
                before.addInPlace(mine, 1);
            }
            return;
        }
        try (before;
                mine) {
            gradients.put(node, Raw.add(before, mine).keep());
        }
    }
}
