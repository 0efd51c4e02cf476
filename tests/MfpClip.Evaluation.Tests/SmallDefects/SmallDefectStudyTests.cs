using MfpClip.Evaluation.SmallDefects;
using MfpClip.Imaging;
using MfpClip.Kernels;

namespace MfpClip.Evaluation.Tests.SmallDefects;

public sealed class SmallDefectStudyTests
{
    private static readonly SmallDefectStudyOptions Small = new()
    {
        Pictures = [(480, 320)], Categories = ["tile"], Defective = 2, Normal = 1, DefectSizes = [8, 32], DefectsOfEachSize = 2,
    };

    [Fact]
    public void The_threshold_of_one_product_alone_is_its_own()
    {
        using var whole = Detector(null);

        var figures = Assert.Single(new SmallDefectStudy(Small).Run([new("whole", whole)]));

        Assert.Equal(figures.Recall.Sizes, figures.RecallAtOwnThresholds);
        Assert.All(figures.Recall.Sizes, s => Assert.InRange(s.Count, 1, 4));
    }

    [Fact]
    public void All_detectors_see_the_same_defects_and_tiles_are_counted()
    {
        using var whole = Detector(null);
        using var tiles = Detector(new() { TileSize = 160, Overlap = 0 });
        var study = new SmallDefectStudy(Small with { Categories = ["tile", "wood"] });

        var figures = study.Run([new("whole", whole), new("tiles", tiles), new("references", whole) { WithReferences = true }]);

        Assert.Equal(3, figures.Count);
        foreach (var f in figures)
        {
            Assert.Equal(figures[0].Recall.Sizes.Select(s => (s.Size, s.Count)), f.RecallAtOwnThresholds.Select(s => (s.Size, s.Count)));
            Assert.True(f.Recall.FalseRegions <= 1);
            Assert.Equal(3, f.Recall.Pictures);
        }

        Assert.Equal([1, 3 * 2, 1], figures.Select(f => f.Tiles));
        Assert.NotEqual(figures[0].PixelAuroc, figures[2].PixelAuroc);
        Assert.Contains("| tiles |", SmallDefectReport.Markdown(figures), StringComparison.Ordinal);
        Assert.Contains("a threshold for each product", SmallDefectReport.Markdown(figures), StringComparison.Ordinal);
        Assert.All(SmallDefectReport.Csv(figures).TrimEnd().Split('\n'), l => Assert.Equal(14, l.Split(',').Length));
    }

    private static ZeroShotDetector Detector(TilingOptions? tiling)
    {
        var builder = new ZeroShotDetectorBuilder().UseRandomBackbone(
            new()
            {
                EmbedDim = 16, Activation = MlpActivation.QuickGelu, Vision = new() { ImageSize = 28, PatchSize = 14, Width = 32, Layers = 4, Heads = 2 },
                Text = new() { VocabSize = 49408, Width = 16, Layers = 1, Heads = 2 },
            },
            1).WithImageSize(56).WithoutImageToTextPrompt().WithoutSelfPrompt();
        return (tiling is null ? builder : builder.WithTiling(tiling)).Build();
    }
}
