/** From probabilities to decisions: thresholds, calibration, sets of classes, abstention, net benefit. */
@NullMarked
package dev.graft.nn.metric.decision;

import org.jspecify.annotations.NullMarked;
