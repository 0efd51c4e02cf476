using System.CommandLine;
using MfpClip.Imaging;

namespace MfpClip.Cli;

/// <content>The options about where to look in images.</content>
internal sealed partial class DetectorChoice
{
    private const string Foreground = "foreground", Everywhere = "none";

    private readonly Option<string?> _roi = new("--roi")
    {
        Description = "Where to look in every photo (region of interest): a mask image, where what is not black counts; JSON of polygons, of this program or "
            + "of labelme; or 'foreground', what differs from the colours along the photo's border. none: everywhere, whatever the recipe says.",
    };
    private readonly Option<int?> _roiMargin = new("--roi-margin") { Description = "Pixels around the foreground that count, too. Default 0." };

    /// <summary>The region of interest.</summary>
    public Option Region => _roi;

    /// <summary>Lets the command look at a part of every photo.</summary>
    public void AddRegionTo(Command command)
    {
        command.Options.Add(_roi);
        command.Options.Add(_roiMargin);
        command.Refuse(_roiMargin, r => r.GetValue(_roi) != Foreground, $"has no effect without {_roi.Name} {Foreground}.");
    }

    private ZeroShotDetectorBuilder Look(ParseResult parsed, ZeroShotDetectorBuilder builder) => parsed.GetValue(_roi) switch
    {
        null => builder,
        Everywhere => builder.WithoutRegionOfInterest(),
        Foreground => builder.WithRegionOfInterest(RegionOfInterestOptions.OfForeground(parsed.GetValue(_roiMargin) ?? 0)),
        var file => builder.WithRegionOfInterest(RegionOfInterestOptions.FromFile(file)),
    };
}
