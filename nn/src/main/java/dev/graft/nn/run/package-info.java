/** Run folders: what a training keeps, how it is told from another, and how it continues. */
@NullMarked
package dev.graft.nn.run;

import org.jspecify.annotations.NullMarked;
