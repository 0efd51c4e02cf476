using MfpClip.Data;
using MfpClip.Evaluation.SmallDefects;
using MfpClip.Imaging;

namespace MfpClip.Models.Tiny.Tests;

/// <summary>What tiles are for: on pictures of 12 megapixels they find small defects that the squashed picture has lost.</summary>
public sealed class SmallDefectTests(Xunit.Abstractions.ITestOutputHelper output)
{
    [SkippableFact]
    public void Tiles_find_five_times_as_many_defects_of_8_pixels()
    {
        Skip.IfNot(TinyModel.IsAvailable, "This build carries no weights: see docs/tiny-model.md.");
        using var whole = new ZeroShotDetectorBuilder().UseDefaultModel().Build();
        using var tiles = new ZeroShotDetectorBuilder().UseDefaultModel().WithTiling(new TilingOptions { SmallestDefect = 8 }).Build();
        var study = new SmallDefectStudy(new()
        {
            Categories = ["ceramic", "tile"], Defective = 2, Normal = 0, DefectSizes = [8], DefectsOfEachSize = 12,
        });

        var figures = study.Run([new("whole", whole), new("tiles", tiles)]);

        output.WriteLine(SmallDefectReport.Markdown(figures));
        var (squashed, tiled) = (figures[0].Recall.Sizes.Single(), figures[1].Recall.Sizes.Single());
        Assert.Equal(24, tiled.Count);
        // Where the squashed picture finds none, five times its recall is nothing: one of them is taken as found.
        Assert.True(tiled.Found >= 5 * Math.Max(squashed.Found, 1), $"{tiled.Found} of {tiled.Count} in tiles, {squashed.Found} in the squashed picture");
    }
}
