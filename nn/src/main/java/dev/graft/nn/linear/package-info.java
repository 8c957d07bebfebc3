/** Linear models, solved to convergence rather than trained by steps. */
@NullMarked
package dev.graft.nn.linear;

import org.jspecify.annotations.NullMarked;
