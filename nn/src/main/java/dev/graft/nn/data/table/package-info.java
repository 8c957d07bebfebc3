/** Tables of records: schemas, readers, labels, encoders that are fitted on training rows, and an audit for leaks. */
@NullMarked
package dev.graft.nn.data.table;

import org.jspecify.annotations.NullMarked;
