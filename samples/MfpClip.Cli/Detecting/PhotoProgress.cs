namespace MfpClip.Cli.Detecting;

/// <summary>How many photos are done, with the fraction of those whose tiles are in work; never goes back.</summary>
/// <param name="progress">Told of it.</param>
internal sealed class PhotoProgress(IProgress<double> progress)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, double> _inWork = new(StringComparer.Ordinal);
    private int _done;
    private double _last;

    /// <summary>A tile of a photo went through the model.</summary>
    public void Add(TileProgress tiles)
    {
        lock (_lock)
        {
            _inWork[tiles.ImageName] = (double)tiles.Done / Math.Max(tiles.Total, 1);
            Report();
        }
    }

    /// <summary>A photo is detected and written, or has failed.</summary>
    public void Finish(string file)
    {
        lock (_lock)
        {
            _inWork.Remove(file);
            _done++;
            Report();
        }
    }

    private void Report()
    {
        _last = Math.Max(_last, _done + _inWork.Values.Sum());
        progress.Report(_last);
    }
}
