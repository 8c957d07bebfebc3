/** How sure a metric is: confidence intervals, comparisons of two models, subgroups. */
@NullMarked
package dev.graft.nn.metric.interval;

import org.jspecify.annotations.NullMarked;
