using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using MfpClip.Files;

namespace MfpClip.Imaging.Regions;

/// <summary>A detector's region of interest, read from its file, and made for each image. Safe for concurrent callers.</summary>
internal sealed class RegionSource
{
    /// <summary>Pixels of a mask at most: of larger images it is coarser.</summary>
    public const int MostPixels = 16_000_000;

    /// <summary>Aspect ratios may differ by this fraction: sides are whole pixels.</summary>
    private const double Tolerance = 0.01;

    private readonly RegionOfInterestOptions _options; // polygons of a file are in them
    private readonly string _called;
    private readonly RegionOfInterest? _mask;
    private RegionOfInterest? _last;
    private (int Width, int Height) _lastSize;
    private readonly Lock _gate = new();

    private RegionSource(RegionOfInterestOptions options, string called, RegionOfInterest? mask)
    {
        (_options, _called, _mask) = (options, called, mask);
        (Kind, Settings) = options.Foreground ? ("foreground", SettingsJson.Of(new { options.Margin }))
            : mask is not null ? ("mask", SettingsJson.Of(new { Content = $"{mask.Width} x {mask.Height}, {Hash(mask.Inside)}" }))
            : ("polygons", SettingsJson.Of(new { Content = Hash(options) }));
    }

    /// <summary>"polygons", "mask" or "foreground".</summary>
    public string Kind { get; }

    /// <summary>What moves scores, as JSON: contents, never names of files.</summary>
    public string Settings { get; }

    /// <summary>What the detector's description says.</summary>
    public StageDescription Describe() => new()
    {
        Id = "detector_region",
        Implementation = Kind,
        Settings = Settings,
        Stage = "region of interest",
        Component = Kind switch
        {
            "foreground" => $"foreground of each image, {_options.Margin} pixels around it", "mask" => $"mask image of {_mask!.Width} x {_mask.Height} pixels",
            _ => $"{_options.Polygons!.Count} polygons in {(_options.Unit == RegionUnit.Pixels ? "pixels" : "fractions of the sides")}",
        },
    };

    /// <summary>Whether <see cref="For"/> needs the image's pixels.</summary>
    public bool ReadsPixels => _options.Foreground;

    /// <summary>Reads what the options name.</summary>
    /// <param name="options">Checked.</param>
    /// <param name="decoder">For a mask image.</param>
    /// <param name="limits">What a mask image may cost.</param>
    /// <exception cref="DetectorConfigurationException">The file cannot be read, or says nothing.</exception>
    public static RegionSource Load(RegionOfInterestOptions options, IImageDecoder decoder, ImageLimits limits)
    {
        if (options.File is not { } path)
        {
            return new(options, "the region of interest", null);
        }

        string called = $"the region of interest '{path}'";
        try
        {
            byte[] file = Bytes(path, limits);
            if (!RegionFile.IsJson(file))
            {
                return new(options, called, Mask(decoder.Decode(file, path, limits), file is [0xff, 0xd8, ..], path));
            }

            var read = file.LongLength <= RegionFile.MostBytes ? RegionFile.Read(file)
                : throw new InvalidDataException($"it has {file.LongLength} bytes, more than the limit of {RegionFile.MostBytes} for polygons.");
            return PolygonRegion.Faults(read).ToList() is { Count: > 0 } faults ? throw Fault(path, string.Join(" ", faults))
                : new(read, called, null);
        }
        catch (ImageDecodeException e)
        {
            throw Fault(path, $"it is neither JSON of polygons nor a mask image that can be read ({e.Message.TrimEnd('.')}).");
        }
        catch (InvalidDataException e)
        {
            throw Fault(path, e.Message);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Fault(path, "there is no such file.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw Fault(path, $"it cannot be read ({e.Message}).");
        }
    }

    /// <summary>The region of an image.</summary>
    /// <param name="image">Name of the image.</param>
    /// <param name="width">Its width.</param>
    /// <param name="height">Its height.</param>
    /// <param name="small">Gives <see cref="ForegroundRegion.Overview(RgbImage)"/> of it; called where <see cref="ReadsPixels"/>.</param>
    /// <returns>
    /// The region, of the image's size or coarser where that has too many pixels; <see langword="null"/>: everything. And what readers of the result should
    /// know.
    /// </returns>
    /// <exception cref="RegionOfInterestException">It does not fit the image.</exception>
    public (RegionOfInterest? Region, IReadOnlyList<string> Notices) For(string image, int width, int height, Func<RgbImage> small)
    {
        if (_options.Foreground)
        {
            return Foreground(small(), width, height);
        }

        lock (_gate)
        {
            if (_last is null || _lastSize != (width, height))
            {
                _last = _mask is not null ? Stretched(_mask, image, width, height) : Polygons(image, width, height);
                _lastSize = (width, height);
            }

            bool beyond = _options is { Polygons: { } drawn, Unit: RegionUnit.Pixels, ImageWidth: null } && PolygonRegion.ReachesBeyond(drawn, width, height);
            return (_last, !beyond ? [] :
                [$"The region of interest reaches beyond the image of {width} x {height} pixels; it is cut off there. Was it drawn on larger images?"]);
        }
    }

    private (RegionOfInterest? Region, IReadOnlyList<string> Notices) Foreground(RgbImage small, int width, int height)
    {
        int block = ForegroundRegion.Block(width, height);
        // A block shows parts of both sides of an edge: one more for it.
        int margin = ((_options.Margin + block - 1) / block) + (block > 1 ? 1 : 0);
        if (ForegroundRegion.Find(small, margin) is not { } found)
        {
            return (null, ["No foreground was found that differs from the colours along the image's border; the whole image counts."]);
        }

        if (block == 1 || (long)width * height > MostPixels)
        {
            return (new(small.Width, small.Height, found), []);
        }

        var inside = new bool[width * height];
        for (int y = 0; y < height; y++)
        {
            for (int x = 0, row = y / block * small.Width; x < width; x++)
            {
                inside[(y * width) + x] = found[row + (x / block)];
            }
        }

        return (new(width, height, inside), []);
    }

    private RegionOfInterest Polygons(string image, int width, int height)
    {
        double x = 1, y = 1;
        if (_options is { ImageWidth: { } drawnWidth, ImageHeight: { } drawnHeight })
        {
            CheckAspect(image, width, height, drawnWidth, drawnHeight);
            (x, y) = ((double)width / drawnWidth, (double)height / drawnHeight);
        }
        else if (_options.Unit == RegionUnit.Fractions)
        {
            (x, y) = (width, height);
        }

        var (columns, rows) = Size(width, height);
        bool[] inside = PolygonRegion.ToMask(_options.Polygons!, columns, rows, x * columns / width, y * rows / height);
        return inside.AsSpan().Contains(true) ? new(columns, rows, inside) : throw new RegionOfInterestException(
            image, $"{_called} holds no pixel of the image, which has {width} x {height}.");
    }

    private RegionOfInterest Stretched(RegionOfInterest mask, string image, int width, int height)
    {
        CheckAspect(image, width, height, mask.Width, mask.Height);
        var (columns, rows) = Size(width, height);
        if ((columns, rows) == (mask.Width, mask.Height))
        {
            return mask;
        }

        var inside = new bool[columns * rows];
        for (int y = 0, i = 0; y < rows; y++)
        {
            int row = RegionMask.Middle(y, rows, mask.Height) * mask.Width;
            for (int x = 0; x < columns; x++, i++)
            {
                inside[i] = mask.Inside[row + RegionMask.Middle(x, columns, mask.Width)];
            }
        }

        return inside.AsSpan().Contains(true) ? new(columns, rows, inside)
            : throw new RegionOfInterestException(image, $"{_called} is smaller than a pixel of the image, which has {width} x {height}.");
    }

    private void CheckAspect(string image, int width, int height, int drawnWidth, int drawnHeight)
    {
        double expected = (double)height * drawnWidth / drawnHeight;
        if (Math.Abs(width - expected) > Math.Max(1, Tolerance * expected))
        {
            throw new RegionOfInterestException(image, $"{_called} is for images of {drawnWidth} x {drawnHeight} pixels, this one has {width} x {height}: "
                + "another aspect ratio. Make a region for images of this shape, or use fractions.");
        }
    }

    private static (int Columns, int Rows) Size(int width, int height)
    {
        double scale = Math.Min(1, Math.Sqrt((double)MostPixels / ((double)width * height)));
        return (Math.Max(1, (int)(width * scale)), Math.Max(1, (int)(height * scale)));
    }

    private static RegionOfInterest Mask(RgbImage image, bool lossy, string path)
    {
        // Grey values of a lossy file are rounded edges.
        int least = lossy ? 128 : 1;
        var inside = new bool[image.Width * image.Height];
        for (int i = 0; i < inside.Length; i++)
        {
            inside[i] = Math.Max(image.Data[3 * i], Math.Max(image.Data[(3 * i) + 1], image.Data[(3 * i) + 2])) >= least;
        }

        return inside.AsSpan().Contains(true) ? new(image.Width, image.Height, inside)
            : throw Fault(path, "the mask is black: no pixel is inside. What is not black counts as inside.");
    }

    private static byte[] Bytes(string path, ImageLimits limits)
    {
        if (Directory.Exists(path))
        {
            throw new InvalidDataException("it is a folder; name a mask image or JSON of polygons.");
        }

        long length = new FileInfo(path).Length;
        return length <= limits.MaximumBytes ? File.ReadAllBytes(path)
            : throw new InvalidDataException($"it has {length} bytes, more than the limit of {limits.MaximumBytes} (ImageLimits.MaximumBytes).");
    }

    private static string Hash(RegionOfInterestOptions o) => TextHash.Of(SettingsJson.Of(new
    {
        o.Unit, o.ImageWidth, o.ImageHeight, Polygons = o.Polygons!.Select(p => new { p.Excluded, p.Points }).ToList(),
    }))[..16];

    private static string Hash(IReadOnlyList<bool> inside) =>
        Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(((bool[])inside).AsSpan())))[..16];

    private static DetectorConfigurationException Fault(string path, string reason) => new([$"Region of interest '{path}': {reason}"]);
}
