package dev.graft.nn.report.page;

/** The style sheet and the script of every page. */
final class PageStyle {
    private PageStyle() {}

    /**
     * Colours of series are those of Okabe and Ito, which the colour-blind can tell apart; lines differ in dashes too.
     */
    static final String CSS = """
            :root{--bg:#fff;--fg:#1b1f24;--soft:#57606a;--line:#d0d7de;--card:#f6f8fa;--link:#0550ae;
            --c0:#0072b2;--c1:#d55e00;--c2:#008a64;--c3:#a8508a;--c4:#8a6a00;--c5:#2f7fb5;--c6:#6b4fbb;--c7:#4b5563;
            --good:#1a7f37;--info:#0550ae;--warn:#8a5a00;--bad:#b42318}
            @media (prefers-color-scheme:dark){:root{--bg:#0d1117;--fg:#e6edf3;--soft:#9da7b3;--line:#30363d;--card:#161b22;
            --link:#79b8ff;--c0:#56b4e9;--c1:#f0843c;--c2:#2dd4a0;--c3:#e28cc4;--c4:#e6b422;--c5:#8ecbff;--c6:#b9a3ff;
            --c7:#b1bac4;--good:#3fb950;--info:#79b8ff;--warn:#e3b341;--bad:#ff7b72}}
            @media print{:root{--bg:#fff;--fg:#000;--soft:#333;--line:#999;--card:#fff;--link:#000;--c0:#0072b2;--c1:#d55e00;
            --c2:#008a64;--c3:#a8508a;--c4:#8a6a00;--c5:#2f7fb5;--c6:#6b4fbb;--c7:#4b5563;--good:#1a7f37;--info:#0550ae;
            --warn:#8a5a00;--bad:#b42318}}
            *{box-sizing:border-box}
            html{background:var(--bg);color:var(--fg);-webkit-text-size-adjust:100%}
            body{font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;
            margin:0 auto;max-width:70rem;padding:1.5rem 1.25rem 3rem;overflow-wrap:anywhere}
            h1{font-size:1.75rem;line-height:1.2;margin:.25rem 0}
            h2{font-size:1.35rem;line-height:1.25;margin:2.5rem 0 .75rem;padding-top:1rem;border-top:1px solid var(--line)}
            h3{font-size:1.08rem;margin:1.75rem 0 .5rem}
            h4,h5,h6{font-size:1rem;margin:1.25rem 0 .5rem}
            p{margin:.5rem 0;max-width:46rem}
            ul{padding-left:1.25rem}
            .sub{color:var(--soft)}
            a{color:var(--link)}
            .skip{position:absolute;left:-99rem}
            .skip:focus{left:1rem;top:.5rem;background:var(--bg);padding:.5rem}
            nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:.35rem 1rem;padding:0;margin:1rem 0;font-size:.92rem}
            .note{border-left:4px solid var(--info);background:var(--card);padding:.5rem .75rem;border-radius:0 6px 6px 0}
            .note strong{color:var(--info)}
            .note.good{border-color:var(--good)}.note.good strong{color:var(--good)}
            .note.warning{border-color:var(--warn)}.note.warning strong{color:var(--warn)}
            .note.bad{border-color:var(--bad)}.note.bad strong{color:var(--bad)}
            .headline{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:.75rem;margin:1rem 0}
            .headline div{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.7rem .85rem}
            .headline dt{color:var(--soft);font-size:.88rem}
            .headline dd{margin:0}
            .headline .value{font-size:1.6rem;font-weight:650;font-variant-numeric:tabular-nums;line-height:1.3}
            .headline .detail{color:var(--soft);font-size:.82rem}
            .scroll{overflow-x:auto;margin:.75rem 0 1.25rem;max-width:100%}
            table{border-collapse:collapse;font-size:.9rem;line-height:1.4;width:100%}
            caption{text-align:left;color:var(--soft);font-size:.9rem;padding:.25rem 0 .4rem;caption-side:top}
            th,td{text-align:left;vertical-align:top;padding:.32rem .9rem .32rem 0;border-bottom:1px solid var(--line);
            overflow-wrap:break-word;min-width:3.2rem;max-width:34rem;unicode-bidi:isolate;white-space:pre-line}
            th{font-weight:600}
            tbody th{font-weight:500;min-width:6rem}
            thead th{color:var(--soft);vertical-align:bottom;border-bottom:2px solid var(--line)}
            .n{text-align:right;font-variant-numeric:tabular-nums;white-space:pre}
            th.n{white-space:pre-line}
            td.t{min-width:8rem;overflow-wrap:anywhere}
            caption span{display:inline-block;position:sticky;left:0;max-width:min(46rem,calc(100vw - 2.2rem))}
            .figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,25rem),1fr));gap:1rem 1.75rem;
            align-items:start;margin:1rem 0}
            figure{margin:0;min-width:0;max-width:36rem}
            figcaption{font-weight:600;margin-bottom:.35rem}
            svg{display:block;width:100%;height:auto;font:12px system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif}
            svg text{fill:var(--fg)}
            svg .soft{fill:var(--soft)}svg .strong{font-weight:650}svg .over{fill:#fff}
            svg .axis{stroke:var(--soft);stroke-width:1}
            svg .grid{stroke:var(--line);stroke-width:.7}
            svg .guide{stroke:var(--soft);stroke-width:1;stroke-dasharray:3 4;fill:none}
            svg .box{fill:var(--card);stroke:var(--soft);stroke-width:1}
            svg .cell{fill:none;stroke:var(--line);stroke-width:1}
            svg path.s,svg line.s{fill:none;stroke-width:2}
            svg .s0{stroke:var(--c0)}svg .s1{stroke:var(--c1);stroke-dasharray:7 3}svg .s2{stroke:var(--c2);stroke-dasharray:2 3}
            svg .s3{stroke:var(--c3);stroke-dasharray:9 3 2 3}svg .s4{stroke:var(--c4);stroke-dasharray:4 2}
            svg .s5{stroke:var(--c5);stroke-dasharray:12 4}svg .s6{stroke:var(--c6);stroke-dasharray:1 3}
            svg .s7{stroke:var(--c7);stroke-dasharray:6 2 1 2}
            svg .f0{fill:var(--c0)}svg .f1{fill:var(--c1)}svg .f2{fill:var(--c2)}svg .f3{fill:var(--c3)}
            svg .f4{fill:var(--c4)}svg .f5{fill:var(--c5)}svg .f6{fill:var(--c6)}svg .f7{fill:var(--c7)}
            svg .band{fill-opacity:.18}svg .area{fill-opacity:.3}
            details{margin:.35rem 0 0}
            summary{cursor:pointer;color:var(--soft);font-size:.88rem}
            .gallery{list-style:none;padding:0;display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,15rem),1fr));gap:1rem}
            .gallery li{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.6rem;font-size:.84rem;
            line-height:1.35}
            .gallery img{display:block;width:100%;height:auto;border-radius:4px;background:#000}
            .gallery p{margin:.35rem 0 0}
            .choice{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.75rem .9rem;margin:.75rem 0}
            .choice[hidden]{display:none}
            .choice label{font-weight:600}
            .choice input{width:100%;accent-color:var(--c0);margin:.4rem 0}
            .choice output{display:grid;grid-template-columns:repeat(auto-fit,minmax(7.5rem,1fr));gap:.35rem 1rem;
            font-variant-numeric:tabular-nums}
            .choice output span{display:block;color:var(--soft);font-size:.84rem}
            tr.chosen>*{background:var(--card);box-shadow:inset 0 2px 0 var(--c0),inset 0 -2px 0 var(--c0)}
            footer{margin-top:3rem;color:var(--soft);font-size:.88rem}
            @media (max-width:30rem){body{padding:1rem .9rem 2rem}h1{font-size:1.45rem}
            .headline{grid-template-columns:repeat(2,1fr);gap:.5rem}.headline .value{font-size:1.35rem}}
            @media print{body{max-width:none;padding:0;font-size:10pt}nav,.skip,.choice,details{display:none}
            h2{break-after:avoid;margin-top:1.5rem}h3,h4,figcaption,caption,p:has(+.gallery),p:has(+.scroll){break-after:avoid}
            figure,.headline div,.gallery li,tr,.note{break-inside:avoid}.scroll{overflow:visible}
            table{font-size:8.5pt}.figures{grid-template-columns:1fr 1fr}
            .gallery{grid-template-columns:repeat(4,1fr)}}
            """;

    /** Shows the row that a slider chooses. The table says all of it without. */
    static final String SCRIPT = """
            document.querySelectorAll('.choice').forEach(function(box){
            var rows=document.getElementById(box.dataset.table).querySelectorAll('tbody tr');
            var heads=document.getElementById(box.dataset.table).querySelectorAll('thead th');
            var slider=box.querySelector('input'),shown=box.querySelector('output');
            function show(){
            rows.forEach(function(r,i){r.classList.toggle('chosen',i===Number(slider.value))});
            var cells=rows[slider.value].children;
            shown.replaceChildren.apply(shown,Array.from(cells).map(function(c,i){
            var part=document.createElement('div'),name=document.createElement('span');
            name.textContent=heads[i].textContent;part.append(name,c.textContent);return part}));
            slider.setAttribute('aria-valuetext',heads[0].textContent+' '+cells[0].textContent)}
            slider.addEventListener('input',show);box.hidden=false;show()});
            """;
}
