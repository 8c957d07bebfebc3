/** Models of tables: logistic regression and networks, their training, cross-validation, and transfer to a cohort. */
@NullMarked
package dev.graft.nn.table;

import org.jspecify.annotations.NullMarked;
