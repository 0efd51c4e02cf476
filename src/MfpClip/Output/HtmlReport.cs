using System.Globalization;
using System.Text;
using MfpClip.Diagnostics;
using MfpClip.Files;
using MfpClip.Imaging;

namespace MfpClip.Output;

/// <summary>
/// One HTML page of results that needs no other file: counts, histogram of scores, and each image with its thumbnails and defect regions, to be
/// sorted and filtered in a browser. Written image by image, so that memory does not grow with the images' size; the page appears under its name
/// when <see cref="Complete"/> was called. Images may be added by several threads.
/// </summary>
public sealed class HtmlReport : IDisposable
{
    // More of them say nothing, and a page of noise would be as large as its images.
    private const int MostRegions = 20;

    private readonly string _path;
    private readonly string _spoolPath;
    private readonly Func<string, Stream> _open;
    private readonly DetectorDescription _description;
    private readonly string? _notice;
    private readonly Stream _spool;
    private readonly Lock _lock = new();
    private readonly List<ReportEntry> _entries = [];
    private readonly List<ReportFailure> _failures = [];
    private readonly List<MapImageOptions> _colors = [];
    private readonly NoticeCounts _notices = new();
    private int _side = 200;
    private bool _complete;

    /// <summary>Starts a report.</summary>
    /// <param name="path">The page to be made.</param>
    /// <param name="description">The detector; shown with its stages and hashes.</param>
    /// <param name="notice">A sentence shown at the top, for example that the weights are random.</param>
    /// <exception cref="OutputException">The file cannot be written.</exception>
    public HtmlReport(string path, DetectorDescription description, string? notice = null)
        : this(path, description, notice, temporary => new FileStream(temporary, FileMode.CreateNew, FileAccess.Write))
    {
    }

    /// <summary>Writes through any stream, so that tests can fill the disk.</summary>
    internal HtmlReport(string path, DetectorDescription description, string? notice, Func<string, Stream> open)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(description);
        (_path, _description, _notice, _open) = (path, description, notice, open);
        _spoolPath = $"{path}.{Guid.NewGuid():N}.tmp";
        _spool = Guard(() =>
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            return open(_spoolPath);
        });
    }

    /// <summary>Longest side of the images in the page, in pixels. Each takes at most 4 KiB at 200 pixels, and as many a pixel at other sizes.</summary>
    /// <value>32 to 2048, default 200.</value>
    /// <exception cref="ArgumentOutOfRangeException">It is outside of its range.</exception>
    public int ThumbnailSide
    {
        get => _side;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 32);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 2048);
            _side = value;
        }
    }

    /// <summary>Adds an image: its score, its regions, and small images of photo and overlay.</summary>
    /// <param name="result">What the detector said.</param>
    /// <param name="photo">The photo, or a smaller picture of it (<see cref="InputSettings.DecodeReduced"/>).</param>
    /// <param name="options">Colours.</param>
    /// <param name="files">Files at full size that the small images link to.</param>
    /// <exception cref="ArgumentException">The photo has another shape than the map, or is larger.</exception>
    /// <exception cref="OutputException">It cannot be written.</exception>
    public void Add(AnomalyResult result, RgbImage photo, MapImageOptions? options = null, ReportedFiles? files = null)
    {
        ArgumentNullException.ThrowIfNull(result);
        ArgumentNullException.ThrowIfNull(photo);
        options ??= new();
        var small = ReportImages.Fit(photo, result, ThumbnailSide);
        int bytes = ReportThumbnail.MaximumBytes(ThumbnailSide);
        var overlay = MapImages.Overlay(small.Photo, small.Map, small.Regions, options with { Outline = options.Outline ?? result.InspectedRegion });
        byte[] item = Encoding.UTF8.GetBytes(ReportItem.Html(
            result, ReportThumbnail.Encode(small.Photo, bytes), ReportThumbnail.Encode(overlay, bytes), Links(files), MostRegions));
        lock (_lock)
        {
            if (!_colors.Any(c => (c.ColorMap, c.Minimum, c.Maximum) == (options.ColorMap, options.Minimum, options.Maximum)))
            {
                _colors.Add(options);
            }

            _notices.Add(result.Notices);
            long start = _entries.Count == 0 ? 0 : _entries[^1].End;
            Guard(() => _spool.Write(item));
            _entries.Add(new(result.ImageName, result.Score, result.CalibratedScore, result.IsAnomalous, result.Threshold, result.PixelThreshold,
                result.Regions.Count, result.ClassName, start, item.Length));
        }
    }

    /// <summary>Adds an image that has no result; the page counts and lists it.</summary>
    /// <param name="name">Name of the image, usually its path.</param>
    /// <param name="reason">Why, as a sentence.</param>
    public void AddFailure(string name, string reason)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(reason);
        lock (_lock)
        {
            _failures.Add(new(name, reason));
        }
    }

    /// <summary>Finishes the page and gives it its name.</summary>
    /// <exception cref="OutputException">It cannot be written.</exception>
    public void Complete()
    {
        string temporary = $"{_path}.{Guid.NewGuid():N}.tmp";
        lock (_lock)
        {
            try
            {
                Guard(() =>
                {
                    _spool.Dispose();
                    using (var items = File.OpenRead(_spoolPath))
                    using (var page = _open(temporary))
                    {
                        new DetectionPage(_description, _notice, _notices.Lines, _entries, _failures, _colors, DateTimeOffset.Now).Write(page, items);
                    }

                    File.Move(temporary, _path, overwrite: true);
                    _complete = true;
                });
            }
            finally
            {
                IgnoreErrors(() => File.Delete(temporary));
            }

            IgnoreErrors(() => File.Delete(_spoolPath));
        }
    }

    /// <summary>Drops the page if it was not completed.</summary>
    public void Dispose()
    {
        if (!_complete)
        {
            IgnoreErrors(_spool.Dispose); // writes what is left in the buffer: on a full disk that fails again
            IgnoreErrors(() => File.Delete(_spoolPath));
        }
    }

    // What was wrong has been reported where it was met.
    private static void IgnoreErrors(Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
    }

    private ReportedFiles Links(ReportedFiles? files) => new()
    {
        Photo = Link(files?.Photo), Overlay = Link(files?.Overlay), HeatMap = Link(files?.HeatMap), Zoom = Link(files?.Zoom),
    };

    // From the page's folder on, each part escaped: no name can be taken for a scheme or a query.
    private string? Link(string? file)
    {
        if (file is null)
        {
            return null;
        }

        string relative = Path.GetRelativePath(Path.GetDirectoryName(Path.GetFullPath(_path))!, Path.GetFullPath(file));
        return Path.IsPathRooted(relative) ? new Uri(relative).AbsoluteUri
            : string.Join('/', relative.Split(Path.DirectorySeparatorChar).Select(Uri.EscapeDataString));
    }

    private void Guard(Action action) => Guard(() =>
    {
        action();
        return true;
    });

    private T Guard<T>(Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception e) when (DiskFault.Is(e) || e is NotSupportedException)
        {
            throw new OutputException(_path, $"the report cannot be written ({e.Message}).", e);
        }
    }
}
