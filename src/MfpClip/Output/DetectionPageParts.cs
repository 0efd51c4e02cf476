namespace MfpClip.Output;

/// <summary>Style, controls and script of a detection report. Filters by decision need no script; sorting and searching do, and appear with it.</summary>
internal static class DetectionPageParts
{
    public const string Style = """
        header{margin:.5rem 0 1rem}.soft{color:var(--soft);font-size:.88rem;margin:0}footer{margin:1.5rem 0}
        .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(6rem,1fr));gap:.75rem;margin:1rem 0}
        .tile{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:.7rem 1rem;border-top:4px solid var(--bar)}
        .tile dt{color:var(--soft);font-size:.85rem}.tile dd{margin:0;font-size:1.9rem;line-height:1.2;font-weight:650;font-variant-numeric:tabular-nums}
        .tile.bad{border-top-color:var(--bad)}.tile.bad dd{color:var(--bad)}.tile.good{border-top-color:var(--good)}.tile.good dd{color:var(--good)}
        .tile.warn{border-top-color:#d99a00}.tile.off{border-top-color:var(--line)}.tile.off dd{color:var(--soft);font-weight:400}
        .summary{display:grid;grid-template-columns:minmax(0,1.1fr) minmax(0,1fr);gap:1rem 2rem;align-items:start}
        .pairs th{color:var(--soft);font-weight:400;text-align:left;padding:.15rem 1rem .15rem 0;vertical-align:top;white-space:nowrap}
        .pairs td{padding:.15rem 0;overflow-wrap:anywhere}.failures td,.failures thead th{text-align:left;white-space:normal;vertical-align:top}
        .failures th:first-child{min-width:8rem}
        .controls{position:sticky;top:0;z-index:2;display:flex;flex-wrap:wrap;gap:.5rem 1rem;align-items:center;background:var(--bg);padding:.6rem 0}
        .choice{display:flex;flex-wrap:wrap;gap:.35rem;border:0;padding:0;margin:0}.choice input{position:absolute;opacity:0}
        .choice label{border:1px solid var(--line);background:var(--card);border-radius:99px;padding:.25rem .8rem;font-size:.9rem;cursor:pointer}
        .choice input:checked+label{background:var(--ink);color:var(--bg);border-color:var(--ink)}
        .choice input:focus-visible+label{outline:2px solid var(--link);outline-offset:2px}
        .tools{display:flex;flex-wrap:wrap;gap:.5rem;align-items:center;margin-left:auto}.tools[hidden]{display:none}
        .tools input,.tools select{font:inherit;font-size:.9rem;color:inherit;background:var(--card);border:1px solid var(--line);border-radius:8px;
        padding:.3rem .6rem}
        #items{display:grid;gap:.75rem}
        .item{display:grid;grid-template-columns:24rem minmax(0,1fr);grid-template-rows:auto auto 1fr;column-gap:1.25rem;background:var(--card);
        border:1px solid var(--line);border-left:5px solid var(--bar);border-radius:10px;padding:.9rem 1rem;content-visibility:auto;
        contain-intrinsic-size:auto 13rem}
        .item.bad,.item.good{color:var(--ink)}.item.bad{border-left-color:var(--bad)}.item.good{border-left-color:var(--good)}.item[hidden]{display:none}
        .item .shots{grid-column:1;grid-row:1/4;display:grid;grid-template-columns:1fr 1fr;gap:.5rem;align-self:start}
        .item .head,.item .score,.item .facts{grid-column:2;min-width:0}.item .head{display:flex;gap:.75rem;align-items:baseline;justify-content:space-between}
        .item h2{margin:0;font-size:1rem;font-weight:600;overflow-wrap:anywhere;min-width:0;color:var(--ink)}
        .badge{flex:none;border-radius:99px;padding:.1rem .7rem;font-size:.82rem;font-weight:600;background:var(--fill);color:var(--soft)}
        .bad .badge{background:var(--bad-bg);color:var(--bad)}.good .badge{background:var(--good-bg);color:var(--good)}
        .score{display:flex;flex-wrap:wrap;gap:.25rem .75rem;align-items:center;margin:.15rem 0}
        .score b{font-size:1.25rem;font-variant-numeric:tabular-nums;color:var(--ink)}
        .meter{position:relative;flex:1 1 8rem;max-width:20rem;height:8px;border-radius:4px;background:var(--fill);print-color-adjust:exact;
        -webkit-print-color-adjust:exact}
        .meter span{display:block;height:100%;border-radius:4px;background:var(--bar)}.bad .meter span{background:var(--bad)}
        .good .meter span{background:var(--good)}.meter i{position:absolute;top:-4px;bottom:-4px;width:2px;background:var(--ink)}
        figure{margin:0}figure img{display:block;width:100%;aspect-ratio:1;object-fit:contain;background:var(--fill);border-radius:6px}
        figcaption{color:var(--soft);font-size:.78rem;text-align:center}.facts .scroll{margin-top:.3rem}.item .regions{font-size:.82rem}
        .item .regions td,.item .regions th{padding:.15rem .6rem .15rem 0;border-bottom-color:var(--fill)}.item summary{font-size:.85rem;color:var(--link)}
        .stages td{text-align:left;white-space:normal;min-width:9rem;vertical-align:top}.stages th{vertical-align:top}
        body:has(#show-bad:checked) .item:not(.bad),body:has(#show-good:checked) .item:not(.good),body:has(#show-none:checked) .item:not(.none){display:none}
        @media(max-width:60rem){.item{grid-template-columns:17rem minmax(0,1fr)}}
        @media(max-width:48rem){.summary{grid-template-columns:minmax(0,1fr)}.controls{position:static}.tools{margin-left:0}
        .item{grid-template-columns:minmax(0,1fr);contain-intrinsic-size:auto 26rem}
        .item .shots,.item .head,.item .score,.item .facts{grid-column:1;grid-row:auto}.item .head{order:0}.item .score{order:1}
        .item .shots{order:2;margin:.4rem 0}.item .facts{order:3}}
        @media print{.controls{display:none}.item{content-visibility:visible}}

        """;

    /// <summary>Choices a reader makes among the images; a decision that no image has is no choice.</summary>
    public static string Controls(int anomalous, int normal, int undecided)
    {
        string Choice(string id, string text, int count, bool first = false) => count == 0 ? string.Empty
            : $"<input type=\"radio\" name=\"show\" id=\"show-{id}\"{(first ? " checked=\"\"" : string.Empty)}/><label for=\"show-{id}\">{text} "
                + $"{count}</label>";
        return $"""
            <div class="controls"><fieldset class="choice" aria-label="images shown">{Choice("all", "all", anomalous + normal + undecided, first: true)}{Choice(
                "bad", "anomalous", anomalous)}{Choice("good", "normal", normal)}{Choice("none", "undecided", undecided)}</fieldset>
            <div class="tools" id="tools" hidden=""><input id="find" type="search" placeholder="name contains" aria-label="name contains" size="14"/>
            <select id="sort" aria-label="order"><option value="score-down">highest score first</option><option value="score-up">lowest score first</option>
            <option value="decision">by decision</option><option value="name">by name</option><option value="order">order of the run</option></select>
            <span class="soft" id="shown" role="status"></span></div></div>

            """;
    }

    public const string Script = """
        <script>
        (function(){
        var list=document.getElementById('items');if(!list)return;
        var items=Array.prototype.slice.call(list.children),find=document.getElementById('find'),sort=document.getElementById('sort');
        var rank=function(e){return e.classList.contains('bad')?0:e.classList.contains('none')?1:2};
        var score=function(e){var v=parseFloat(e.dataset.score);return isNaN(v)?-Infinity:v};
        var names=window.Intl?new Intl.Collator(undefined,{numeric:true}).compare:function(a,b){return a<b?-1:a>b?1:0};
        var down=function(a,b){return score(b)-score(a)||a.dataset.order-b.dataset.order};
        var orders={'score-down':down,'score-up':function(a,b){return down(b,a)},decision:function(a,b){return rank(a)-rank(b)||down(a,b)},
        name:function(a,b){return names(a.dataset.name,b.dataset.name)},order:function(a,b){return a.dataset.order-b.dataset.order}};
        function show(){
        var text=find.value.toLowerCase(),checked=document.querySelector('input[name=show]:checked'),kind=checked?checked.id.slice(5):'all',n=0;
        items.forEach(function(e){var ok=e.dataset.name.toLowerCase().indexOf(text)>=0;e.hidden=!ok;if(ok&&(kind==='all'||e.classList.contains(kind)))n++});
        document.getElementById('shown').textContent=n+' of '+items.length+' shown';document.getElementById('none').hidden=n>0}
        function order(){items.slice().sort(orders[sort.value]||down).forEach(function(e){list.appendChild(e)})}
        find.addEventListener('input',show);sort.addEventListener('change',order);
        document.querySelectorAll('input[name=show]').forEach(function(e){e.addEventListener('change',show)});
        document.getElementById('tools').hidden=false;order();show();
        })();
        </script>
        """;
}
