using MfpClip.References;
using MfpClip.Tests.Detection;

namespace MfpClip.Tests.References;

/// <summary>Names of stored images, and files of them without a detector.</summary>
public sealed class ReferenceFileTests : IDisposable
{
    private static readonly ReferenceOptions Few = new() { TopCells = 4 };

    private readonly string _folder = Directory.CreateTempSubdirectory("mfpclip-").FullName;

    private string File => Path.Combine(_folder, "r.safetensors");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Images_without_a_name_get_one_that_says_which_is_meant()
    {
        using var detector = Detector();
        using var with = detector.WithReferences([Picture(1), Picture(2, 80, 64), ImageInput.FromPixels(Picture(3), "left"), Picture(4)], Few);
        using var more = with.AddReferences([Picture(5), ImageInput.FromPixels(Picture(6), "left")]);

        string[] expected = ["left", "pixels 1 (90 x 60)", "pixels 2 (80 x 64)", "pixels 3 (90 x 60)"];
        Assert.Equal(expected, with.References!.Images.Select(i => i.Name).Order(StringComparer.Ordinal));
        Assert.Equal(["left (2)", "pixels 4 (90 x 60)"], more.References!.Images.Select(i => i.Name).Except(expected).Order(StringComparer.Ordinal));
        Assert.Contains(more.References.Warnings, w => w == "More than one reference is named 'left': this one is stored as 'left (2)'.");

        // One goes by its name, the others stay.
        using var fewer = more.RemoveReferences("pixels 1 (90 x 60)");
        Assert.Equal(5, fewer.References!.Images.Count);
    }

    [Theory]
    [InlineData("MFP-CLIP")]
    [InlineData("WinCLIP")]
    public void Stored_tokens_of_another_width_are_refused_where_they_would_end_the_process(string method)
    {
        using var detector = method == "WinCLIP" ? new ZeroShotDetectorBuilder().UseRandomBackbone(ZeroShotDetectorTests.Config, 3).UseWinClip()
            .WithImageSize(56).Build() : Detector();
        using var with = detector.WithReferences([Named(1), Named(2)]);
        var bank = ((ReferencedPass)with.Pass).Bank;
        ReferenceEntry[] narrow = [.. bank.Entries.Select(e => e with { Tokens = e.Tokens.narrow(1, 0, e.Tokens.shape[1] - 3).contiguous() })];
        ReferenceFileFormat.Save(File, narrow, bank.Options, ReferenceOrigin.Of(detector.Description, ReferencedPass.SchemeOf(detector.Method)));
        using var loaded = detector.WithReferenceFile(File);

        var e = Assert.Throws<ReferenceException>(() => loaded.Detect(Named(3)));
        Assert.Contains("Take them again from the images", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_copy_is_named_with_the_image_that_it_shows()
    {
        using var detector = Detector();
        using var with = detector.WithReferences([ImageInput.FromPixels(Picture(1), "first"), ImageInput.FromPixels(Picture(1), "second")], Few);

        Assert.Equal("first", Assert.Single(with.References!.Images).Name);
        Assert.Contains(with.References.Warnings, w => w == "'second' shows the same pixels as 'first' and was left out.");
    }

    [Fact]
    public void A_file_is_read_and_images_removed_from_it_without_the_detector()
    {
        using var detector = Detector();
        using var with = detector.WithReferences([Named(1), Named(2), Named(3), Named(4)], Few);
        with.SaveReferences(File);

        var content = ReferenceFile.Read(File);
        Assert.Equal(with.References!.Images, content.Summary.Images);
        Assert.Equal(with.References.Tokens, content.Summary.Images.Sum(i => i.Tokens));
        Assert.Equal((with.References.Weight, 56), (content.Summary.Weight, content.ImageSize));
        Assert.Equal((detector.Description.WeightsHash, detector.Description.Method), (content.WeightsHash, content.Method));

        string id = with.References.Images.Single(i => i.Name == "image 4").Id;
        var left = ReferenceFile.Remove(File, ["image 2", id]);
        using var fewer = with.RemoveReferences("image 2", "image 4");
        using var loaded = detector.WithReferenceFile(File);
        Assert.Equal(fewer.References!.Images, left.Summary.Images);
        Assert.Equal(fewer.Detect(Picture(9)).Score, loaded.Detect(Picture(9)).Score, 1e-6f);
    }

    [Fact]
    public void What_cannot_be_removed_leaves_the_file_as_it_was()
    {
        using var detector = Detector();
        using (var with = detector.WithReferences([Named(1), Named(2)], Few))
        {
            with.SaveReferences(File);
        }

        byte[] before = System.IO.File.ReadAllBytes(File);
        Assert.Equal("image 7", Assert.Throws<ReferenceException>(() => ReferenceFile.Remove(File, ["image 1", "image 7"])).Reference);
        var none = Assert.Throws<ReferenceException>(() => ReferenceFile.Remove(File, ["image 1", "image 2"]));
        Assert.Contains("none would be left", none.Message, StringComparison.Ordinal);
        Assert.Equal(before, System.IO.File.ReadAllBytes(File));
        Assert.Equal(File, Assert.Single(Directory.GetFiles(_folder)));

        System.IO.File.WriteAllText(File, "{}");
        Assert.Throws<WeightsException>(() => ReferenceFile.Read(File));
        Assert.Throws<WeightsException>(() => ReferenceFile.Remove(File, ["image 1"]));
        Assert.Equal("{}", System.IO.File.ReadAllText(File));
    }

    [Fact]
    public void The_weight_of_a_file_can_be_set_and_nothing_else()
    {
        using var detector = Detector();
        using var estimated = detector.WithReferences([Named(1), Named(2)], Few);
        using var heavy = detector.WithReferences([Named(1), Named(2)], Few with { Weight = 0.9 });
        estimated.SaveReferences(File);

        using var loaded = detector.WithReferenceFile(File, 0.9);
        using var built = Builder().WithReferenceFile(File, 0.9).Build();
        using var again = ZeroShotDetectorBuilder.From(DetectorRecipe.Parse(loaded.Recipe.ToJson())).Build();

        Assert.All(new[] { loaded, built, again }, d =>
        {
            Assert.Equal(0.9, d.References!.Weight);
            Assert.Equal(heavy.Detect(Picture(9)).Score, d.Detect(Picture(9)).Score, 1e-6f);
        });
        Assert.NotEqual(estimated.Detect(Picture(9)).Score, loaded.Detect(Picture(9)).Score);
        Assert.Throws<DetectorConfigurationException>(() => detector.WithReferenceFile(File, 1.5));
        Faulty(new() { File = File, Options = new() { Weight = 0.5, TopCells = 4 } }, "only the weight can be set");
        Faulty(new() { File = File, Images = ["a.png"] }, "References names File and Images");

        void Faulty(ReferencesRecipe references, string fault)
        {
            var recipe = detector.Recipe with { References = references };
            var error = Assert.Throws<DetectorConfigurationException>(() => ZeroShotDetectorBuilder.From(recipe).Build());
            Assert.Contains(error.Faults, f => f.Contains(fault, StringComparison.Ordinal));
        }
    }

    private static ZeroShotDetectorBuilder Builder() => new ZeroShotDetectorBuilder().UseRandomBackbone(ZeroShotDetectorTests.Config, 3)
        .WithoutImageToTextPrompt().WithoutSelfPrompt().WithImageSize(56);

    private static ZeroShotDetector Detector() => Builder().Build();

    private static RgbImage Picture(int seed, int width = 90, int height = 60) => ZeroShotDetectorTests.Picture(seed, width, height);

    private static ImageInput Named(int seed) => ImageInput.FromPixels(Picture(seed), $"image {seed}");
}
