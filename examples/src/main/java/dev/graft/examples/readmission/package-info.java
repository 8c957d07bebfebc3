/** Readmission of hospital patients: the Diabetes 130-US hospitals table, and a generated population. */
@NullMarked
package dev.graft.examples.readmission;

import org.jspecify.annotations.NullMarked;
