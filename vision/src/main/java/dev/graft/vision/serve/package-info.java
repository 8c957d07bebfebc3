/**
 * A page on this machine's loopback address to try a model with, and a JSON endpoint beside it. Start at
 * {@link dev.graft.vision.serve.PredictionServer}.
 */
@NullMarked
package dev.graft.vision.serve;

import org.jspecify.annotations.NullMarked;
