/** Scores of predictions, equal to scikit-learn's. */
@NullMarked
package dev.graft.nn.metric;

import org.jspecify.annotations.NullMarked;
