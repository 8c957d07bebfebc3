/** The reporting checklists TRIPOD+AI and CLAIM, filled from a run and from what people say of their study. */
@NullMarked
package dev.graft.nn.report.checklist;

import org.jspecify.annotations.NullMarked;
