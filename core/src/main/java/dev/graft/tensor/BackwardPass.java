package dev.graft.tensor;

import dev.graft.type.DType;
import java.util.IdentityHashMap;
import java.util.PriorityQueue;

/**
 * Walks the recorded operators from a result to its leaves, newest first, freeing saved tensors as it goes unless the
 * graph is retained.
 */
final class BackwardPass {
    private final IdentityHashMap<Node, Tensor> gradients = new IdentityHashMap<>();
    private final PriorityQueue<Node> pending = new PriorityQueue<>((p, q) -> Long.compare(q.id, p.id));

    private final boolean retainGraph;

    private BackwardPass(boolean retainGraph) {
        this.retainGraph = retainGraph;
    }

    static void fromScalar(Tensor result, boolean retainGraph) {
        result.checkOpen("backward");
        if (result.numel() != 1) {
            throw new IllegalArgumentException("backward: needs a single value, got shape " + result.shape()
                    + ". Hint: call mean() or sum() first, or pass a seed.");
        }
        try (Scope s = Scope.open()) {
            from(result, Raw.empty(result, result.shape()).fill(1), retainGraph);
        }
    }

    static void from(Tensor result, Tensor seed, boolean retainGraph) {
        result.checkUsable("backward", seed);
        if (!result.requiresGrad()) {
            throw new IllegalStateException("backward: nothing to differentiate, no operand of " + result.shape()
                    + " requires a gradient. "
                    + "Hint: requireGrad(true) on a leaf, unfreeze a parameter, and keep autograd on.");
        }
        if (!seed.shape().equals(result.shape()) || seed.dtype() != DType.F32) {
            throw new IllegalArgumentException("backward: the seed " + seed.dtype() + " " + seed.shape()
                    + " must be F32 of the result's shape " + result.shape());
        }
        try (Scope s = Scope.open()) {
            // A copy: the seed may be a leaf's gradient, which this pass adds to.
            run(result, seed.detach().copy(), retainGraph);
        }
    }

    /** Starts at {@code result}; the seed's memory belongs to this pass. */
    private static void run(Tensor result, Tensor seed, boolean retainGraph) {
        try (Scope scope = Scope.open();
                Autograd.Guard guard = Autograd.noGrad()) {
            Node root = result.node();
            if (root == null) {
                result.accumulateGrad(seed);
                return;
            }
            BackwardPass pass = new BackwardPass(retainGraph);
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
                    + "Hint: call backward() once per forward pass, add losses before calling it, or retain the graph with "
                    + "backward(true).");
        }
        Tensor gradient = gradients.remove(node);
        try (gradient;
                Scope scope = Scope.open()) {
            node.watch(gradient);
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
        if (!retainGraph) {
            node.saved.release();
        }
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
