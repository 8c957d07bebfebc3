/** What the commands on genomes do: splice sites, variants, and networks of the human genome on other tasks. */
@NullMarked
package dev.graft.examples.genomics;

import org.jspecify.annotations.NullMarked;
