/**
 * A document of sections, tables, charts and pictures, and how it becomes one self-contained HTML file: no network, no
 * other file, well-formed as XML too.
 */
@NullMarked
package dev.graft.nn.report.page;

import org.jspecify.annotations.NullMarked;
