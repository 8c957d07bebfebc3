/** Modules, losses, optimizers, data loading, metrics and training. */
module dev.graft.nn {
    requires static org.jspecify;
    requires transitive dev.graft.core;
    requires com.fasterxml.jackson.jr.ob;
    requires de.siegmar.fastcsv;

    exports dev.graft.nn;
    exports dev.graft.nn.data;
    exports dev.graft.nn.data.sequence;
    exports dev.graft.nn.data.table;
    exports dev.graft.nn.explain;
    exports dev.graft.nn.json to
            dev.graft.vision;
    exports dev.graft.nn.layer;
    exports dev.graft.nn.layer.sequence;
    exports dev.graft.nn.linear;
    exports dev.graft.nn.loss;
    exports dev.graft.nn.metric;
    exports dev.graft.nn.metric.decision;
    exports dev.graft.nn.metric.interval;
    exports dev.graft.nn.model;
    exports dev.graft.nn.optim;
    exports dev.graft.nn.report;
    exports dev.graft.nn.report.chart;
    exports dev.graft.nn.report.checklist;
    exports dev.graft.nn.report.page;
    exports dev.graft.nn.run;
    exports dev.graft.nn.sequence;
    exports dev.graft.nn.table;
    exports dev.graft.nn.train;
    exports dev.graft.nn.uncertainty;
}
