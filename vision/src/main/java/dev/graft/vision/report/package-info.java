/** What a report on images has beyond one on other cases: the images themselves. */
@NullMarked
package dev.graft.vision.report;

import org.jspecify.annotations.NullMarked;
