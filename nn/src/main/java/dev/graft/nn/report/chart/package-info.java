/** Charts of a report, drawn as SVG; the numbers of each are in a table behind it. */
@NullMarked
package dev.graft.nn.report.chart;

import org.jspecify.annotations.NullMarked;
