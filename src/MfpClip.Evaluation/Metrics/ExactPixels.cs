namespace MfpClip.Evaluation.Metrics;

/// <summary>Every pixel, sorted once: eight bytes each, score in the upper half, region (0: background) in the lower.</summary>
internal sealed class ExactPixels : IPixelStore
{
    private readonly List<ulong[]> _maps = [];
    private ulong[]? _sorted;

    public bool IsExact => true;

    /// <summary>The inverse area of each region, by its number from 1.</summary>
    public List<double> InverseAreas { get; } = [0];

    public void Add(ReadOnlySpan<float> map, ReadOnlySpan<int> labels, IReadOnlyList<int> areas)
    {
        uint first = (uint)InverseAreas.Count - 1;
        var packed = new ulong[map.Length];
        for (int i = 0; i < map.Length; i++)
        {
            uint region = labels.IsEmpty || labels[i] == 0 ? 0 : first + (uint)labels[i];
            packed[i] = ((ulong)OrderedFloat.Key(map[i]) << 32) | region;
        }

        _maps.Add(packed);
        InverseAreas.AddRange(areas.Select(a => 1.0 / a));
        _sorted = null;
    }

    /// <summary>Every pixel in no order.</summary>
    public IEnumerable<ulong> Packed => _maps.SelectMany(m => m);

    /// <summary>Every pixel by rising score.</summary>
    public ulong[] Sorted
    {
        get
        {
            if (_sorted is null)
            {
                _sorted = new ulong[_maps.Sum(m => m.Length)];
                int at = 0;
                foreach (var map in _maps)
                {
                    map.CopyTo(_sorted, at);
                    at += map.Length;
                }

                Array.Sort(_sorted);
                _maps.Clear();
                _maps.Add(_sorted);
            }

            return _sorted;
        }
    }

    public void Walk(Action<float, long, long, double> group)
    {
        var sorted = Sorted;
        for (int end = sorted.Length; end > 0;)
        {
            int at = end - 1;
            uint key = (uint)(sorted[at] >> 32);
            long p = 0;
            double cover = 0;
            for (; at >= 0 && (uint)(sorted[at] >> 32) == key; at--)
            {
                int region = (int)(uint)sorted[at];
                p += region > 0 ? 1 : 0;
                cover += InverseAreas[region];
            }

            group(OrderedFloat.Value(key), p, end - 1 - at - p, cover);
            end = at + 1;
        }
    }
}
