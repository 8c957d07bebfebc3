package dev.graft.tensor;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * One recorded operator: the nodes or leaves of its inputs, and what it saved. It is held by its result and by the
 * nodes that use it. When all of them have released it, its saved tensors are freed and its inputs are released.
 */
final class Node {
    private static final AtomicLong NEXT_ID = new AtomicLong();

    /** Ids increase with creation, so an input's node always has a smaller id: descending ids are a backward order. */
    final long id = NEXT_ID.getAndIncrement();

    final Op op;
    final Saved saved;
    private String function;
    final boolean[] needs;
    /** For each input: its node, or null if it is a leaf or needs no gradient. */
    final Node[] inputs;
    /** For each input: the leaf that receives the gradient, or null. */
    final Tensor[] leaves;

    /** Handles on the result of this operator that want its gradient too. */
    private @Nullable List<Tensor> watchers;

    private final AtomicInteger holders = new AtomicInteger(1);

    Node(String function, Op op, Saved saved, boolean[] needs, Tensor[] operands) {
        this.function = function;
        this.op = op;
        this.saved = saved;
        this.needs = needs;
        this.inputs = new Node[operands.length];
        this.leaves = new Tensor[operands.length];
        for (int i = 0; i < operands.length; i++) {
            if (needs[i]) {
                inputs[i] = operands[i].node();
                if (inputs[i] == null) {
                    leaves[i] = operands[i];
                } else {
                    inputs[i].retain();
                }
            }
        }
    }

    /** Gives the gradient of this operator's result to {@code result} as well, one of the handles on it. */
    void retainGradOf(Tensor result) {
        if (watchers == null) {
            watchers = new ArrayList<>(1);
        }
        if (!watchers.contains(result)) {
            watchers.add(result);
        }
    }

    /** Receives the gradient of the whole result, before it flows on. */
    void watch(Tensor gradient) {
        if (watchers != null) {
            watchers.forEach(result -> result.accumulateGrad(gradient));
        }
    }

    /** What the user called to get this result; a function may be composed of several operators. */
    String function() {
        return function;
    }

    /** For the last operator of a function that is composed of several. */
    void madeBy(String name) {
        function = name;
    }

    void retain() {
        holders.incrementAndGet();
    }

    void release() {
        // Iterative: a chain of thousands of operators must not overflow the stack.
        Deque<Node> pending = new ArrayDeque<>();
        pending.push(this);
        while (!pending.isEmpty()) {
            Node node = pending.pop();
            if (node.holders.decrementAndGet() == 0) {
                node.saved.release();
                node.watchers = null;
                for (Node input : node.inputs) {
                    if (input != null) {
                        pending.push(input);
                    }
                }
            }
        }
    }
}
