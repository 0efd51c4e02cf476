using System.Diagnostics;
using MfpClip.Imaging;
using MfpClip.Imaging.Tiles;
using MfpClip.Pipeline;
using MfpClip.References;

namespace MfpClip.Detection.Tiling;

/// <summary>An image on its way through the model in tiles: takes their maps and scores, gives the result. Not safe for concurrent callers.</summary>
internal sealed class TiledImage
{
    private readonly Dictionary<string, TimeSpan> _stages = [];
    private MapMosaic? _mosaic;
    private (AnomalyMap Map, CoveredArea Covered)? _whole;
    private float _score = float.NegativeInfinity;
    private float _wholeScore;
    private int _done;
    private TimeSpan _forward, _postprocess;
    private int _batch = 1;

    public required string Name { get; init; }

    public required TileLayout Layout { get; init; }

    public required TilingOptions Options { get; init; }

    /// <summary>Where to look; of the image's size or another one.</summary>
    public RegionOfInterest? Region { get; init; }

    public ReferenceEntry? LeftOut { get; init; }

    public string? EqualReference { get; init; }

    public IReadOnlyList<string> Notices { get; init; } = [];

    /// <summary>Forward passes that it takes.</summary>
    public required int Total { get; init; }

    public required int Skipped { get; init; }

    /// <summary>Time of decoding, set while it is read.</summary>
    public TimeSpan Decode { get; set; }

    /// <summary>Time of resizing, set while it is read.</summary>
    public TimeSpan Prepare { get; set; }

    /// <summary>What went wrong with one of its tiles; <see langword="null"/>: nothing.</summary>
    public Exception? Error { get; set; }

    /// <summary>Takes what the forward pass gave of a tile.</summary>
    /// <param name="tile">The tile.</param>
    /// <param name="map">Its map.</param>
    /// <param name="score">Its score.</param>
    /// <param name="reading">How maps are brought to images; <see langword="null"/>: stretched.</param>
    /// <param name="forward">The forward pass it was in, divided by its tiles.</param>
    /// <param name="stages">Its parts, likewise.</param>
    /// <param name="batch">Tiles in it.</param>
    public void Add(
        TileStep tile, AnomalyMap map, float score, IMapReading? reading, TimeSpan forward, IReadOnlyDictionary<string, TimeSpan> stages, int batch)
    {
        long start = Stopwatch.GetTimestamp();
        var covered = tile.Prepared!.Image.Covered;
        if (tile.IsWhole)
        {
            _whole = (reading is null ? map : reading.ToModel(map), covered);
            _wholeScore = score;
        }
        else
        {
            int side = Layout.Side;
            map = reading is null ? map : Seen(reading.ToImage(map, side, side, covered), covered);
            _mosaic ??= new(Layout, map.Width, map.Height, Options.MaximumMapPixels);
            _mosaic.Add(tile.Column, tile.Row, map);
            _score = Math.Max(_score, score);
        }

        _done++;
        _forward += forward;
        _batch = Math.Max(_batch, batch);
        foreach (var (stage, time) in stages)
        {
            _stages[stage] = _stages.GetValueOrDefault(stage) + (time / batch);
        }

        _postprocess += Stopwatch.GetElapsedTime(start);
    }

    public TileProgress Progress => new(Name, _done, Total);

    /// <summary>The result; all tiles were added.</summary>
    public AnomalyResult Read(DetectionOptions options, ScoreCalibration? calibration, ScoreIdentity identity)
    {
        long start = Stopwatch.GetTimestamp();
        var (map, score) = Joined();
        // A map at the image's size takes as much as the one of the tiles may.
        bool fits = (long)Layout.Width * Layout.Height <= Options.MaximumMapPixels;
        var modelMap = Region is null ? map : RegionMask.Apply(map, Region);
        var imageMap = fits ? MapResize.ToImage(map, Layout.Width, Layout.Height) : null;
        imageMap = imageMap is null || Region is null ? imageMap : RegionMask.Apply(imageMap, Region);
        float threshold = options.PixelThreshold ?? calibration?.PixelThreshold ?? 0.5f;
        var rows = imageMap is not null ? MapRows.Of(imageMap) : new StretchedMap(map, Layout.Width, Layout.Height, Region);
        return new()
        {
            ImageName = Name,
            ClassName = options.ClassName,
            Identity = identity,
            EqualReference = LeftOut is null ? EqualReference : null,
            Score = score,
            CalibratedScore = calibration?.Calibrate(score),
            IsAnomalous = calibration?.IsAnomalous(score),
            Threshold = calibration?.ImageThreshold,
            ModelMap = modelMap,
            ImageMap = options.IncludeImageMap ? imageMap : null,
            ImageWidth = Layout.Width,
            ImageHeight = Layout.Height,
            Regions = DefectRegions.Find(rows, threshold, options.MinimumRegionArea),
            PixelThreshold = threshold,
            InspectedRegion = Region,
            Tiles = new(Layout.Across.Lefts.Count, Layout.Down.Lefts.Count, Layout.Side, Skipped),
            Notices = fits || !options.IncludeImageMap ? Notices :
            [
                .. Notices, $"The map at the size of the image ({Layout.Width} x {Layout.Height}) is left out, for it would have more than "
                    + $"{Options.MaximumMapPixels} values (TilingOptions.MaximumMapPixels); the model's map has {map.Width} x {map.Height}.",
            ],
            Timings = new()
            {
                Decode = Decode, Preprocess = Prepare, Forward = _forward, ForwardStages = _stages, BatchSize = _batch,
                Postprocess = _postprocess + Stopwatch.GetElapsedTime(start),
            },
        };
    }

    private (AnomalyMap Map, float Score) Joined()
    {
        var mosaic = _mosaic ?? throw new InvalidOperationException("No tile was computed.");
        if (_whole is not var (whole, covered))
        {
            return (mosaic.ToMap(), _score);
        }

        mosaic.Join(whole, covered, Options.WholeImage);
        return (mosaic.ToMap(), Options.WholeImage == WholeImageJoin.Maximum ? Math.Max(_score, _wholeScore) : (_score + _wholeScore) / 2);
    }

    // A mosaic takes what the model saw of a tile.
    private static AnomalyMap Seen(AnomalyMap map, CoveredArea covered)
    {
        int left = (int)Math.Round(covered.X), top = (int)Math.Round(covered.Y);
        int width = Math.Min((int)Math.Round(covered.Width), map.Width - left), height = Math.Min((int)Math.Round(covered.Height), map.Height - top);
        if (width == map.Width && height == map.Height)
        {
            return map;
        }

        var values = new float[width * height];
        for (int y = 0; y < height; y++)
        {
            map.Data.AsSpan(((y + top) * map.Width) + left, width).CopyTo(values.AsSpan(y * width));
        }

        return new(width, height, values);
    }
}

/// <summary>What comes next of a series of images: a part of one for the model, an image that is complete, or one that cannot be read.</summary>
/// <param name="Name">The image.</param>
internal sealed record TileStep(string Name)
{
    /// <summary>The image; <see langword="null"/> where it is read as a whole without tiles, or cannot be read.</summary>
    public TiledImage? Image { get; init; }

    /// <summary>What goes through the model; <see langword="null"/>: the image is complete.</summary>
    public PreparedImage? Prepared { get; init; }

    /// <summary>Column of the tile in the layout.</summary>
    public int Column { get; init; }

    /// <summary>Row of the tile in the layout.</summary>
    public int Row { get; init; }

    /// <summary>Whether it is the whole image, beside its tiles.</summary>
    public bool IsWhole { get; init; }

    /// <summary>Why the image cannot be read.</summary>
    public Exception? Error { get; init; }
}
