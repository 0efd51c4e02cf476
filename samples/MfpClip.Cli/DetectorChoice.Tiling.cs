using System.CommandLine;
using System.Globalization;
using MfpClip.Imaging;

namespace MfpClip.Cli;

/// <content>The options about large pictures.</content>
internal sealed partial class DetectorChoice
{
    private const string Auto = "auto", Whole = "whole", Millimetres = "mm";

    private readonly Option<string?> _tile = new("--tile")
    {
        Description = "Cut pictures larger than a tile into overlapping tiles, so that small defects keep their pixels: auto, or the side of a tile in pixels. "
            + "whole: no tiles, whatever the recipe says.",
    };
    private readonly Option<string?> _smallestDefect = new("--smallest-defect")
    {
        Description = "Length of the smallest defect that matters, in pixels (8) or with --pixel-size in millimetres (0.4mm): tiles are chosen so that it can "
            + "be seen. Implies --tile auto.",
    };
    private readonly Option<double?> _pixelSize = new("--pixel-size")
    {
        Description = "What a pixel shows, in millimetres: the unit of --smallest-defect 0.4mm.",
    };
    private readonly Option<double?> _overlap = new("--tile-overlap")
    {
        Description = "Fraction of a tile that its neighbour shows too, 0 to 0.5. Default 0.25.",
    };
    private readonly Option<WholeImageJoin?> _tileJoin = new("--tile-join")
    {
        Description = "How a pass over the whole picture joins the tiles, for defects larger than a tile: none (default), maximum or mean.",
    };

    /// <summary>Lets the command cut pictures into tiles.</summary>
    public void AddTilingTo(Command command)
    {
        foreach (Option option in new Option[] { _tile, _smallestDefect, _pixelSize, _overlap, _tileJoin })
        {
            command.Options.Add(option);
        }
    }

    private ZeroShotDetectorBuilder Tile(ParseResult parsed, ZeroShotDetectorBuilder builder)
    {
        var recipe = Recipe(parsed)?.Tiling;
        string? tile = parsed.GetValue(_tile);
        var (defect, overlap, join) = (parsed.GetValue(_smallestDefect), parsed.GetValue(_overlap), parsed.GetValue(_tileJoin));
        if (tile is null && defect is null && recipe is null)
        {
            return overlap is null && join is null && parsed.GetValue(_pixelSize) is null ? builder : throw new ArgumentException(
                $"{(overlap is not null ? _overlap.Name : join is not null ? _tileJoin.Name : _pixelSize.Name)} has no effect without {_tile.Name} or "
                    + $"{_smallestDefect.Name}.");
        }

        if (tile == Whole)
        {
            return defect is null && overlap is null && join is null ? builder.WithoutTiling()
                : throw new ArgumentException($"{_tile.Name} {Whole} cuts nothing into tiles: leave the other options about tiles out.");
        }

        if (tile is null && defect is null && overlap is null && join is null)
        {
            return builder; // the recipe's
        }

        var options = recipe ?? new();
        options = tile is null ? options : options with { TileSize = Side(tile), SmallestDefect = null, MillimetresPerPixel = null };
        options = defect is null ? options
            : Defect(options with { TileSize = tile is null or Auto ? null : options.TileSize }, defect, parsed.GetValue(_pixelSize));
        return builder.WithTiling(options with { Overlap = overlap ?? options.Overlap, WholeImage = join ?? options.WholeImage });
    }

    private int? Side(string tile) => tile == Auto ? null
        : int.TryParse(tile, NumberStyles.None, CultureInfo.InvariantCulture, out int side) ? side
        : throw new ArgumentException($"{_tile.Name} is '{tile}'; it must be {Auto}, {Whole} or the side of a tile in pixels.");

    private TilingOptions Defect(TilingOptions options, string text, double? pixelSize)
    {
        bool metric = text.EndsWith(Millimetres, StringComparison.OrdinalIgnoreCase);
        string number = metric ? text[..^Millimetres.Length] : text;
        return !double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double defect)
            ? throw new ArgumentException($"{_smallestDefect.Name} is '{text}'; it must be a number of pixels, such as 8, or of millimetres, such as 0.4mm.")
            : metric && pixelSize is null ? throw new ArgumentException(
                $"{_smallestDefect.Name} {text} is in millimetres: name the size of a pixel with {_pixelSize.Name}.")
            : !metric && pixelSize is not null ? throw new ArgumentException(
                $"{_pixelSize.Name} has no effect: {_smallestDefect.Name} {text} counts pixels. Write {text}mm, or leave it out.")
            : options with { SmallestDefect = defect, MillimetresPerPixel = metric ? pixelSize : null };
    }
}
