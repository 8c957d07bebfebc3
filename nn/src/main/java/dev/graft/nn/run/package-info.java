/** Run folders: what a training keeps, how it is told from another, and how it goes on. */
package dev.graft.nn.run;
