using System.Globalization;
using MfpClip.Files;
using MfpClip.Imaging;

namespace MfpClip.Detection.Tiling;

/// <summary>What a detector's description says of its tiles.</summary>
internal static class TilingStage
{
    public static StageDescription Of(TilingOptions tiling)
    {
        string defect = tiling.SmallestDefectPixels is { } d ? d.ToString("0.###", CultureInfo.InvariantCulture) : "a patch";
        return new()
        {
            Id = "tiling",
            Implementation = "tiles",
            Settings = Settings(tiling),
            Stage = "tiling",
            Component = tiling.TileSize is { } side ? $"overlapping tiles of {side} pixels" : $"overlapping tiles, for defects from {defect} pixels on",
            Options = new Dictionary<string, string>
            {
                ["tile_size"] = tiling.TileSize?.ToString(CultureInfo.InvariantCulture) ?? "from the smallest defect",
                ["smallest_defect"] = $"{defect}{(tiling.SmallestDefect is null ? string.Empty : " pixels")}",
                ["overlap"] = tiling.Overlap.ToString("0.###", CultureInfo.InvariantCulture),
                ["whole_image"] = tiling.WholeImage.ToString(),
            },
        };
    }

    /// <summary>What of the options moves scores, as JSON.</summary>
    public static string Settings(TilingOptions tiling) => SettingsJson.Of(new
    {
        tiling.TileSize, SmallestDefect = tiling.SmallestDefectPixels, tiling.Overlap, tiling.WholeImage,
    });
}
