using System.Globalization;

namespace MfpClip.Output.Zoom;

/// <summary>Style, controls and script of a page that zooms.</summary>
internal static class ZoomPageParts
{
    /// <summary>What can be done with keys and pointer.</summary>
    public const string Keys = "wheel or + and − zoom, drag or arrow keys move, 0 shows all, 1 one pixel a pixel, n and p go through the regions";

    public const string Style = """
        html,body{height:100%}body{margin:0;padding:0;max-width:none;display:flex;flex-direction:column}.soft{color:var(--soft);font-size:.88rem;margin:0}
        .soft b{color:var(--ink)}.soft b.bad{color:var(--bad)}.soft b.good{color:var(--good)}
        header{display:flex;flex-wrap:wrap;gap:.4rem 1.5rem;align-items:center;padding:.6rem 1rem;background:var(--card);border-bottom:1px solid var(--line)}
        .title{flex:1 1 20rem;min-width:0}h1{font-size:1.15rem;margin:0}
        .tools{display:flex;flex-wrap:wrap;gap:.4rem .9rem;align-items:center;font-size:.9rem}.tools label{display:flex;gap:.4rem;align-items:center}
        .tools button{font:inherit;min-width:2.1rem;min-height:2rem;color:inherit;background:var(--fill);border:1px solid var(--line);
        border-radius:8px;cursor:pointer}
        .tools output{min-width:4rem;text-align:right;font-variant-numeric:tabular-nums;color:var(--soft)}
        main{flex:1;min-height:0;display:grid;grid-template-columns:minmax(0,1fr) 23rem}
        #view{position:relative;overflow:hidden;background:var(--fill);cursor:grab;touch-action:none;user-select:none;outline-offset:-2px}
        #view.drag{cursor:grabbing}.layer,#outlines{position:absolute;inset:0;width:100%;height:100%;max-width:none}.layer{overflow:hidden;pointer-events:none;
        isolation:isolate}
        .layer img{position:absolute;max-width:none}.layer img.dots{image-rendering:pixelated}
        #outlines{filter:drop-shadow(0 0 1px #000) drop-shadow(0 0 1px #000)}#outlines.off{display:none}
        polygon{fill:transparent;stroke:#fff;stroke-width:1.5px;vector-effect:non-scaling-stroke;cursor:pointer}
        polygon.on{stroke:#ffd400;stroke-width:3px}
        aside{overflow:auto;padding:1rem;background:var(--card);border-left:1px solid var(--line)}aside h2{margin:1rem 0 .5rem}
        aside h2:first-child{margin-top:0}
        .notice{font-size:.88rem;margin:0 0 .75rem}.list{max-height:60vh;overflow:auto}
        table{width:100%;font-size:.85rem;font-variant-numeric:tabular-nums}td,th{text-align:right;padding:.25rem .4rem;white-space:nowrap;
        border-bottom:1px solid var(--line)}th{color:var(--soft);font-weight:600;position:sticky;top:0;background:var(--card)}
        tr.on td{background:var(--warn-bg)}aside>p.soft{margin-top:.75rem}
        .still{position:relative;margin:0;align-self:start}.still img{display:block;width:100%}.still svg{position:absolute;inset:0;width:100%;height:100%}
        html:not(.js) .tools{display:none}html.js .still{display:none}
        html:not(.js) #view{position:absolute;width:0;height:0}
        @media(max-width:48rem){body{height:auto}main{grid-template-columns:minmax(0,1fr)}#view{height:70vh}
        aside{border-left:0;border-top:1px solid var(--line)}}
        @media print{body{display:block;height:auto}main{display:block}.tools{display:none}html #view{position:absolute;width:0;height:0}
        html.js .still{display:block}polygon,polygon.on{stroke:#d00;stroke-width:1.5px;print-color-adjust:exact}aside{border:0}
        .keys{display:none}
        .list{max-height:none;overflow:visible}}

        """;

    /// <summary>The controls.</summary>
    /// <param name="opacity">Fraction of the map at the start.</param>
    public static string Tools(double opacity) => $"""
        <div class="tools"><button type="button" data-do="out" aria-label="zoom out">−</button>
        <button type="button" data-do="in" aria-label="zoom in">+</button>
        <button type="button" data-do="fit">all</button><button type="button" data-do="one">1:1</button><output id="scale"></output>
        <label>map <input type="range" id="opacity" min="0" max="100" value="{Percent(opacity)}"/></label>
        <label><input type="checkbox" id="lines" checked=""/> outlines</label></div>
        """;

    private static string Percent(double fraction) => (100 * Math.Clamp(fraction, 0, 1)).ToString("0", CultureInfo.InvariantCulture);

    public const string Script = """
        <script>
        (function(){
        'use strict';
        var root=document.documentElement,view=document.getElementById('view'),svg=document.getElementById('outlines'),at=document.getElementById('scale');
        var opacity=document.getElementById('opacity'),data=JSON.parse(view.dataset.picture),W=data.width,H=data.height,T=data.tile;
        var s=1,cx=W/2,cy=H/2,vw=1,vh=1,least=1,waiting=false;
        var clamp=function(v,a,b){return Math.max(a,Math.min(b,v))},links=[].slice.call(document.querySelectorAll('.list a'));
        root.classList.add('js');

        // A layer of tiles, stretched over the picture. Level k has half the pixels a side of level k-1.
        var layers=data.layers.map(function(l){
        var box=document.createElement('div');box.className='layer '+l.name;view.insertBefore(box,svg);
        return {name:l.name,levels:l.levels,box:box,tiles:{}}});
        function draw(l){
        var top=l.levels.length-1,ux=W/l.levels[0][0],uy=H/l.levels[0][1];
        // The coarsest level that has a pixel for each of the screen's, or nearly.
        var level=clamp(Math.floor(Math.log2(1/(ux*s*(window.devicePixelRatio||1)))+0.3),0,top),wanted={};
        function want(k,c,r){
        var key=k+'/'+r+'_'+c,t=l.tiles[key],n=Math.pow(2,k);wanted[key]=true;
        if(!t){
        t=l.tiles[key]={level:k,x:c*T*ux*n,y:r*T*uy*n,w:Math.min(T,l.levels[k][0]-c*T)*ux*n,h:Math.min(T,l.levels[k][1]-r*T)*uy*n,image:new Image(),done:false};
        t.image.alt='';t.image.draggable=false;t.image.style.zIndex=top-k;
        t.image.onload=t.image.onerror=function(){t.done=true;later()};
        t.image.src=l.name+'/'+key+'.jpg';l.box.appendChild(t.image)}
        return t.done}
        var left=(cx-vw/2/s)/ux,right=(cx+vw/2/s)/ux,up=(cy-vh/2/s)/uy,down=(cy+vh/2/s)/uy,n=T*Math.pow(2,level),all=true;
        var c0=Math.max(0,Math.floor(left/n)),c1=Math.min(Math.ceil(right/n),Math.ceil(l.levels[level][0]/T))-1;
        var r0=Math.max(0,Math.floor(up/n)),r1=Math.min(Math.ceil(down/n),Math.ceil(l.levels[level][1]/T))-1;
        for(var r=r0;r<=r1;r++)for(var c=c0;c<=c1;c++)all=want(level,c,r)&&all;
        want(top,0,0);
        var ox=vw/2-cx*s,oy=vh/2-cy*s;
        Object.keys(l.tiles).forEach(function(key){
        var t=l.tiles[key],x0=Math.round(ox+t.x*s),y0=Math.round(oy+t.y*s),x1=Math.round(ox+(t.x+t.w)*s),y1=Math.round(oy+(t.y+t.h)*s);
        // Tiles of another level stand in until those of this one are loaded.
        if(!wanted[key]&&(all||t.level===level||x1<0||y1<0||x0>vw||y0>vh)){
        t.image.onload=t.image.onerror=null;l.box.removeChild(t.image);delete l.tiles[key];return}
        var p=t.image.style;p.left=x0+'px';p.top=y0+'px';p.width=(x1-x0)+'px';p.height=(y1-y0)+'px';
        t.image.className=l.name==='photo'&&s>=3?'dots':''})}

        function show(){
        waiting=false;vw=view.clientWidth;vh=view.clientHeight;if(!vw||!vh)return;
        var whole=s<=least;least=Math.min(vw/W,vh/H);s=whole?least:clamp(s,Math.min(least,1),Math.max(16,least));cx=clamp(cx,0,W);cy=clamp(cy,0,H);
        layers.forEach(function(l){
        var o=l.name==='map'?opacity.value/100:1;l.box.style.opacity=o;if(o>0)draw(l)});
        svg.setAttribute('viewBox',(cx-vw/2/s)+' '+(cy-vh/2/s)+' '+vw/s+' '+vh/s);
        at.textContent=(100*s<10?(100*s).toFixed(1):Math.round(100*s))+' %'}
        function later(){if(!waiting){waiting=true;requestAnimationFrame(show)}}
        // The picture's pixel under a place of the view stays there.
        function zoom(factor,x,y){
        var from=s,to=clamp(s*factor,Math.min(least,1),Math.max(16,least));x=x===undefined?vw/2:x;y=y===undefined?vh/2:y;
        cx+=(x-vw/2)*(1/from-1/to);cy+=(y-vh/2)*(1/from-1/to);s=to;later()}
        function fit(){s=least=Math.min(view.clientWidth/W,view.clientHeight/H);cx=W/2;cy=H/2;later()}
        function one(){s=1/(window.devicePixelRatio||1);later()}

        var chosen=0;
        function choose(n){
        var link=links[n-1];if(!link)return;
        var row=link.closest('tr'),b=row.dataset.box.split(',').map(Number);chosen=n;
        document.querySelectorAll('.on').forEach(function(e){e.classList.remove('on')});
        row.classList.add('on');row.scrollIntoView({block:'nearest'});
        var line=svg.querySelector('[data-region="'+n+'"]');if(line)line.classList.add('on');
        vw=view.clientWidth;vh=view.clientHeight;
        cx=b[0]+b[2]/2;cy=b[1]+b[3]/2;s=Math.max(Math.min(vw/W,vh/H),Math.min(vw/b[2]/3,vh/b[3]/3,2));later()}
        function named(){var m=/^#region-(\d+)$/.exec(location.hash);if(m)choose(+m[1])}
        function go(n){if(links.length){n=(n-1+links.length)%links.length+1;if(location.hash==='#region-'+n)choose(n);else location.hash='region-'+n}}
        window.addEventListener('hashchange',named);
        links.forEach(function(a,i){a.addEventListener('click',function(){choose(i+1)})});

        view.addEventListener('wheel',function(e){
        e.preventDefault();var b=view.getBoundingClientRect();
        zoom(Math.exp(-e.deltaY*(e.deltaMode===1?0.06:e.ctrlKey?0.01:0.002)),e.clientX-b.left,e.clientY-b.top)},{passive:false});
        view.addEventListener('dblclick',function(e){var b=view.getBoundingClientRect();zoom(e.shiftKey?0.5:2,e.clientX-b.left,e.clientY-b.top)});
        var down={},moved=0;
        function fingers(){return Object.keys(down).map(function(k){return down[k]})}
        view.addEventListener('pointerdown',function(e){if(e.button===0){if(!fingers().length)moved=0;down[e.pointerId]={x:e.clientX,y:e.clientY}}});
        view.addEventListener('pointermove',function(e){
        var p=down[e.pointerId];if(!p)return;
        var dx=e.clientX-p.x,dy=e.clientY-p.y,other=fingers().filter(function(q){return q!==p})[0];moved+=Math.abs(dx)+Math.abs(dy);
        if(moved<4)return;
        view.setPointerCapture(e.pointerId);view.classList.add('drag');
        if(other){
        var b=view.getBoundingClientRect(),was=Math.hypot(p.x-other.x,p.y-other.y),is=Math.hypot(e.clientX-other.x,e.clientY-other.y);
        cx-=dx/2/s;cy-=dy/2/s;if(was>0&&is>0)zoom(is/was,(e.clientX+other.x)/2-b.left,(e.clientY+other.y)/2-b.top);
        }else{cx-=dx/s;cy-=dy/s}
        p.x=e.clientX;p.y=e.clientY;later()});
        ['pointerup','pointercancel'].forEach(function(n){view.addEventListener(n,function(e){delete down[e.pointerId];view.classList.remove('drag')})});
        window.addEventListener('pointerup',function(e){delete down[e.pointerId]});
        svg.addEventListener('click',function(e){var line=e.target.closest&&e.target.closest('[data-region]');if(line&&moved<4)go(+line.dataset.region)});
        document.addEventListener('keydown',function(e){
        if(e.ctrlKey||e.metaKey||e.altKey||e.target!==view&&e.target!==document.body)return;
        var k=e.key,step=0.2;
        if(k==='ArrowLeft')cx-=step*vw/s;else if(k==='ArrowRight')cx+=step*vw/s;else if(k==='ArrowUp')cy-=step*vh/s;else if(k==='ArrowDown')cy+=step*vh/s;
        else if(k==='+'||k==='=')zoom(1.5);else if(k==='-')zoom(1/1.5);else if(k==='0')fit();else if(k==='1')one();
        else if(k==='n')go(chosen+1);else if(k==='p')go(chosen-1);else return;
        e.preventDefault();later()});
        var does={out:function(){zoom(1/1.5)},'in':function(){zoom(1.5)},fit:fit,one:one};
        document.querySelectorAll('[data-do]').forEach(function(b){b.addEventListener('click',does[b.dataset['do']])});
        opacity.addEventListener('input',later);
        document.getElementById('lines').addEventListener('change',function(e){svg.classList.toggle('off',!e.target.checked)});
        new ResizeObserver(later).observe(view);
        fit();show();named();
        })();
        </script>
        """;
}
