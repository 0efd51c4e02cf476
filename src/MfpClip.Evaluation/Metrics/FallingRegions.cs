using MfpClip.Data;

namespace MfpClip.Evaluation.Metrics;

/// <summary>The regions of one map while the threshold falls from its highest value to its lowest: they appear, grow and join.</summary>
internal sealed class FallingRegions
{
    private readonly float[] _map;
    private readonly int _width, _height;
    private readonly long _largest;
    private readonly int[] _labels;
    private readonly int[] _parent;
    private readonly Dictionary<int, State> _states = [];
    private readonly float[] _from;
    private readonly float?[] _until;
    private readonly int[] _sizes;

    /// <param name="map">Finite values.</param>
    /// <param name="mask">Of its size.</param>
    /// <param name="largest">Pixels from which on, above, a region is too large.</param>
    public FallingRegions(AnomalyMap map, AnomalyMask mask, long largest)
    {
        (_map, _width, _height, _largest) = (map.Data, map.Width, map.Height, Math.Max(largest, 1));
        (_labels, var areas) = mask.Values.Contains(true) ? MaskRegions.Label(mask.Values, mask.Width) : ([], []);
        _parent = new int[_map.Length];
        Array.Fill(_parent, -1);
        (_from, _until) = (new float[areas.Count], new float?[areas.Count]);
        Array.Fill(_from, float.NegativeInfinity);
        _sizes = Sizes(_labels, areas.Count, _width);
    }

    public IEnumerable<FoundDefect> Defects => _sizes.Select((s, i) => new FoundDefect(s, _from[i], _until[i]));

    /// <summary>Adds how the number of false regions changes at each value.</summary>
    public void Run(List<(float Value, int Change)> changes)
    {
        var order = new ulong[_map.Length];
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = ((ulong)~OrderedFloat.Key(_map[i]) << 32) | (uint)i;
        }

        Array.Sort(order);
        for (int i = 0; i < order.Length;)
        {
            ulong key = order[i] >> 32;
            float value = _map[(int)(uint)order[i]] + 0f;
            int change = 0;
            for (; i < order.Length && order[i] >> 32 == key; i++)
            {
                change += Grow((int)(uint)order[i], value);
            }

            if (change != 0 || i == order.Length)
            {
                changes.Add((value, change));
            }
        }
    }

    // Most pixels join one region that is there; its state is kept at its root.
    private int Grow(int at, float value)
    {
        int label = _labels.Length == 0 ? 0 : _labels[at], root = -1, before = 0, x = at % _width, y = at / _width;
        if (label > 0 && float.IsNegativeInfinity(_from[label - 1]))
        {
            _from[label - 1] = value;
        }

        for (int ny = Math.Max(y - 1, 0); ny <= Math.Min(y + 1, _height - 1); ny++)
        {
            for (int nx = Math.Max(x - 1, 0); nx <= Math.Min(x + 1, _width - 1); nx++)
            {
                int next = (ny * _width) + nx, other = _parent[next] < 0 ? root : Root(next);
                if (other == root)
                {
                    continue;
                }

                before += Count(_states[other]);
                root = root < 0 ? other : Join(root, other, value);
            }
        }

        if (root < 0)
        {
            root = at;
            _states[root] = new();
        }

        _parent[at] = root;
        var state = _states[root];
        state.Area++;
        if (label > 0)
        {
            (state.Defects ??= []).Add(label);
        }

        if (state.Area > _largest)
        {
            state.IsLarge = true;
            Lose(state, value);
        }

        return Count(state) - before;
    }

    // The larger region keeps its root, so that paths stay short.
    private int Join(int a, int b, float value)
    {
        var (into, from) = _states[a].Area >= _states[b].Area ? (a, b) : (b, a);
        State more = _states[into], less = _states[from];
        _parent[from] = into;
        _states.Remove(from);
        more.Area += less.Area;
        more.IsLarge |= less.IsLarge;
        if (more.Defects is null)
        {
            more.Defects = less.Defects;
        }
        else
        {
            more.Defects.UnionWith(less.Defects ?? []);
        }

        if (more.IsLarge)
        {
            Lose(more, value);
        }

        return into;
    }

    // What touches a region that is too large is not found any more.
    private void Lose(State state, float value)
    {
        foreach (int label in state.Defects ?? [])
        {
            _until[label - 1] ??= value;
        }

        state.Defects = null;
    }

    private int Count(State state) => state.IsLarge ? (int)((state.Area + _largest - 1) / _largest) : state.Defects is null ? 1 : 0;

    private int Root(int at)
    {
        while (_parent[at] != at)
        {
            _parent[at] = _parent[_parent[at]];
            at = _parent[at];
        }

        return at;
    }

    private static int[] Sizes(int[] labels, int count, int width)
    {
        var boxes = new (int Left, int Top, int Right, int Bottom)[count];
        Array.Fill(boxes, (int.MaxValue, int.MaxValue, -1, -1));
        for (int i = 0; i < labels.Length; i++)
        {
            if (labels[i] is > 0 and var label)
            {
                var (l, t, r, b) = boxes[label - 1];
                boxes[label - 1] = (Math.Min(l, i % width), Math.Min(t, i / width), Math.Max(r, i % width), Math.Max(b, i / width));
            }
        }

        return [.. boxes.Select(b => Math.Max(b.Right - b.Left, b.Bottom - b.Top) + 1)];
    }

    /// <summary>What is known of a region.</summary>
    private sealed class State
    {
        public long Area;
        public bool IsLarge;
        public HashSet<int>? Defects;
    }
}
