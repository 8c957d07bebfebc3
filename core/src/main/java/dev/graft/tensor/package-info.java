/** Tensors, the operators on them, and autograd. */
@NullMarked
package dev.graft.tensor;

import org.jspecify.annotations.NullMarked;
