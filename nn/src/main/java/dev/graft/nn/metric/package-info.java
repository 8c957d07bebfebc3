/** Scores of predictions, equal to scikit-learn's. */
package dev.graft.nn.metric;
