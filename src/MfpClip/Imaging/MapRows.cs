namespace MfpClip.Imaging;

/// <summary>A map at the image's resolution that is read row by row: one in memory, or one that is stretched while it is read.</summary>
internal abstract class MapRows(int width, int height)
{
    public int Width { get; } = width;

    public int Height { get; } = height;

    /// <summary>One row; valid until the next one is asked for.</summary>
    public abstract ReadOnlySpan<float> Row(int y);

    /// <summary>One value.</summary>
    public abstract float Value(int x, int y);

    public static MapRows Of(AnomalyMap map) => new Whole(map);

    private sealed class Whole(AnomalyMap map) : MapRows(map.Width, map.Height)
    {
        private readonly float[] _values = map.Data;

        public override ReadOnlySpan<float> Row(int y) => _values.AsSpan(y * Width, Width);

        public override float Value(int x, int y) => _values[(y * Width) + x];
    }
}
