using MfpClip.Imaging;
using MfpClip.Imaging.Regions;

namespace MfpClip;

/// <content>Where to look in an image: the call's region, else the detector's.</content>
public sealed partial class ZeroShotDetector
{
    /// <summary>Whether every image is inspected in a part only.</summary>
    internal bool HasRegion => _settings.Region is not null;

    private (RegionOfInterest? Region, IReadOnlyList<string> Notices) RegionFor(
        string name, int width, int height, DetectionOptions options, Func<RgbImage> small)
    {
        if (options.RegionOfInterest is { } region)
        {
            return region.Width == width && region.Height == height ? (region, []) : throw new DetectionOptionsException(
                nameof(DetectionOptions.RegionOfInterest), $"it is {region.Width} x {region.Height}, but image '{name}' is {width} x {height}.");
        }

        return _settings.Region?.For(name, width, height, small) ?? (null, []);
    }

    // The foreground of an image that comes by rows is found in a small picture of it: it is read once more.
    private RgbImage Overview(ImageInput image, RgbImage? pixels, TilingOptions tiling, CancellationToken cancellationToken)
    {
        if (pixels is not null)
        {
            return ForegroundRegion.Overview(pixels);
        }

        using var rows = ImageReader.OpenRowsOfLarge(image, _settings.Input.Decoder, tiling)!;
        return ForegroundRegion.Overview(rows, cancellationToken);
    }
}
