/** What training minimises. */
@NullMarked
package dev.graft.nn.loss;

import org.jspecify.annotations.NullMarked;
