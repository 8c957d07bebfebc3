/** Reports of trained networks for people: of any classifier, whatever its inputs are. */
@NullMarked
package dev.graft.nn.report;

import org.jspecify.annotations.NullMarked;
