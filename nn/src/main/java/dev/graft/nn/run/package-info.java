/** Run folders: what a training keeps, how it is told from another, and how it goes on. */
@NullMarked
package dev.graft.nn.run;

import org.jspecify.annotations.NullMarked;
